// Cells written to a file and read again, and files that are not what they say.
#include "gmvae/data/cell_file.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "core/error.h"
#include "temporary_file.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

struct NeverStops : Monitor {};

// Some cells, the second without counts.
struct Cells {
  std::vector<int> start{0, 3, 3, 5, 6};
  std::vector<int> gene{0, 2, 4, 1, 3, 4};
  std::vector<double> value{1, 300, 7, 2, 1e9, 5};

  MatrixSource source() const {
    return MatrixSource(start.data(), gene.data(), value.data(), 5, 4);
  }
};

void write_all(const Cells& cells, Index n_genes, bool counts, const std::string& path) {
  CellFileWriter writer(path, n_genes, counts);
  for (std::size_t j = 0; j + 1 < cells.start.size(); ++j) {
    writer.add_cell(cells.gene.data() + cells.start[j], cells.value.data() + cells.start[j],
                    cells.start[j + 1] - cells.start[j]);
  }
  writer.finish();
}

Entries read(const CellSource& source, const std::vector<Index>& cells) {
  Entries entries;
  Workers alone(1);
  source.read(cells.data(), static_cast<Index>(cells.size()), alone, entries);
  return entries;
}

bool same(const Entries& a, const Entries& b) {
  return a.start == b.start && a.gene == b.gene && a.value == b.value;
}

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::string& path, const std::vector<char>& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

TEST("CellFile reads what was written, in any order, packed and plain") {
  const Cells cells;
  const TemporaryFile file("order");
  // With 2^25 genes a count has too few bits: the entries are plain.
  for (Index n_genes : {Index{5}, Index{20000}, Index{1} << 25}) {
    for (bool counts : {true, false}) {
      write_all(cells, n_genes, counts, file.path);
      const CellFile found(file.path, true);
      CHECK(found.n_cells() == 4 && found.n_genes() == n_genes);
      for (const std::vector<Index>& order :
           {std::vector<Index>{0, 1, 2, 3}, {3, 1, 2, 0, 0}, {2, 3}, {1}, {}}) {
        CHECK(same(read(found, order), read(cells.source(), order)));
      }
    }
  }
  CHECK(!file.exists(".part"));
}

TEST("CellFile keeps negative numbers and fractions, and drops zeros") {
  Cells cells;
  cells.value = {-1.5, 0, 0.1, 1e300, 4, 0};
  const TemporaryFile file("values");
  write_all(cells, 5, false, file.path);
  const Entries entries = read(CellFile(file.path), {0, 1, 2, 3});
  CHECK((entries.value == std::vector<double>{-1.5, 0.1, 1e300, 4}));
  CHECK((entries.start == std::vector<Index>{0, 2, 2, 4, 4}));
}

TEST("CellFile::choose() gives some cells, once and again") {
  const Cells cells;
  const TemporaryFile file("choose");
  write_all(cells, 5, true, file.path);
  CellFile some(file.path);
  some.choose({3, 2, 0});
  some.choose({2, 1});
  CHECK(some.n_cells() == 2);
  CHECK(same(read(some, {0, 1}), read(cells.source(), {0, 2})));
  CHECK_THROWS(some.choose({2}), std::invalid_argument);
}

TEST("write_genes() gives every cell other genes in their order, and sums agree") {
  const Cells cells;
  const TemporaryFile file("genes");
  NeverStops monitor;
  write_genes(cells.source(), {4, 0, -1, 3}, {0, 0, 2, 0}, true, file.path, monitor);
  const CellFile found(file.path, true);
  const Entries entries = read(found, {0, 1, 2, 3});
  CHECK((entries.start == std::vector<Index>{0, 3, 4, 6, 8}));
  CHECK((entries.gene == std::vector<std::int32_t>{0, 1, 2, 2, 2, 3, 0, 2}));
  CHECK((entries.value == std::vector<double>{7, 1, 2, 2, 2, 1e9, 5, 2}));
  CHECK((cell_sums(found, {1, 2, 0, 1}, monitor) == std::vector<double>{9, 0, 1e9, 5}));
  CHECK((gene_sums(found, {1, 1, 2, 3}, monitor) == std::vector<double>{22, 1, 14, 2e9}));
  for (const std::vector<Index>& genes : {std::vector<Index>{3, 3}, {0, 5}}) {
    CHECK_THROWS(write_genes(cells.source(), genes, {0, 0}, true, file.path, monitor),
                 std::invalid_argument);
  }
}

TEST("CellFileWriter leaves no file behind unless it has finished") {
  const TemporaryFile file("unfinished");
  {
    CellFileWriter writer(file.path, 5, true);
    const std::int32_t gene = 1;
    const double value = 2;
    writer.add_cell(&gene, &value, 1);
    CHECK(file.exists(".part"));
  }
  CHECK(!file.exists(".part") && !file.exists());
  CHECK_THROWS(CellFileWriter("no such folder/file", 5, true), FileError);
}

TEST("CellFile refuses files that are cut, changed or foreign") {
  const Cells cells;
  const TemporaryFile file("damaged");
  CHECK_THROWS(CellFile(file.path), FileError);
  write_all(cells, 5, true, file.path);
  const std::vector<char> whole = bytes_of(file.path);
  for (std::size_t n = 0; n < whole.size(); n += 3) {
    write_bytes(file.path, std::vector<char>(whole.begin(), whole.begin() + static_cast<int>(n)));
    CHECK_THROWS(CellFile(file.path), FileError);
  }
  // Any changed byte is found by the checksum or by the checks of the header; without the
  // checksum, what is read is refused or within bounds.
  for (std::size_t n = 0; n < whole.size(); ++n) {
    for (int bit : {0, 7}) {
      std::vector<char> changed = whole;
      changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
      write_bytes(file.path, changed);
      CHECK_THROWS(CellFile(file.path, true), FileError);
      try {
        for (std::int32_t gene : read(CellFile(file.path), {0, 1, 2, 3}).gene) {
          CHECK(gene >= 0 && gene < 5);
        }
      } catch (const FileError&) {
      }
    }
  }
}

TEST("CellFile finds cells beyond 2^31 entries") {
  // The first cell has so many zeros more than it should that the file would be 8.6 GB.  They are a
  // hole in it, which takes no space.
  const std::int64_t more = (std::int64_t{1} << 31) + 5;
  const Cells cells;
  const TemporaryFile file("beyond");
  write_all(cells, 5, true, file.path);
  std::vector<char> whole = bytes_of(file.path);
  const auto add_at = [&](std::size_t at) {
    std::int64_t number = 0;
    std::memcpy(&number, whole.data() + at, sizeof number);
    number += more;
    std::memcpy(whole.data() + at, &number, sizeof number);
  };
  const std::size_t header = 64, n_entries_at = 40, start_at = header + 6 * 4;
  add_at(n_entries_at);
  for (std::size_t cell = 1; cell <= 4; ++cell) add_at(start_at + cell * 8);
  add_at(start_at + 5 * 8);  // the place of the only large count
  {
    std::ofstream out(file.path, std::ios::binary | std::ios::trunc);
    out.write(whole.data(), static_cast<std::streamsize>(header));
    out.seekp(static_cast<std::streamoff>(header) + 4 * more);
    out.write(whole.data() + header, static_cast<std::streamsize>(whole.size() - header));
  }
  CHECK(same(read(CellFile(file.path), {3, 1, 2}), read(cells.source(), {3, 1, 2})));
}

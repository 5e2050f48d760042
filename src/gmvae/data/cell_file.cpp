#include "gmvae/data/cell_file.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>

#include "core/bytes.h"
#include "core/error.h"
#include "core/file_start.h"
#include "gmvae/data/values.h"

namespace gmvae {

namespace {

const FileStart start_of_file = file_start("CEL", 1);
constexpr std::size_t packed_bytes = 4, plain_bytes = 12;
constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
// Fewer bits for a count would make too many of them large.
constexpr unsigned least_count_bits = 8;

struct Header {
  FileStart start;
  std::uint32_t kind, count_bits;
  std::int64_t n_genes, n_cells, n_entries, n_large;
  std::uint64_t checksum;
};
static_assert(sizeof(Header) == 64, "The header has no gaps.");

unsigned count_bits_for(Index n_genes) {
  unsigned gene_bits = 1;
  while ((Index{1} << gene_bits) < n_genes) ++gene_bits;
  return 32 - std::min(gene_bits, 32u);
}

std::size_t entry_bytes(CellFileKind kind) {
  return kind == CellFileKind::packed ? packed_bytes : plain_bytes;
}

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
  throw FileError("The file of cells '" + path + "' can't be used: " + why + ".");
}

std::string in_megabytes(std::int64_t bytes) { return std::to_string(bytes / 1000000 + 1) + " MB"; }

}  // namespace

// Writing ------------------------------------------------------------------------------------

CellFileWriter::CellFileWriter(const std::string& path, Index n_genes, bool counts)
    : path_(path), partial_(path + ".part"),
      file_(partial_, std::ios::binary | std::ios::trunc | std::ios::out), n_genes_(n_genes),
      count_bits_(count_bits_for(n_genes)), checksum_(empty_checksum) {
  kind_ = counts && count_bits_ >= least_count_bits ? CellFileKind::packed : CellFileKind::plain;
  const Header blank{};
  if (!file_) refuse_file(partial_, "it can't be created");
  file_.write(reinterpret_cast<const char*>(&blank), sizeof blank);
}

CellFileWriter::~CellFileWriter() {
  if (!finished_) discard();
}

void CellFileWriter::discard() {
  file_.close();
  std::remove(partial_.c_str());
}

void CellFileWriter::write(const void* bytes, std::size_t n) {
  const char* from = static_cast<const char*>(bytes);
  buffer_.insert(buffer_.end(), from, from + n);
  if (buffer_.size() >= buffer_bytes) flush();
}

void CellFileWriter::flush() {
  checksum_ = add_to_checksum(checksum_, buffer_.data(), buffer_.size());
  file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
  if (file_) return;
  const std::int64_t bytes = start_.back() * static_cast<std::int64_t>(entry_bytes(kind_)) +
                             static_cast<std::int64_t>(start_.size()) * 8;
  discard();
  refuse_file(partial_, "the disk is full or the file can't be written; " + in_megabytes(bytes) +
                            " are needed for its first " + std::to_string(start_.size() - 1) +
                            " cells");
}

void CellFileWriter::add_cell(const std::int32_t* gene, const double* value, Index n) {
  std::int64_t entry = start_.back();
  const std::uint32_t largest = kind_ == CellFileKind::packed
                                    ? (std::uint32_t{1} << count_bits_) - 1
                                    : 0;  // of a packed count: all ones
  for (Index e = 0; e < n; ++e) {
    if (value[e] == 0) continue;
    ensure(gene[e] >= 0 && gene[e] < n_genes_, "Genes must be numbers of rows.");
    if (kind_ == CellFileKind::plain) {
      write(&gene[e], sizeof gene[e]);
      write(&value[e], sizeof value[e]);
    } else {
      const bool fits = value[e] > 0 && value[e] < largest && is_whole(value[e]);
      if (!fits) large_.emplace_back(entry, value[e]);
      const std::uint32_t packed = static_cast<std::uint32_t>(gene[e]) << count_bits_ |
                                   (fits ? static_cast<std::uint32_t>(value[e]) : largest);
      write(&packed, sizeof packed);
    }
    ++entry;
  }
  start_.push_back(entry);
}

void CellFileWriter::finish() {
  write(start_.data(), start_.size() * sizeof start_[0]);
  for (const auto& one : large_) {
    write(&one.first, sizeof one.first);
    write(&one.second, sizeof one.second);
  }
  flush();
  const Header header{start_of_file,
                      static_cast<std::uint32_t>(kind_),
                      count_bits_,
                      n_genes_,
                      static_cast<std::int64_t>(start_.size()) - 1,
                      start_.back(),
                      static_cast<std::int64_t>(large_.size()),
                      checksum_};
  file_.seekp(0);
  file_.write(reinterpret_cast<const char*>(&header), sizeof header);
  file_.close();
  finished_ = true;
  if (!file_ || std::rename(partial_.c_str(), path_.c_str()) != 0) {
    std::remove(partial_.c_str());
    refuse_file(path_, "the disk is full or the file can't be written");
  }
}

// Reading ------------------------------------------------------------------------------------

CellFile::CellFile(const std::string& path, bool verify) : path_(path), file_(path) {
  if (!file_.is_open()) refuse_file(path_, "it can't be opened");
  const std::int64_t size = file_.size();
  Header header{};
  const char* is_no = "it is not a file of cells, or was not finished";
  const std::string fault =
      file_.read(0, &header, sizeof header) ? fault_of(header.start, start_of_file, is_no) : is_no;
  if (!fault.empty()) refuse_file(path_, fault);
  constexpr std::int64_t most = std::int64_t{1} << 48;
  const bool in_range = header.kind <= 1 && header.n_genes >= 1 &&
                        header.n_genes <= std::numeric_limits<std::int32_t>::max() &&
                        header.n_cells >= 0 && header.n_cells < most && header.n_entries >= 0 &&
                        header.n_entries < most && header.n_large >= 0 &&
                        header.n_large <= header.n_entries;
  if (!in_range) refuse_file(path_, "its sizes are out of range");
  kind_ = static_cast<CellFileKind>(header.kind);
  n_genes_ = static_cast<Index>(header.n_genes);
  count_bits_ = header.count_bits;
  if (count_bits_ != count_bits_for(n_genes_)) refuse_file(path_, "its sizes are out of range");
  const std::int64_t tables = (header.n_cells + 1) * 8 + header.n_large * 16;
  const std::int64_t entries = header.n_entries * static_cast<std::int64_t>(entry_bytes(kind_));
  if (size != static_cast<std::int64_t>(sizeof header) + entries + tables) {
    refuse_file(path_, "it has another length than its header says");
  }
  if (verify) {
    std::uint64_t sum = empty_checksum;
    buffer_.resize(buffer_bytes);
    std::int64_t at = sizeof header;
    while (at < size) {
      const std::size_t n = static_cast<std::size_t>(
          std::min<std::int64_t>(size - at, static_cast<std::int64_t>(buffer_bytes)));
      if (!file_.read(at, buffer_.data(), n)) refuse_file(path_, "it can't be read");
      sum = add_to_checksum(sum, buffer_.data(), n);
      at += static_cast<std::int64_t>(n);
    }
    if (sum != header.checksum) refuse_file(path_, "its checksum is wrong");
  }
  const std::int64_t after_entries = static_cast<std::int64_t>(sizeof header) + entries;
  start_.resize(static_cast<std::size_t>(header.n_cells) + 1);
  buffer_.resize(static_cast<std::size_t>(header.n_large) * 16);
  if (!file_.read(after_entries, start_.data(), start_.size() * sizeof start_[0]) ||
      !file_.read(after_entries + (header.n_cells + 1) * 8, buffer_.data(), buffer_.size())) {
    refuse_file(path_, "it can't be read");
  }
  for (std::size_t i = 0; i < buffer_.size(); i += 16) {
    std::pair<std::int64_t, double> one;
    std::memcpy(&one.first, buffer_.data() + i, sizeof one.first);
    std::memcpy(&one.second, buffer_.data() + i + 8, sizeof one.second);
    large_.push_back(one);
  }
  const bool ascending = start_.front() == 0 && start_.back() == header.n_entries &&
                         std::is_sorted(start_.begin(), start_.end()) &&
                         std::is_sorted(large_.begin(), large_.end());
  if (!ascending) refuse_file(path_, "its cells are out of order");
  chosen_.resize(static_cast<std::size_t>(header.n_cells));
  std::iota(chosen_.begin(), chosen_.end(), Index{0});
}

void CellFile::choose(const std::vector<Index>& cells) {
  std::vector<Index> chosen;
  for (Index cell : cells) {
    ensure(cell >= 0 && cell < n_cells(), "Cells must be numbers of columns.");
    chosen.push_back(chosen_[static_cast<std::size_t>(cell)]);
  }
  chosen_.swap(chosen);
}

double CellFile::large_value(std::int64_t entry) const {
  const auto at = std::lower_bound(large_.begin(), large_.end(), entry,
                                   [](const std::pair<std::int64_t, double>& one, std::int64_t e) {
    return one.first < e;
  });
  if (at == large_.end() || at->first != entry) refuse_file(path_, "a large value is missing");
  return at->second;
}

// In bytes.
std::int64_t CellFile::place_of(std::int64_t entry) const {
  return static_cast<std::int64_t>(sizeof(Header)) +
         entry * static_cast<std::int64_t>(entry_bytes(kind_));
}

// Appends entries [from, to).
void CellFile::read_entries(std::int64_t from, std::int64_t to, Entries& entries) const {
  const std::size_t each = entry_bytes(kind_), n = static_cast<std::size_t>(to - from);
  buffer_.resize(n * each);
  if (!file_.read(place_of(from), buffer_.data(), buffer_.size())) {
    refuse_file(path_, "it can't be read");
  }
  const std::uint32_t largest = (std::uint32_t{1} << count_bits_) - 1;
  for (std::size_t e = 0; e < n; ++e) {
    std::int32_t gene = 0;
    double value = 0;
    if (kind_ == CellFileKind::plain) {
      std::memcpy(&gene, buffer_.data() + e * each, sizeof gene);
      std::memcpy(&value, buffer_.data() + e * each + sizeof gene, sizeof value);
    } else {
      std::uint32_t packed = 0;
      std::memcpy(&packed, buffer_.data() + e * each, sizeof packed);
      gene = static_cast<std::int32_t>(packed >> count_bits_);
      const std::uint32_t count = packed & largest;
      value = count == largest ? large_value(from + static_cast<std::int64_t>(e)) : count;
    }
    if (gene < 0 || gene >= n_genes_) refuse_file(path_, "it has a gene that there is not");
    entries.gene.push_back(gene);
    entries.value.push_back(value);
  }
}

void CellFile::read(const Index* cells, Index n, Workers&, Entries& entries) const {
  entries.start.assign(1, 0);
  entries.gene.clear();
  entries.value.clear();
  for (Index j = 0; j < n;) {
    // A run of neighbours is read at once.
    const Index first = chosen_[static_cast<std::size_t>(cells[j])];
    Index last = first;
    while (++j < n && chosen_[static_cast<std::size_t>(cells[j])] == last + 1) ++last;
    const std::int64_t before = static_cast<std::int64_t>(entries.gene.size()) - first_of(first);
    for (Index cell = first; cell <= last; ++cell) {
      entries.start.push_back(static_cast<Index>(first_of(cell + 1) + before));
    }
    read_entries(first_of(first), first_of(last + 1), entries);
  }
}

// Neighbours with small gaps between them are announced at once: most cells of a block are there.
void CellFile::will_read(const Index* cells, Index n) const {
  std::vector<Index> sorted;
  for (Index j = 0; j < n; ++j) sorted.push_back(chosen_[static_cast<std::size_t>(cells[j])]);
  std::sort(sorted.begin(), sorted.end());
  constexpr Index largest_gap = 8;
  for (std::size_t j = 0; j < sorted.size();) {
    const Index first = sorted[j];
    Index last = first;
    while (++j < sorted.size() && sorted[j] <= last + largest_gap) last = sorted[j];
    const std::int64_t from = place_of(first_of(first)), to = place_of(first_of(last + 1));
    file_.will_need(from, to - from);
  }
}

// From one source to another, and sums ------------------------------------------------------

void write_genes(const CellSource& source, const std::vector<Index>& genes,
                 const std::vector<double>& fill, bool counts, const std::string& path,
                 Monitor& monitor) {
  std::vector<std::int32_t> place(static_cast<std::size_t>(source.n_genes()), -1);
  using Entry = std::pair<std::int32_t, double>;
  std::vector<Entry> filled, cell;
  for (std::size_t g = 0; g < genes.size(); ++g) {
    const std::int32_t at = static_cast<std::int32_t>(g);
    if (genes[g] < 0) {
      filled.emplace_back(at, fill[g]);
      continue;
    }
    ensure(genes[g] < source.n_genes(), "Genes must be numbers of rows.");
    std::int32_t& place_of = place[static_cast<std::size_t>(genes[g])];
    ensure(place_of < 0, "Genes must be different rows.");
    place_of = at;
  }
  CellFileWriter writer(path, static_cast<Index>(genes.size()), counts);
  std::vector<std::int32_t> gene;
  std::vector<double> values;
  for_cells_of(
      all_cells(source), source,
      [&](Index, Index n, const std::int32_t* all, const double* value) {
    cell = filled;
    for (Index e = 0; e < n; ++e) {
      const std::int32_t at = place[static_cast<std::size_t>(all[e])];
      if (at >= 0) cell.emplace_back(at, value[e]);
    }
    std::sort(cell.begin(), cell.end());
    gene.clear();
    values.clear();
    for (const Entry& one : cell) {
      gene.push_back(one.first);
      values.push_back(one.second);
    }
    writer.add_cell(gene.data(), values.data(), static_cast<Index>(gene.size()));
      },
      &monitor);
  writer.finish();
}

std::vector<double> cell_sums(const CellSource& source, const std::vector<double>& weight,
                              Monitor& monitor) {
  std::vector<double> sums(static_cast<std::size_t>(source.n_cells()));
  for_non_zeros(
      source, nullptr, false,
      [&](Index cell, std::size_t g, double value) {
    sums[static_cast<std::size_t>(cell)] += weight[g] * value;
      },
      &monitor);
  return sums;
}

std::vector<double> gene_sums(const CellSource& source, const std::vector<double>& weight,
                              Monitor& monitor) {
  std::vector<double> sums(static_cast<std::size_t>(source.n_genes()));
  for_non_zeros(
      source, nullptr, false,
      [&](Index cell, std::size_t g, double value) {
    sums[g] += weight[static_cast<std::size_t>(cell)] * value;
      },
      &monitor);
  return sums;
}

}  // namespace gmvae

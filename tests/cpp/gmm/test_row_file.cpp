// Rows in a file are the same rows, to the last bit of a fit, and damaged files are refused.
#include "gmm/data/row_file.h"

#include <cstdio>
#include <fstream>

#include "gmm/data/columns.h"
#include "gmm/data/smallest_step.h"
#include "gmm/groups.h"
#include "gmm/task.h"
#include "temporary_file.h"
#include "testing.h"

using namespace gmvae;
using testing::Groups;
using testing::missing;
using testing::Task;
using testing::TemporaryFile;
using testing::three_groups;

namespace {

// The columns of x as rows of a file, in blocks of so many; room for more rows than there are.
void write_all(const Eigen::MatrixXd& x, Index block, const RowFacts& facts,
               const std::string& path) {
  RowFileWriter writer(path, x.cols() + 10, x.rows());
  for (Index i = 0; i < x.cols(); i += block) {
    const Eigen::MatrixXd rows = x.middleCols(i, std::min(block, x.cols() - i)).transpose();
    writer.add(rows.data(), rows.rows());
  }
  writer.finish();
  write_facts(path, facts);
}

}  // namespace

TEST("RowFile has the rows, weights and labels that were written") {
  const TemporaryFile file("round_trip");
  Groups groups = three_groups(501, 3);
  groups.x(1, 7) = missing;
  std::vector<double> weights(501, 0.5);
  std::vector<int> labels(501, -1);
  labels[3] = 2;
  for (int with = 0; with < 4; ++with) {
    RowFacts facts;
    if (with % 2 == 1) facts.weights = weights.data();
    if (with / 2 == 1) facts.labels = labels.data();
    write_all(groups.x, 100, facts, file.path);
    const RowFile found(file.path);
    const Source source = found.source();
    CHECK(source.n == 501 && source.d == 3);
    bool same = true;
    for (Index i = 0; i < 501; ++i) {
      for (Index j = 0; j < 3; ++j) {
        same = same && (source(i, j) == groups.x(j, i) || (i == 7 && j == 1));
      }
    }
    CHECK(same && std::isnan(source(7, 1)));
    CHECK((found.facts().weights != nullptr) == (with % 2 == 1));
    CHECK((found.facts().labels != nullptr) == (with / 2 == 1));
    if (with % 2 == 1) CHECK(found.facts().weights[500] == 0.5);
    if (with / 2 == 1) CHECK(found.facts().labels[3] == 2 && found.facts().labels[500] == -1);
    found.used(Index{1} << 24);  // gives all pages back: they come again
    CHECK(source(500, 2) == groups.x(2, 500));
    CHECK(scan_columns(source).n_missing[1] == 1.0);
  }
}

TEST("fits of rows in a file have the bits of those in memory") {
  const TemporaryFile file("fit");
  constexpr Index n = 500;
  for (const Family& family : families) {
    Task task(three_groups(n, 3));
    task.data.x(0, 11) = missing;
    task.data.x.col(40).tail(2).setConstant(missing);
    task.options.noise.on = true;
    task.options.noise.share = 0.02;
    task.options.noise.density = missing;
    task.weights.assign(n, 1.5);
    task.weights[77] = 0.0;
    task.labels.assign(n, -1);
    task.labels[5] = 1;
    const CandidateFit expected = task.fit(family.code, 3);
    RowFacts facts;
    facts.weights = task.weights.data();
    facts.labels = task.labels.data();
    write_all(task.data.x, 77, facts, file.path);
    const RowFile rows(file.path);
    Workers workers(2);
    Monitor monitor;
    const Observations data(rows.source(), rows.facts(), workers);
    const CandidateFit found =
        search(data, {{&family, 3}}, task.options, workers, monitor).candidates[0];
    CHECK(found.history == expected.history && found.starts == expected.starts);
    CHECK(found.entropy == expected.entropy);
    CHECK(found.mixture.means == expected.mixture.means);
  }
}

TEST("RowFileWriter leaves no file behind unless it has finished") {
  const TemporaryFile file("unfinished");
  const double row[] = {1, 2};
  {
    RowFileWriter writer(file.path, 5, 2);
    writer.add(row, 1);
    CHECK(file.exists(".part"));
    CHECK_THROWS(writer.add(row, 5), std::invalid_argument);
  }
  CHECK(!file.exists(".part") && !file.exists());
  CHECK_THROWS(RowFileWriter("no such folder/file", 5, 1), FileError);
  RowFileWriter empty(file.path, 5, 2);
  CHECK_THROWS(empty.finish(), std::invalid_argument);
}

TEST("RowFile refuses files that are cut or foreign, and sizes out of range") {
  const TemporaryFile file("damaged");
  CHECK_THROWS(RowFile(file.path), FileError);
  write_all(three_groups(20, 2).x, 7, RowFacts{}, file.path);
  std::vector<char> whole;
  {
    std::ifstream in(file.path, std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const auto refused = [&](const std::vector<char>& bytes) {
    std::ofstream(file.path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    try {
      RowFile rows(file.path);
      return false;
    } catch (const FileError&) {
      return true;
    }
  };
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    CHECK(refused(std::vector<char>(whole.begin(), whole.begin() + static_cast<int>(n))));
  }
  // n is the fourth number of eight bytes; only a number of rows that there is room for passes.
  for (std::size_t n = 0; n < 48; ++n) {
    for (int bit : {0, 7}) {
      std::vector<char> changed = whole;
      changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
      const bool fewer_rows = n == 16 && bit == 0;
      CHECK(refused(changed) != fewer_rows);
    }
  }
}

TEST("smallest_step() finds the same, however few values it keeps") {
  RngStream rng(3, testing::purpose);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(std::floor(1e6 * rng.normal()) / 64.0);
  const auto for_values = [&](auto&& fn) {
    for (const double x : values) fn(x);
  };
  const double expected = smallest_step(for_values, 1e-13);
  CHECK(expected == 1.0 / 64.0);
  for (const Index most : {2, 3, 10, 100, 2999, 3000, 3001}) {
    CHECK(smallest_step(for_values, 1e-13, most) == expected);
  }
  const double coarse = smallest_step(for_values, 1e-6);
  CHECK(coarse > expected && smallest_step(for_values, 1e-6, 16) == coarse);
  values.assign(9, 4.0);
  CHECK(std::isinf(smallest_step(for_values, 1e-13)));
}

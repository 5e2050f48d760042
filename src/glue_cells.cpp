#include "glue_cells.h"

#include <Rcpp.h>

#include <filesystem>
#include <limits>
#include <system_error>

#include "core/error.h"
#include "glue_monitor.h"
#include "gmvae/data/gene_scores.h"
#include "gmvae/data/values.h"
#include "gmvae/select/find_batches.h"
#include "gmvae/select/split_half.h"

using namespace gmvae;

namespace {

using Writer = Rcpp::XPtr<CellFileWriter>;

// Row numbers of R, from 1; NA is no row.
std::vector<Index> from_one(const Rcpp::IntegerVector& numbers) {
  std::vector<Index> out;
  for (int number : numbers) out.push_back(number == NA_INTEGER ? -1 : Index{number} - 1);
  return out;
}

}  // namespace

// A file that cells are added to; finish it, or it vanishes with the pointer.
// [[Rcpp::export(rng = false)]]
SEXP cpp_cell_file_create(std::string path, double n_genes, bool counts) {
  if (!(n_genes >= 1 && n_genes <= std::numeric_limits<int>::max())) {
    refuse("n_genes", "be from 1 to 2147483647");
  }
  return Writer(new CellFileWriter(path, static_cast<Index>(n_genes), counts));
}

// counts: a dgCMatrix of genes x some cells, or another file of cells, all of which are added.
// [[Rcpp::export(rng = false)]]
void cpp_cell_file_add(SEXP writer, SEXP counts) {
  Writer file(writer);
  const GivenCells cells(counts);
  RMonitor monitor(R_NilValue);
  for_cells_of(
      all_cells(cells.source()), cells.source(),
      [&](Index, Index n, const std::int32_t* gene, const double* value) {
    file->add_cell(gene, value, n);
      },
      &monitor);
}

// [[Rcpp::export(rng = false)]]
void cpp_cell_file_finish(SEXP writer) { Writer(writer)->finish(); }

// cells: numbers from 1 of those wanted, or NULL for all.
// [[Rcpp::export(rng = false)]]
SEXP cpp_cell_file_open(std::string path, SEXP cells, bool verify) {
  auto file = std::make_unique<CellFile>(path, verify);
  if (!Rf_isNull(cells)) file->choose(from_one(Rcpp::IntegerVector(cells)));
  SEXP pointer = PROTECT(R_MakeExternalPtr(file.release(), cell_file_tag(), R_NilValue));
  R_RegisterCFinalizerEx(pointer, delete_pointee<CellFile>, TRUE);
  UNPROTECT(1);
  return pointer;
}

// genes: the numbers from 1 of those that the new file has, in its order; NA for one that the
// cells lack, where every cell gets its value of `fill`.
// [[Rcpp::export(rng = false)]]
void cpp_cell_file_genes(SEXP cells, Rcpp::IntegerVector genes, Rcpp::NumericVector fill,
                         std::string path) {
  const CellFile& file = cell_file_of(cells);
  RMonitor monitor(R_NilValue);
  check_length(fill.size(), genes.size(), "fill");
  write_genes(file, from_one(genes), std::vector<double>(fill.begin(), fill.end()),
              file.holds_counts(), path, monitor);
}

// weight: one for each gene.
// [[Rcpp::export(rng = false)]]
SEXP cpp_cell_sums(SEXP cells, Rcpp::NumericVector weight) {
  const CellFile& file = cell_file_of(cells);
  check_length(weight.size(), file.n_genes(), "weight");
  RMonitor monitor(R_NilValue);
  const std::vector<double> sums =
      cell_sums(file, std::vector<double>(weight.begin(), weight.end()), monitor);
  return made_by_r([&] { return r_numbers(sums); });
}

// weight: one for each cell.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gene_sums(SEXP cells, Rcpp::NumericVector weight) {
  const CellFile& file = cell_file_of(cells);
  check_length(weight.size(), file.n_cells(), "weight");
  RMonitor monitor(R_NilValue);
  const std::vector<double> sums =
      gene_sums(file, std::vector<double>(weight.begin(), weight.end()), monitor);
  return made_by_r([&] { return r_numbers(sums); });
}

// The slots of a dgCMatrix: i, p and x.
// [[Rcpp::export(rng = false)]]
SEXP cpp_cells_in_memory(SEXP cells) {
  const CellFile& file = cell_file_of(cells);
  const std::vector<Index> all = all_cells(file);
  Workers alone(1);
  Entries entries;
  file.read(all.data(), static_cast<Index>(all.size()), alone, entries);
  ensure(entries.start.back() <= std::numeric_limits<int>::max(),
         "The cells must have at most 2147483647 non-zero values.");
  return made_by_r([&] {
    return NamedList()
        .add("i", r_counts_of(entries.gene, [](std::int32_t g) { return Index{g}; }))
        .add("p", r_counts_of(entries.start, [](Index start) { return start; }))
        .add("x", entries.value)
        .list();
  });
}

// Free on the disk of this folder; NA where the system does not say.
// [[Rcpp::export(rng = false)]]
double cpp_free_bytes(std::string folder) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  return error ? NA_REAL : static_cast<double>(space.available);
}

// What is wrong with the slots of a compressed sparse matrix with so many rows, or "".
// [[Rcpp::export(rng = false)]]
std::string cpp_compressed_fault(Rcpp::IntegerVector p, Rcpp::IntegerVector i, double n_rows) {
  return fault_of({p.begin(), p.size(), i.begin(), i.size(), static_cast<Index>(n_rows)});
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_value_traits(Rcpp::S4 counts) {
  const SparseCounts matrix(counts);
  const ValueTraits traits = value_traits(matrix.values().begin(), matrix.values().size());
  return made_by_r([&] {
    return NamedList()
        .add("least", r_number(traits.least))
        .add("largest", r_number(traits.largest))
        .add("finite", r_flag(traits.finite))
        .add("whole", r_flag(traits.whole))
        .add("has_zero", r_flag(traits.has_zero))
        .list();
  });
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_feature_moments(SEXP counts, Rcpp::NumericVector size, bool log) {
  const GivenCells cells(counts);
  check_length(size.size(), cells.source().n_cells(), "size");
  RMonitor monitor(R_NilValue);
  const FeatureMoments moments = feature_moments(cells.source(), size.begin(), log, &monitor);
  return made_by_r([&] {
    return NamedList()
        .add("mean", moments.mean)
        .add("variance", moments.variance)
        .add("n_cells", moments.n_cells)
        .list();
  });
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_feature_deviance(SEXP counts, Rcpp::NumericVector total) {
  const GivenCells cells(counts);
  check_length(total.size(), cells.source().n_cells(), "total");
  RMonitor monitor(R_NilValue);
  const std::vector<double> deviance = feature_deviance(cells.source(), total.begin(), &monitor);
  return made_by_r([&] { return r_numbers(deviance); });
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_find_batches(SEXP counts, Rcpp::NumericVector size, double n_threads) {
  const GivenCells cells(counts);
  check_length(size.size(), cells.source().n_cells(), "size");
  RMonitor monitor(R_NilValue);
  const std::vector<bool> second = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return find_batches(cells.source(), size.begin(), workers, monitor);
  }();
  return made_by_r([&] { return r_flags_of(second, [](bool one) { return one; }); });
}

// group: of each cell, from 1.
// [[Rcpp::export(rng = false)]]
SEXP cpp_split_half_reliability(SEXP counts, Rcpp::NumericVector size, Rcpp::IntegerVector group) {
  const GivenCells cells(counts);
  const Index n = cells.source().n_cells();
  check_length(size.size(), n, "size");
  check_length(group.size(), n, "group");
  std::vector<int> from_zero;
  for (int one : group) {
    if (one < 1 || one > n) refuse("group", "be from 1 to the number of cells");
    from_zero.push_back(one - 1);
  }
  RMonitor monitor(R_NilValue);
  const SplitHalf found = split_half_reliability(cells.source(), size.begin(), from_zero, monitor);
  return made_by_r([&] {
    return NamedList()
        .add("overall", r_numbers(&found.overall, 1))
        .add("components", found.components)
        .list();
  });
}

// Cells in a flat file of our own: a source as large as the disk.
//
// The file holds, in the byte order of the machine that wrote it:
//   header   see cell_file.cpp: what the file is, its sizes and a checksum
//   entries  cell by cell, genes ascending.  Packed, an entry takes 4 bytes: the number of its gene
//            above its count; a count that the bits left don't hold is stored as all ones, and
//            its value among the large ones.  Plain, it takes 12: the gene and a double.
//   start    n_cells + 1 numbers of entries: those of cell j are start[j], ..., start[j + 1] - 1
//   large    pairs (number of an entry, value), ascending
// It is only ever read as numbers, and every number is checked before it is used.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/positioned_file.h"
#include "gmvae/data/compressed.h"
#include "gmvae/data/source.h"

namespace gmvae {

enum class CellFileKind : std::uint32_t { packed = 0, plain = 1 };

using LargeValues = std::vector<std::pair<std::int64_t, double>>;

// Writes a file cell by cell; until finish() it has another name, and a writer that is destroyed
// before leaves no file.
class CellFileWriter {
 public:
  // counts: all values will be whole numbers of at least 0.
  CellFileWriter(const std::string& path, Index n_genes, bool counts);
  ~CellFileWriter();
  CellFileWriter(const CellFileWriter&) = delete;
  CellFileWriter& operator=(const CellFileWriter&) = delete;

  // The entries of one cell, genes ascending; zeros are left out.
  void add_cell(const std::int32_t* gene, const double* value, Index n);
  void finish();

 private:
  void write(const void* bytes, std::size_t n);
  void flush();
  void discard();

  std::string path_, partial_;
  std::ofstream file_;
  Index n_genes_;
  CellFileKind kind_;
  unsigned count_bits_;
  std::vector<char> buffer_;
  std::vector<std::int64_t> start_{0};
  LargeValues large_;
  std::uint64_t checksum_;
  bool finished_ = false;
};

// Reads cells of such a file, or of chosen ones in the order given.
class CellFile : public CellSource {
 public:
  // verify: reads the whole file once and compares its checksum.
  explicit CellFile(const std::string& path, bool verify = false);

  // The cells with these numbers, from 0, in place of those that this source has now.
  void choose(const std::vector<Index>& cells);

  bool holds_counts() const { return kind_ == CellFileKind::packed; }
  Index n_cells() const override { return static_cast<Index>(chosen_.size()); }
  Index n_genes() const override { return n_genes_; }
  void read(const Index* cells, Index n, Workers& workers, Entries& entries) const override;
  void will_read(const Index* cells, Index n) const override;

 private:
  std::int64_t first_of(Index cell) const { return start_[static_cast<std::size_t>(cell)]; }
  std::int64_t place_of(std::int64_t entry) const;
  void read_entries(std::int64_t from, std::int64_t to, Entries& entries) const;
  double large_value(std::int64_t entry) const;

  std::string path_;
  PositionedFile file_;
  mutable std::vector<char> buffer_;
  Index n_genes_ = 0;
  CellFileKind kind_ = CellFileKind::packed;
  unsigned count_bits_ = 0;
  std::vector<std::int64_t> start_;
  LargeValues large_;
  std::vector<Index> chosen_;  // cells of the file
};

// Writes a file with other genes of all cells of a source: number g is its genes[g], from 0.  Where
// that is negative the source has no such gene, and the value of every cell is fill[g].
void write_genes(const CellSource& source, const std::vector<Index>& genes,
                 const std::vector<double>& fill, bool counts, const std::string& path,
                 Monitor& monitor);

// sum_g weight[g] x[g] of each cell; weight: G.
std::vector<double> cell_sums(const CellSource& source, const std::vector<double>& weight,
                              Monitor& monitor);

// sum_i weight[i] x[i] of each gene; weight: n.
std::vector<double> gene_sums(const CellSource& source, const std::vector<double>& weight,
                              Monitor& monitor);

}  // namespace gmvae

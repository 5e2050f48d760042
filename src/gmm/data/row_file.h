// Rows in a flat file of our own: a source as large as the disk.
//
// The file holds, in the byte order of the machine that wrote it:
//   header   see row_file.cpp: what the file is, its sizes, and whether all is there
//   values   column by column, doubles; a column has room for `capacity` rows
//   weights  n doubles, or none
//   labels   n 32-bit numbers, or none
// The file is mapped, not read: a Source points into it.  The operating system brings pages in when
// they are looked at, and this class gives them back, so that few are in memory at once.  Where
// there are no such maps (Windows) the file is read into memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "gmm/data/observations.h"
#include "gmm/data/source.h"

namespace gmvae {

// Writes a file block by block; until finish() it has another name, and a writer that is destroyed
// before leaves no file.
class RowFileWriter {
 public:
  // Room for so many rows.
  RowFileWriter(const std::string& path, Index capacity, Index d);
  ~RowFileWriter();
  RowFileWriter(const RowFileWriter&) = delete;
  RowFileWriter& operator=(const RowFileWriter&) = delete;

  // n more rows, column-major.
  void add(const double* values, Index n);
  Index n_rows() const { return n_; }

  void finish();

 private:
  void write(std::int64_t at, const void* bytes, std::size_t n);
  void discard();

  std::string path_, partial_;
  std::ofstream file_;
  Index capacity_, d_, n_ = 0;
  bool finished_ = false;
};

// Weights and labels for the rows of a finished file, as in RowFacts.  Who reads them must have
// opened the file after that.
void write_facts(const std::string& path, const RowFacts& facts);

class RowFile : public Pages {
 public:
  explicit RowFile(const std::string& path);
  ~RowFile() override;
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  Source source() const;
  RowFacts facts() const;

  // Gives memory back once so many values were read.
  void used(Index n_values) const override;

 private:
  void map(std::size_t size);
  const char* at(std::int64_t place) const { return bytes_ + place; }

  std::string path_;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::vector<double> memory_;  // where there are no maps
  Index capacity_ = 0, n_ = 0, d_ = 0;
  bool has_weights_ = false, has_labels_ = false;
  mutable std::atomic<Index> n_used_{0};
};

}  // namespace gmvae

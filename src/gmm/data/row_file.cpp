#include "gmm/data/row_file.h"

#include <cmath>
#include <cstdio>

#include "core/file_start.h"

#if !defined(_WIN32) && !defined(GMVAE_NO_MAPS)
#define GMVAE_MAPS
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace gmvae {

namespace {

const FileStart start_of_file = file_start("ROW", 1);
constexpr std::int64_t values_at = 4096;            // a page: columns begin where doubles may
constexpr Index values_in_memory = Index{1} << 23;  // 64 MB, before pages are given back

struct Header {
  FileStart start;
  std::int64_t n, d, capacity;
  std::uint32_t has_weights, has_labels;
};
static_assert(sizeof(Header) == 48, "The header has no gaps.");

std::int64_t weights_at(Index capacity, Index d) {
  return values_at + std::int64_t{8} * capacity * d;
}

std::int64_t labels_at(const Header& header) {
  return weights_at(header.capacity, header.d) + (header.has_weights ? 8 * header.n : 0);
}

std::int64_t end_of(const Header& header) {
  return labels_at(header) + (header.has_labels ? 4 * header.n : 0);
}

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
  throw FileError("The file of rows '" + path + "' can't be used: " + why + ".");
}

}  // namespace

// Writing ------------------------------------------------------------------------------------

RowFileWriter::RowFileWriter(const std::string& path, Index capacity, Index d)
    : path_(path), partial_(path + ".part"),
      file_(partial_, std::ios::binary | std::ios::trunc | std::ios::out), capacity_(capacity),
      d_(d) {
  ensure(capacity >= 1 && d >= 1, "Rows must have columns, and there must be some.");
  if (!file_) refuse_file(partial_, "it can't be created");
}

RowFileWriter::~RowFileWriter() {
  if (!finished_) discard();
}

void RowFileWriter::discard() {
  file_.close();
  std::remove(partial_.c_str());
}

void RowFileWriter::write(std::int64_t at, const void* bytes, std::size_t n) {
  file_.seekp(static_cast<std::streamoff>(at));
  file_.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(n));
  file_.flush();
  if (file_) return;
  discard();
  const std::int64_t needed = weights_at(capacity_, d_) + std::int64_t{12} * capacity_;
  refuse_file(partial_, "the disk is full or the file can't be written; at most " +
                            std::to_string(needed / 1000000 + 1) + " MB are needed for " +
                            std::to_string(capacity_) + " rows");
}

void RowFileWriter::add(const double* values, Index n) {
  ensure(n >= 0 && n_ + n <= capacity_, "The file must have room for the rows.");
  for (Index j = 0; j < d_ && n > 0; ++j) {
    write(values_at + 8 * (j * capacity_ + n_), values + j * n, static_cast<std::size_t>(8 * n));
  }
  n_ += n;
}

void RowFileWriter::finish() {
  ensure(n_ >= 1, "The file must have rows.");
  const Header header{start_of_file, n_, d_, capacity_, 0, 0};
  // The last column has room for rows that did not come.
  if (n_ < capacity_) write(end_of(header) - 1, "", 1);
  write(0, &header, sizeof header);
  file_.close();
  finished_ = true;
  if (!file_ || std::rename(partial_.c_str(), path_.c_str()) != 0) {
    std::remove(partial_.c_str());
    refuse_file(path_, "the disk is full or the file can't be written");
  }
}

void write_facts(const std::string& path, const RowFacts& facts) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  Header header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file) refuse_file(path, "it can't be opened for writing");
  header.has_weights = facts.weights != nullptr;
  header.has_labels = facts.labels != nullptr;
  const auto write = [&](std::int64_t at, const void* bytes, std::int64_t n) {
    file.seekp(static_cast<std::streamoff>(at));
    file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(n));
  };
  if (header.has_weights) write(weights_at(header.capacity, header.d), facts.weights, 8 * header.n);
  if (header.has_labels) write(labels_at(header), facts.labels, 4 * header.n);
  write(0, &header, sizeof header);
  file.close();
  if (!file) refuse_file(path, "the disk is full or the file can't be written");
}

// Reading ------------------------------------------------------------------------------------

RowFile::RowFile(const std::string& path) : path_(path) {
  std::ifstream file(path, std::ios::binary | std::ios::in);
  if (!file) refuse_file(path_, "it can't be opened");
  file.seekg(0, std::ios::end);
  const std::int64_t size = static_cast<std::int64_t>(file.tellg());
  Header header{};
  file.seekg(0);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const char* is_no = "it is not a file of rows, or was not finished";
  const std::string fault = file ? fault_of(header.start, start_of_file, is_no) : is_no;
  if (!fault.empty()) refuse_file(path_, fault);
  constexpr std::int64_t most = std::int64_t{1} << 40;
  const bool in_range = header.d >= 1 && header.n >= 1 && header.n <= header.capacity &&
                        header.capacity < most && header.d < most / header.capacity &&
                        header.has_weights <= 1 && header.has_labels <= 1;
  if (!in_range) refuse_file(path_, "its sizes are out of range");
  if (size != end_of(header)) refuse_file(path_, "it has another length than its header says");
  n_ = static_cast<Index>(header.n);
  d_ = static_cast<Index>(header.d);
  capacity_ = static_cast<Index>(header.capacity);
  has_weights_ = header.has_weights == 1;
  has_labels_ = header.has_labels == 1;
  map(static_cast<std::size_t>(size));
}

#ifdef GMVAE_MAPS

void RowFile::map(std::size_t size) {
  const int file = open(path_.c_str(), O_RDONLY);
  if (file < 0) refuse_file(path_, "it can't be opened");
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (bytes == MAP_FAILED) refuse_file(path_, "it can't be mapped into memory");
  bytes_ = static_cast<const char*>(bytes);
  size_ = size;
}

RowFile::~RowFile() {
  if (bytes_ != nullptr) munmap(const_cast<char*>(bytes_), size_);
}

// Pages that others look at just now come back by themselves.
void RowFile::used(Index n_values) const {
  if (n_used_.fetch_add(n_values) + n_values < values_in_memory) return;
  n_used_ = 0;
  madvise(const_cast<char*>(bytes_), size_, MADV_DONTNEED);
}

#else

void RowFile::map(std::size_t size) {
  memory_.resize((size + sizeof(double) - 1) / sizeof(double));
  std::ifstream file(path_, std::ios::binary | std::ios::in);
  file.read(reinterpret_cast<char*>(memory_.data()), static_cast<std::streamsize>(size));
  if (!file) refuse_file(path_, "it can't be read");
  bytes_ = reinterpret_cast<const char*>(memory_.data());
  size_ = size;
}

RowFile::~RowFile() = default;

void RowFile::used(Index) const {}

#endif

Source RowFile::source() const {
  return {reinterpret_cast<const double*>(at(values_at)), n_, d_, 1, capacity_, this};
}

RowFacts RowFile::facts() const {
  RowFacts facts;
  const std::int64_t weights = weights_at(capacity_, d_);
  if (has_weights_) facts.weights = reinterpret_cast<const double*>(at(weights));
  if (has_labels_) {
    facts.labels = reinterpret_cast<const int*>(at(weights + (has_weights_ ? 8 * n_ : 0)));
  }
  return facts;
}

}  // namespace gmvae

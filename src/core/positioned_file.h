// A file that is read at places, by several threads or after a fork, too.
#pragma once

#include <cstdint>
#include <string>

namespace gmvae {

class PositionedFile {
 public:
  // Where the file can't be opened, is_open() is false.
  explicit PositionedFile(const std::string& path);
  ~PositionedFile();
  PositionedFile(const PositionedFile&) = delete;
  PositionedFile& operator=(const PositionedFile&) = delete;

  bool is_open() const;
  std::int64_t size() const { return size_; }

  // False unless all n bytes were read.
  bool read(std::int64_t from, void* to, std::size_t n) const;

  // The system may read these bytes ahead, while the caller does something else.
  void will_need(std::int64_t from, std::int64_t n) const;

 private:
#ifdef _WIN32
  void* file_ = nullptr;  // FILE*
#else
  int file_ = -1;
#endif
  std::int64_t size_ = 0;
};

}  // namespace gmvae

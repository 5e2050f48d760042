#include "core/positioned_file.h"

#ifdef _WIN32
#include <cstdio>
#else
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace gmvae {

#ifdef _WIN32

PositionedFile::PositionedFile(const std::string& path) : file_(std::fopen(path.c_str(), "rb")) {
  std::FILE* file = static_cast<std::FILE*>(file_);
  if (file && _fseeki64(file, 0, SEEK_END) == 0) size_ = _ftelli64(file);
}

PositionedFile::~PositionedFile() {
  if (file_) std::fclose(static_cast<std::FILE*>(file_));
}

bool PositionedFile::is_open() const { return file_ != nullptr; }

bool PositionedFile::read(std::int64_t from, void* to, std::size_t n) const {
  std::FILE* file = static_cast<std::FILE*>(file_);
  return _fseeki64(file, from, SEEK_SET) == 0 && std::fread(to, 1, n, file) == n;
}

#else

PositionedFile::PositionedFile(const std::string& path)
    : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ >= 0) size_ = static_cast<std::int64_t>(lseek(file_, 0, SEEK_END));
}

PositionedFile::~PositionedFile() {
  if (file_ >= 0) close(file_);
}

bool PositionedFile::is_open() const { return file_ >= 0; }

bool PositionedFile::read(std::int64_t from, void* to, std::size_t n) const {
  char* at = static_cast<char*>(to);
  while (n > 0) {
    const ssize_t got = pread(file_, at, n, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    from += got;
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

#endif

void PositionedFile::will_need(std::int64_t from, std::int64_t n) const {
#ifdef POSIX_FADV_WILLNEED
  (void)posix_fadvise(file_, static_cast<off_t>(from), static_cast<off_t>(n), POSIX_FADV_WILLNEED);
#else
  (void)from;
  (void)n;
#endif
}

}  // namespace gmvae

// Numbers as bytes, in the byte order of this machine, and back: what files of our own hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.h"
#include "core/types.h"

namespace gmvae {

// FNV-1a (Fowler, Noll & Vo) over four bytes at a time.
constexpr std::uint64_t empty_checksum = 14695981039346656037u;

inline std::uint64_t add_to_checksum(std::uint64_t sum, const void* bytes, std::size_t n) {
  const char* at = static_cast<const char*>(bytes);
  for (std::size_t i = 0; i < n; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at + i, std::min<std::size_t>(4, n - i));
    sum = (sum ^ word) * 1099511628211u;
  }
  return sum;
}

class ByteWriter {
 public:
  template <typename T>
  void put(const T& value) {
    static_assert(std::is_arithmetic_v<T>, "Structs may have gaps.");
    append(&value, sizeof value);
  }
  template <typename T>
  void put_all(const T* values, std::size_t n) {
    put(static_cast<std::int64_t>(n));
    append(values, n * sizeof(T));
  }
  void put(const std::string& text) { put_all(text.data(), text.size()); }
  template <typename T>
  void put(const std::vector<T>& values) {
    put_all(values.data(), values.size());
  }
  void put(const ByteWriter& other) { append(other.bytes_.data(), other.bytes_.size()); }

  const std::vector<char>& bytes() const { return bytes_; }

 private:
  void append(const void* from, std::size_t n) {
    if (n == 0) return;  // there may be no address
    const std::size_t size = bytes_.size();
    bytes_.resize(size + n);
    std::memcpy(bytes_.data() + size, from, n);
  }

  std::vector<char> bytes_;
};

// Reads in the order of writing; throws FileError where the bytes end too soon.
class ByteReader {
 public:
  explicit ByteReader(std::vector<char> bytes) : bytes_(std::move(bytes)) {}

  template <typename T>
  T get() {
    static_assert(std::is_arithmetic_v<T>, "Structs may have gaps.");
    T value;
    std::memcpy(&value, next(sizeof value), sizeof value);
    return value;
  }
  template <typename T>
  std::vector<T> get_all() {
    const std::int64_t n = get<std::int64_t>();
    if (n < 0 || n > left() / static_cast<std::int64_t>(sizeof(T))) end_too_soon();
    std::vector<T> values(static_cast<std::size_t>(n));
    const std::size_t n_bytes = values.size() * sizeof(T);
    if (n_bytes > 0) std::memcpy(values.data(), next(n_bytes), n_bytes);
    return values;
  }
  std::string get_text() {
    const std::vector<char> text = get_all<char>();
    return {text.begin(), text.end()};
  }
  bool at_end() const { return left() == 0; }

 private:
  [[noreturn]] static void end_too_soon() { throw FileError("A file has too few bytes."); }
  std::int64_t left() const { return static_cast<std::int64_t>(bytes_.size() - at_); }
  const char* next(std::size_t n) {
    if (static_cast<std::int64_t>(n) > left()) end_too_soon();
    at_ += n;
    return bytes_.data() + (at_ - n);
  }

  std::vector<char> bytes_;
  std::size_t at_ = 0;
};

}  // namespace gmvae

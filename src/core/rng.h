// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, SC'11,
// <doi:10.1145/2063384.2063405>).  A stream is named by what it is for, so a draw depends on
// neither the order of the work nor the number of threads.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/numeric.h"
#include "core/types.h"

namespace gmvae {

// Each use of randomness has a number of its own, named where it is used; streams of different
// purposes never meet.  tests/testthat/test-structure.R looks that no number is given twice.
enum class Purpose : std::uint32_t {};

inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// One stream of a family: (seed, purpose, epoch, item), the item being a cell, a start, a sample.
class RngStream {
 public:
  RngStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch = 0, std::uint64_t item = 0)
      : key_{static_cast<std::uint32_t>(seed),
             static_cast<std::uint32_t>(seed >> 32) ^
                 (static_cast<std::uint32_t>(purpose) * 0x85EBCA6Bu)},
        counter_{0, epoch, static_cast<std::uint32_t>(item),
                 static_cast<std::uint32_t>(item >> 32)} {}

  std::uint32_t bits() {
    if (used_ == 4) {
      block_ = philox(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }

  // Uniform on the open interval (0, 1), 53 bits.
  double uniform() {
    const std::uint64_t high = bits() >> 5, low = bits() >> 6;
    return (static_cast<double>(high) * 67108864.0 + static_cast<double>(low) + 0.5) /
           9007199254740992.0;
  }

  // Uniform on 0, ..., n - 1, for n below 2^32; the bias is below n / 2^64.
  Index below(Index n) { return static_cast<Index>(uniform() * static_cast<double>(n)); }

  // Standard normal (Box & Muller 1958); <random>'s differs from library to library.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * pi * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

  // A random permutation of `items` in place (Fisher & Yates).
  template <typename Vector>
  void shuffle(Vector& items) {
    for (Index i = static_cast<Index>(items.size()) - 1; i > 0; --i) {
      std::swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(below(i + 1))]);
    }
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace gmvae

// Fast kernels beside their plain reference, for each instruction set of this processor: odd
// lengths, unaligned starts, and both precisions.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradient.h"
#include "simd/kernels.h"
#include "testing.h"

namespace testing {

using gmvae::Kernels;
using gmvae::Target;

constexpr Target targets[] = {Target::baseline, Target::avx2, Target::avx512};
constexpr std::size_t lengths[] = {0, 1, 3, 7, 8, 9, 15, 16, 17, 33, 1003};

template <typename T>
double tolerance() {
  return sizeof(T) == 4 ? 5e-7 : 5e-16;
}

// fn(fast, plain) for each instruction set, in single and in double precision.
template <typename Fn>
void for_each_target(Fn&& fn) {
  for (Target target : targets) {
    if (!gmvae::kernels_for<float>(target)) continue;  // not on this processor
    fn(*gmvae::kernels_for<float>(target), *gmvae::kernels_for<float>(Target::reference));
    fn(*gmvae::kernels_for<double>(target), *gmvae::kernels_for<double>(Target::reference));
  }
}

// n numbers one element behind an aligned start.
template <typename T>
struct Unaligned {
  std::vector<T> all;
  explicit Unaligned(const std::vector<double>& x) : all(1) {
    all.insert(all.end(), x.begin(), x.end());
  }
  T* data() { return all.data() + 1; }
};

// Each of n pairs within `slack`, relative to a value in `unit` where there is one.
template <typename T>
void check_near(Unaligned<T>& values, Unaligned<T>& expected, std::size_t n, double slack,
                const std::vector<double>& unit = {}) {
  for (std::size_t i = 0; i < n; ++i) {
    const double allowed = slack * (1 + (unit.empty() ? 0 : std::abs(unit[i])));
    CHECK_NEAR(values.data()[i], expected.data()[i], allowed);
  }
}

// The same where numbers have cancelled: the error is absolute, whatever the value.
template <typename T>
void check_absolute(Unaligned<T>& values, Unaligned<T>& expected, std::size_t n, double slack,
                    const std::vector<double>& unit) {
  for (std::size_t i = 0; i < n; ++i) {
    const double error = static_cast<double>(values.data()[i] - expected.data()[i]);
    CHECK(std::abs(error) <= slack * (1 + std::abs(unit[i])));
  }
}

// Positive numbers of all sizes.
inline std::vector<double> exponentials(std::size_t n, std::uint64_t seed, double sd) {
  std::vector<double> x = normals(n, seed, sd);
  for (double& value : x) value = std::exp(value);
  return x;
}

// A column-major block one element behind an aligned start, `padding` after each column and -7 in
// all that is no entry.
template <typename T>
struct Block {
  static constexpr std::ptrdiff_t padding = 3;
  std::ptrdiff_t rows, cols, ld;
  Unaligned<T> all;

  Block(std::ptrdiff_t n, std::ptrdiff_t d, std::uint64_t seed)
      : rows(n), cols(d), ld(n + padding),
        all(std::vector<double>(static_cast<std::size_t>(ld * d), -7)) {
    const auto draws = normals(static_cast<std::size_t>(n * d), seed);
    for (std::ptrdiff_t i = 0; i < n * d; ++i) {
      (*this)(i % n, i / n) = static_cast<T>(draws[static_cast<std::size_t>(i)]);
    }
  }
  T* data() { return all.data(); }
  T& operator()(std::ptrdiff_t i, std::ptrdiff_t j) { return data()[i + j * ld]; }

  // Entries near those of `expected`, and the padding as it was.
  void check(Block& expected, double tolerance) {
    for (std::ptrdiff_t i = 0; i < ld * cols; ++i) {
      const double value = static_cast<double>(data()[i]);
      const double plain = static_cast<double>(expected.data()[i]);
      if (i % ld < rows) {
        CHECK_NEAR(value, plain, tolerance);
      } else {
        CHECK(value == -7);
      }
    }
  }
};

template <typename Fn>
void for_each_block(Fn&& fn) {
  for (std::ptrdiff_t rows : {1, 7, 24, 100, 256}) {
    for (std::ptrdiff_t d : {1, 2, 3, 4, 5, 8, 10, 13, 50}) fn(rows, d);
  }
}

}  // namespace testing

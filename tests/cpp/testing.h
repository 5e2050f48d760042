// A test runner of a hundred lines, so that the core's tests need nothing but a compiler.
//
//   TEST("log_sum_exp() does not overflow") {
//     CHECK(std::isfinite(y));
//     CHECK_NEAR(y, 1000.0 + std::log(2.0), 1e-12);     // |a - b| <= tol * max(1, |b|)
//     CHECK_THROWS(cholesky(x), gmvae::NumericalError);
//   }
//
// A STATISTICAL_TEST() asks how often or how well something is found, with thousands of cells in
// code that has other tests as well.  Sanitizers, which would take minutes for it, leave it out.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "core/rng.h"

namespace testing {

constexpr gmvae::Purpose purpose{99};  // of the tests' random numbers

struct Test {
  const char* file;
  std::string name;
  std::function<void()> body;
  bool statistical;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

// What went wrong in the test that is running.
inline std::vector<std::string>& failures() {
  static std::vector<std::string> all;
  return all;
}

struct Register {
  Register(const char* file, const char* name, void (*body)(), bool statistical) {
    tests().push_back({file, name, body, statistical});
  }
};

inline void fail(const char* file, int line, const std::string& what) {
  failures().push_back(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

inline void check_near(double a, double b, double tolerance, const char* expression,
                       const char* file, int line) {
  if (a == b) return;  // infinities of one sign
  if (std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b))) return;
  std::ostringstream what;
  what.precision(17);
  what << expression << ": " << a << " is not " << b << " within " << tolerance;
  fail(file, line, what.str());
}

}  // namespace testing

#define TESTING_JOIN_(a, b) a##b
#define TESTING_JOIN(a, b) TESTING_JOIN_(a, b)

#define TESTING_REGISTER_(name, statistical)                                                       \
  static void TESTING_JOIN(test_, __LINE__)();                                                     \
  static const testing::Register TESTING_JOIN(register_, __LINE__)(                                \
      __FILE__, name, &TESTING_JOIN(test_, __LINE__), statistical);                                \
  static void TESTING_JOIN(test_, __LINE__)()

#define TEST(name) TESTING_REGISTER_(name, false)
#define STATISTICAL_TEST(name) TESTING_REGISTER_(name, true)

#define CHECK(...)                                                                                 \
  do {                                                                                             \
    if (!(__VA_ARGS__)) testing::fail(__FILE__, __LINE__, "not true: " #__VA_ARGS__);              \
  } while (false)

#define CHECK_NEAR(a, b, tolerance)                                                                \
  testing::check_near(static_cast<double>(a), static_cast<double>(b), tolerance, #a " ~ " #b,      \
                      __FILE__, __LINE__)

#define CHECK_THROWS(expression, Type)                                                             \
  do {                                                                                             \
    bool thrown = false;                                                                           \
    try {                                                                                          \
      static_cast<void>(expression);                                                               \
    } catch (const Type&) {                                                                        \
      thrown = true;                                                                               \
    }                                                                                              \
    if (!thrown) testing::fail(__FILE__, __LINE__, #expression " did not throw " #Type);           \
  } while (false)

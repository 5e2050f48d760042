// Runs every test, or those whose file or name contains one of the arguments; names those that take
// more than ten seconds, and ends with "N passed, N failed".
#include "testing.h"

#include <chrono>
#include <cstdio>
#include <exception>

namespace {

bool wanted(const testing::Test& test, int n_words, char** words) {
  if (testing::sanitized && test.statistical) return false;
  if (n_words == 0) return true;
  return std::any_of(words, words + n_words, [&](const char* word) {
    return (std::string(test.file) + " " + test.name).find(word) != std::string::npos;
  });
}

bool passes(const testing::Test& test) {
  testing::failures().clear();
  const auto began = std::chrono::steady_clock::now();
  try {
    test.body();
  } catch (const std::exception& error) {
    testing::fail(test.file, 0, std::string("threw \"") + error.what() + "\"");
  } catch (...) {
    testing::fail(test.file, 0, "threw something that is no std::exception");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (took.count() > 10) std::printf("%.0f s: %s\n", took.count(), test.name.c_str());
  if (testing::failures().empty()) return true;
  std::printf("FAILED: %s\n", test.name.c_str());
  for (const std::string& what : testing::failures()) std::printf("  %s\n", what.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  int passed = 0, failed = 0;
  for (const testing::Test& test : testing::tests()) {
    if (wanted(test, argc - 1, argv + 1)) ++(passes(test) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

// A file in the system's folder for temporary files, removed at the end of a test. Its name is
// drawn, as several builds of the tests may run at once.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

namespace testing {

struct TemporaryFile {
  const std::string path;

  explicit TemporaryFile(const std::string& name)
      : path((std::filesystem::temp_directory_path() /
              ("gmvae-test-" + std::to_string(std::random_device{}()) + "-" + name))
                 .string()) {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool exists(const std::string& suffix = "") const { return std::ifstream(path + suffix).good(); }
};

}  // namespace testing

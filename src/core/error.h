// What the core throws: std::invalid_argument for input that can't be used, NumericalError for
// a computation that broke down, FileError for a file that can't be written or is not what it
// should be.  All carry a sentence that a user can act on.
#pragma once

#include <stdexcept>
#include <string>

namespace gmvae {

struct NumericalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void ensure(bool holds, const std::string& what_must_hold) {
  if (!holds) throw std::invalid_argument(what_must_hold);
}

}  // namespace gmvae

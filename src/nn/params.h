// All parameters of the networks are one flat vector; the layout says which slice is whose.
#pragma once

#include <string>
#include <vector>

#include "core/types.h"

namespace gmvae {

struct ParamSlice {
  std::string name;
  Index rows, cols;  // column-major
  Index offset;
};

class ParamLayout {
 public:
  Index add(const std::string& name, Index rows, Index cols = 1) {
    const Index offset = size_;
    if (rows * cols > 0) slices_.push_back({name, rows, cols, offset});
    size_ += rows * cols;
    return offset;
  }
  Index size() const { return size_; }
  const std::vector<ParamSlice>& slices() const { return slices_; }

 private:
  std::vector<ParamSlice> slices_;
  Index size_ = 0;
};

}  // namespace gmvae

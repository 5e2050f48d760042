#include "gmvae/data/compressed.h"

#include <vector>

#include "testing.h"

using namespace gmvae;

namespace {

std::string fault(const std::vector<int>& p, const std::vector<int>& i, Index n_rows) {
  return fault_of(
      {p.data(), static_cast<Index>(p.size()), i.data(), static_cast<Index>(i.size()), n_rows});
}

bool names(const std::string& fault, const std::string& part) {
  return fault.find(part) != std::string::npos;
}

}  // namespace

TEST("fault_of(): a valid matrix has none, also without entries or columns") {
  CHECK(fault({0, 2, 2, 3}, {0, 3, 2}, 4).empty());
  CHECK(fault({0, 0, 0}, {}, 4).empty());
  CHECK(fault({0}, {}, 0).empty());
}

TEST("fault_of(): every slot that would be read outside of is named") {
  CHECK(names(fault({}, {}, 4), "begin with 0"));
  CHECK(names(fault({1, 2}, {0, 1}, 4), "begin with 0"));
  CHECK(names(fault({0, 2, 1, 3}, {0, 3, 2}, 4), "decrease, and it does after column 1"));
  CHECK(names(fault({0, 2, 4}, {0, 3, 2}, 4), "entries, 3, and it ends with 4"));
  CHECK(names(fault({0, 2, 2}, {0, 3, 2}, 4), "ends with 2"));
  CHECK(names(fault({0, 2, 3}, {0, 4, 2}, 4), "from 0 to 3, and number 2 is 4"));
  CHECK(names(fault({0, 2, 3}, {0, 3, -1}, 4), "number 3 is -1"));
  CHECK(names(fault({0, 2, 3}, {0, -2147483647 - 1, 1}, 4), "number 2"));
  CHECK(names(fault({0, 2, 3}, {3, 3, 1}, 4), "twice in a column, and it does in column 1"));
  CHECK(fault({0, 2, 3}, {3, 0, 1}, 4) == unsorted_rows);
}

// Is a compressed sparse matrix one?  Everything that reads it trusts these slots.
#pragma once

#include <cstdint>
#include <string>

#include "core/types.h"

namespace gmvae {

// The slots of R's dgCMatrix, named as there: the entries of column j are p[j], ..., p[j + 1] - 1.
struct CompressedSlots {
  const int* p;  // n_p, that is one more than there are columns
  Index n_p;
  const int* i;  // n_i: rows, from 0
  Index n_i;
  Index n_rows;
};

constexpr const char* unsorted_rows = "Slot `i` must ascend within each column";

// In words, or "" if nothing is wrong.  Memory outside of the slots is never read.
inline std::string fault_of(const CompressedSlots& slots) {
  const int* p = slots.p;
  if (slots.n_p < 1 || p[0] != 0) return "Slot `p` must begin with 0";
  for (Index j = 1; j < slots.n_p; ++j) {
    if (p[j] < p[j - 1]) {
      return "Slot `p` must not decrease, and it does after column " + std::to_string(j - 1);
    }
  }
  if (p[slots.n_p - 1] != slots.n_i) {
    return "Slot `p` must end with the number of entries, " + std::to_string(slots.n_i) +
           ", and it ends with " + std::to_string(p[slots.n_p - 1]);
  }
  bool in_range = true, sorted = true;
  for (Index e = 0; e < slots.n_i; ++e) {
    in_range = in_range && slots.i[e] >= 0 && slots.i[e] < slots.n_rows;
  }
  for (Index e = 0; !in_range; ++e) {
    if (slots.i[e] >= 0 && slots.i[e] < slots.n_rows) continue;
    return "Slot `i` must hold numbers from 0 to " + std::to_string(slots.n_rows - 1) +
           ", and number " + std::to_string(e + 1) + " is " + std::to_string(slots.i[e]);
  }
  for (Index j = 1; j < slots.n_p; ++j) {
    for (Index e = p[j - 1] + 1; e < p[j]; ++e) {
      if (slots.i[e] == slots.i[e - 1]) {
        return "Slot `i` must not hold a number twice in a column, and it does in column " +
               std::to_string(j);
      }
      sorted = sorted && slots.i[e] > slots.i[e - 1];
    }
  }
  return sorted ? "" : unsorted_rows;
}

}  // namespace gmvae

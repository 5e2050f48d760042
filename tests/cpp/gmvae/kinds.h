// Simulated cells of several kinds in several batches.
#pragma once

#include <cmath>
#include <vector>

#include "core/rng.h"
#include "gmvae/data/source.h"
#include "testing.h"

namespace testing {

using namespace gmvae;

// Cells of several kinds, a block of marker genes each, in batches that are `shift` higher or lower
// (natural log) in every gene.  Cell i is of kind i % n_kinds.
struct Cells {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  std::vector<int> kind, batch;
  Index n_genes = 120;

  Cells(Index n, int n_kinds, int n_batches, double shift, double marker = 1.5) {
    RngStream rng(31, testing::purpose);
    std::vector<double> level, sign;
    for (Index g = 0; g < n_genes; ++g) {
      level.push_back(20 * std::exp(0.3 * rng.normal()));
      for (int b = 0; b < n_batches; ++b) sign.push_back(b == 0 ? 0 : rng.normal());
    }
    for (Index i = 0; i < n; ++i) {
      kind.push_back(static_cast<int>(i) % n_kinds);
      batch.push_back(static_cast<int>(i) / n_kinds % n_batches);
      for (Index g = 0; g < n_genes; ++g) {
        const bool marks = g / 12 == kind.back();
        const double log_rate =
            std::log(level[static_cast<std::size_t>(g)]) + (marks ? marker : 0) +
            shift * sign[static_cast<std::size_t>(g * n_batches + batch.back())];
        // Nearly a Poisson count.
        const double rate = std::exp(log_rate);
        const double x = std::round(rate + std::sqrt(rate) * rng.normal());
        if (x <= 0) continue;
        gene.push_back(static_cast<int>(g));
        count.push_back(x);
      }
      start.push_back(static_cast<int>(gene.size()));
      size.push_back(1);
    }
  }
  Index n() const { return static_cast<Index>(kind.size()); }
  MatrixSource source() const { return {start.data(), gene.data(), count.data(), n_genes, n()}; }
};

}  // namespace testing

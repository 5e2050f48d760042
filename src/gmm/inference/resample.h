// Data like those of a fit: the same rows in other numbers, or new ones from the mixture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/em/mixture.h"

namespace gmvae {

// A row of weight w stands for w rows, W in all.
//   nonparametric  round(W) rows drawn with replacement (Efron 1979, <doi:10.1214/aos/1176344552>)
//   weighted       weights from a Dirichlet distribution with parameters w, times W (O'Hagan,
//                  Murphy, Scrucca & Gormley 2019, <doi:10.1007/s00180-019-00897-9>; Rubin 1981,
//                  <doi:10.1214/aos/1176345338>)
//   jackknife      one row less: the i-th sample is without (one unit of) the i-th row
//   parametric     round(W) rows drawn from the mixture, with the gaps and labels of the rows
//                  (without weights of the same rows, else of rows drawn by weight)
enum class Resampling { nonparametric, weighted, jackknife, parametric };

Resampling find_resampling(const std::string& name);

// Data that hold their own values: the source's where `values` is empty.
struct Resample {
  Source source;
  std::vector<double> values;
  std::vector<double> weights;  // empty: 1
  std::vector<int> labels;      // empty: none

  RowFacts facts() const;
};

// What samples are drawn from.
struct Population {
  Source source;
  RowFacts facts;
  const Mixture* mixture;

  // The sample number `item` under a seed, whatever others are drawn.
  Resample draw(Resampling kind, std::uint64_t seed, Index item) const;
};

}  // namespace gmvae

// Data like those of a fit: the same rows in other numbers, or new ones from the mixture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/eigen.h"
#include "core/rng.h"
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

// Draws of 0, ..., n - 1 with probabilities in proportion to weights.
class Categorical {
 public:
  explicit Categorical(const std::vector<double>& weights);

  double total() const { return sums_.back(); }
  Index draw(RngStream& rng) const;

 private:
  Index last() const { return static_cast<Index>(sums_.size()) - 1; }

  std::vector<double> sums_;
  bool all_one_;
};

// Data that hold their own values: the source's where `values` is empty.
struct Resample {
  Source source;
  std::vector<double> values;
  std::vector<double> weights;       // empty: 1
  std::vector<int> labels;           // of new rows; empty: ...
  const int* same_labels = nullptr;  // ... those of the source, or none

  RowFacts facts() const;
};

// What samples are drawn from, with what all draws share.
class Population {
 public:
  // All three must outlive the population.
  Population(const Source& source, const RowFacts& facts, const Mixture& mixture);

  const Source& source() const { return source_; }
  const RowFacts& facts() const { return facts_; }
  const Mixture& mixture() const { return mixture_; }

  // The sample number `item` under a seed, whatever others are drawn.
  Resample draw(Resampling kind, std::uint64_t seed, Index item) const;

 private:
  Resample draw_rows(RngStream& rng) const;
  Resample draw_weights(RngStream& rng) const;
  Resample leave_out(Index row) const;
  Resample draw_from_mixture(RngStream& rng) const;
  Resample with_weights(std::vector<double> weights) const;

  const Source source_;
  const RowFacts facts_;
  const Mixture& mixture_;
  std::vector<double> weights_;         // n
  Categorical rows_;                    // by weight
  Index n_drawn_;                       // rows of a sample
  Categorical components_;              // the last: noise
  std::vector<Eigen::MatrixXd> roots_;  // Cholesky's; empty where there is none
  Eigen::VectorXd low_;                 // d: where the box of noise begins
};

}  // namespace gmvae

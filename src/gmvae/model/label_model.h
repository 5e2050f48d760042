// What a known class says about the component of a cell.  Components 0, ..., n_classes - 1 are the
// classes, others are free.  With probability `noise` a label was drawn at random from all classes,
//   p(y | c) = (1 - noise) [y = c] + noise / n_classes
// so that wrong labels cost little, and cells of free components may have been given a label.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/types.h"

namespace gmvae {

struct LabelModel {
  Index n_classes = 0;  // 0: no labels
  double noise = 0.1;   // to begin with
  double weight = 0;    // of the cross-entropy of a labelled cell, beside its ELBO
  double count = 1;     // of a labelled cell in the mixture's moments, see labelled_count()

  bool knows(int label) const { return label >= 0 && n_classes > 0; }
  double right() const { return 1 - noise + wrong(); }
  double wrong() const { return noise / static_cast<double>(n_classes); }
  double probability(Index component, int label) const {
    return component == label ? right() : wrong();
  }
  // That a label was drawn at random, where its own component has responsibility gamma.
  double random(double gamma) const { return 1 - gamma * (1 - noise) / right(); }
};

// How often a labelled cell counts in the means and covariances of the mixture.  A Gaussian mixture
// describes few kinds of cells well, and EM moves its components to where it describes most cells,
// not to where the classes are, if the cells without a label are many (Nigam et al. 2000,
// <doi:10.1023/A:1007692713085>, section 5.3, which gives these less weight).  So labelled cells
// count as much as the others together, but at most ten times, as some labels may be wrong.
inline double labelled_count(double n_labelled, double n_others) {
  return std::min(std::max(n_others / std::max(n_labelled, 1.0), 1.0), 10.0);
}

// Of labelled cells, what the noise is estimated from.
struct LabelCounts {
  double n = 0, random = 0;

  void add(const LabelModel& model, double gamma) {
    n += 1;
    random += model.random(gamma);
  }
  void divide(double by) {
    n /= by;
    random /= by;
  }
  void blend(const LabelCounts& other, double damping) {
    n += damping * (other.n - n);
    random += damping * (other.random - random);
  }
  // MAP: ten more labels, one of them random.
  double noise(double n_cells) const { return (n_cells * random + 1) / (n_cells * n + 10); }
};

}  // namespace gmvae

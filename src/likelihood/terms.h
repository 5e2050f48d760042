// What every likelihood gives for one count of one feature.  A log-probability is split as
//   log p(x) = at_zero + excess(x),   excess(0) = 0,
// so that a sparse cell costs one cheap vector pass over all features and the expensive functions
// at its non-zeros only.
//
// Coordinates: `mean` is the mean mu > 0 where the likelihood has a softmax decoder, and the
// decoder's output itself otherwise; d_mean is the derivative with respect to log mu or to that
// output.  `scale` > 0 is a parameter per feature; d_scale is with respect to its logarithm.
// `zero_inflation` is a logit, d_zero_inflation the derivative with respect to it.
#pragma once

#include "core/numeric.h"
#include "core/types.h"
#include "simd/kernels.h"

namespace gmvae {

template <typename T>
struct Terms {
  T log_prob = 0, d_mean = 0, d_scale = 0, d_zero_inflation = 0;
};

template <typename T>
Terms<T> operator-(const Terms<T>& a, const Terms<T>& b) {
  return {a.log_prob - b.log_prob, a.d_mean - b.d_mean, a.d_scale - b.d_scale,
          a.d_zero_inflation - b.d_zero_inflation};
}

template <typename T>
Terms<T> operator+(const Terms<T>& a, const Terms<T>& b) {
  return {a.log_prob + b.log_prob, a.d_mean + b.d_mean, a.d_scale + b.d_scale,
          a.d_zero_inflation + b.d_zero_inflation};
}

// The smallest mean there is: keeps log(mu) finite where a softmax has underflowed.
constexpr double smallest_mean = 1e-20;

// A run of n features of one cell, all taken as zeros.
template <typename T>
struct ZeroRun {
  Index n;
  T factor;                 // mean = factor * mean on input (softmax decoders only)
  const T* scale;           // n
  const T* zero_inflation;  // n
  T* mean;                  // n, in and out
  T* d_mean;                // n, overwritten
  T* d_scale;               // n, added to
  T* d_zero_inflation;      // n, overwritten
};

// n values of any features of any cells, beside the parameters they have in the run of zeros.  What
// they add to it, see Terms, is overwritten.
template <typename T>
struct CountRun {
  Index n;
  const T *x, *scale, *zero_inflation, *mean;
  T *log_prob, *d_mean, *d_scale, *d_zero_inflation;
};

// The plain form of zeros(): returns the sum of log p.
template <typename Likelihood, typename T>
T plain_zeros(const ZeroRun<T>& run) {
  T sum = 0;
  for (Index i = 0; i < run.n; ++i) {
    if (Likelihood::softmax) {
      run.mean[i] = std::max(run.mean[i] * run.factor, static_cast<T>(smallest_mean));
    }
    const Terms<T> terms =
        Likelihood::at_zero(run.mean[i], Likelihood::has_scale ? run.scale[i] : T(1),
                            Likelihood::has_zero_inflation ? run.zero_inflation[i] : T(0));
    sum += terms.log_prob;
    run.d_mean[i] = terms.d_mean;
    if (Likelihood::has_scale) run.d_scale[i] += terms.d_scale;
    if (Likelihood::has_zero_inflation) run.d_zero_inflation[i] = terms.d_zero_inflation;
  }
  return sum;
}

// The plain form of counts().
template <typename Likelihood, typename T>
void plain_counts(const CountRun<T>& run) {
  for (Index i = 0; i < run.n; ++i) {
    const Terms<T> terms =
        Likelihood::excess(run.x[i], run.mean[i], Likelihood::has_scale ? run.scale[i] : T(1),
                           Likelihood::has_zero_inflation ? run.zero_inflation[i] : T(0));
    run.log_prob[i] = terms.log_prob;
    run.d_mean[i] = terms.d_mean;
    if (Likelihood::has_scale) run.d_scale[i] = terms.d_scale;
    if (Likelihood::has_zero_inflation) run.d_zero_inflation[i] = terms.d_zero_inflation;
  }
}

}  // namespace gmvae

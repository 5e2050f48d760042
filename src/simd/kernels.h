// The hot loops, on raw pointers, by topic.  reference/<topic>.h defines each of them in plain
// loops; vector/<topic>.inc is the one fast source, compiled once for each instruction set
// (baseline.cpp, avx2.cpp, avx512.cpp); dispatch.cpp picks the widest that the processor has, once.
// To add a kernel:
//   1. state its contract below
//   2. define it in reference/<topic>.h, then write it in vector/<topic>.inc
//   3. name it in table.inc, in the order of `struct Kernels`
//   4. compare the two in tests/cpp/simd/test_<topic>.cpp
// Vectors need no alignment.  Stated errors are against the reference, relative, for float.
#pragma once

#include <cstddef>
#include <cstdint>

// Not on Windows: gcc does not align the stack for wide registers there (gcc bug 54412).
#if defined(__x86_64__) && !defined(_WIN32)
#define GMVAE_X86_TARGETS 1
#else
#define GMVAE_X86_TARGETS 0
#endif

namespace gmvae {

enum class Target { reference, baseline, avx2, avx512 };

template <typename T>
struct Kernels {
  const char* name;

  // ---- Gemm

  // C (m x n, column-major, leading dimension ldc) = A B, or C + A B where `add`.
  // a(i, p) = a[i * row_a + p * col_a] is m x k, b(p, j) = b[p * row_b + j * col_b] is k x n, so
  // transposes cost nothing to write.  Error: that of another order of summation.
  void (*gemm)(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, const T* a,
               std::ptrdiff_t row_a, std::ptrdiff_t col_a, const T* b, std::ptrdiff_t row_b,
               std::ptrdiff_t col_b, T* c, std::ptrdiff_t ldc, bool add);

  // ---- Elementwise

  void (*axpy)(std::ptrdiff_t n, T a, const T* x, T* y);  // y += a x
  T (*dot)(std::ptrdiff_t n, const T* x, const T* y);     // sum x y
  void (*exp)(std::ptrdiff_t n, const T* x, T* y);        // 3e-7 (double 4e-16)
  void (*log)(std::ptrdiff_t n, const T* x, T* y);        // normal x > 0; 3e-7 (4e-16)
  void (*sqrt)(std::ptrdiff_t n, const T* x, T* y);       // 0 or normal; 3e-7 (5e-16), 0 at 0
  T (*max)(std::ptrdiff_t n, const T* x);                 // n >= 1
  T (*sum)(std::ptrdiff_t n, const T* x);
  T (*sum_exp)(std::ptrdiff_t n, const T* x, T shift, T* y);  // y = exp(x - shift); sum y
  void (*scale)(std::ptrdiff_t n, T a, T* x);                 // x *= a

  // ---- Sparse

  // n columns of w, out x ..., each with its value, and a vector y (out):
  //   add_columns      y += sum_e value[e] w[., row[e]]
  //   add_to_columns   w[., row[e]] += value[e] y, for each e in order
  void (*add_columns)(std::ptrdiff_t out, std::ptrdiff_t n, const std::int32_t* row, const T* value,
                      const T* w, T* y);
  void (*add_to_columns)(std::ptrdiff_t out, std::ptrdiff_t n, const std::int32_t* row,
                         const T* value, const T* y, T* w);

  // ---- Layers

  // u = (x - mean(x)) / sd, y = max(0, gain u + shift); returns 1 / sd = 1 / sqrt(var(x) + eps).
  T (*norm_relu)(std::ptrdiff_t n, T eps, const T* gain, const T* shift, const T* x, T* u, T* y);
  // Adds to d_gain and d_shift; overwrites d_x, which may be d_y.
  void (*norm_relu_back)(std::ptrdiff_t n, T inverse_sd, const T* gain, const T* u, const T* y,
                         const T* d_y, T* d_gain, T* d_shift, T* d_x);

  // d = weight (d - share mu): the gradient through a softmax whose means are mu.
  void (*softmax_slope)(std::ptrdiff_t n, T weight, T share, const T* mu, T* d);

  // One pass of Adam (Kingma & Ba 2015, algorithm 1) for minimisation over n parameters;
  // `rate` includes the bias correction sqrt(1 - beta2^t) / (1 - beta1^t), `eps` its epsilon-hat.
  // Leaves the gradient zero, ready for the next step to add to.
  void (*adam)(std::ptrdiff_t n, T* params, T* first, T* second, T* gradient, T rate, T beta1,
               T beta2, T eps);

  // ---- Likelihoods

  // Negative binomial at a zero count for n features of one cell.  On input mu is the mean up to
  // the factor `scale`, on output the mean, at least `floor`:
  //   log p = -theta log(1 + mu / theta).
  // Overwrites d_eta = d log p / d log mu; adds d log p / d log theta to d_log_theta;
  // returns sum log p.
  T(*nb_zeros)
  (std::ptrdiff_t n, T scale, T floor, const T* theta, T* mu, T* d_eta, T* d_log_theta);

  // The same with zero inflation, a the logits of its probability:
  //   log p = softplus(log NB(0) - a) - softplus(-a).
  // Also overwrites d_a = d log p / d a.
  T(*zinb_zeros)
  (std::ptrdiff_t n, T scale, T floor, const T* theta, const T* a, T* mu, T* d_eta, T* d_log_theta,
   T* d_a);

  // Poisson: log p = -mu.
  T (*poisson_zeros)(std::ptrdiff_t n, T scale, T floor, T* mu, T* d_eta);

  // Bernoulli with logits eta: log p = -softplus(eta).  Overwrites d_eta; returns the sum.
  T (*bernoulli_zeros)(std::ptrdiff_t n, const T* eta, T* d_eta);

  // Gaussian with mean eta and variance v: log p = -(log(2 pi v) + eta^2 / v) / 2.
  // Overwrites d_eta; adds d log p / d log v to d_log_v; returns the sum.
  T (*gaussian_zeros)(std::ptrdiff_t n, const T* v, const T* eta, T* d_eta, T* d_log_v);

  // The same likelihoods at n values x, as log p(x) - log p(0) and its derivatives, all
  // overwritten; d_eta is x for Poisson and Bernoulli.  x is a whole number >= 0 but for the
  // Gaussian.  Errors: 2e-6 of the largest term (double 1e-11).
  void (*nb_counts)(std::ptrdiff_t n, const T* x, const T* theta, const T* mu, T* log_prob,
                    T* d_eta, T* d_log_theta);
  void (*zinb_counts)(std::ptrdiff_t n, const T* x, const T* theta, const T* a, const T* mu,
                      T* log_prob, T* d_eta, T* d_log_theta, T* d_a);
  void (*poisson_counts)(std::ptrdiff_t n, const T* x, const T* mu, T* log_prob);
  void (*gaussian_counts)(std::ptrdiff_t n, const T* x, const T* v, const T* eta, T* log_prob,
                          T* d_eta, T* d_log_v);

  // ---- Mixtures

  // They work on blocks of data, rows x d: x(i, j) = x[i + j * ldx] is coordinate j of row i,
  // vectors run along the rows.  Errors: those of another order of summation, of exp and of log.
  // Fastest where rows is a multiple of 24, columns start at multiples of 64 bytes and those of x
  // are not 2^n bytes apart.

  // out[i] = |P x_i - offset|^2, P(j, l) = p[j + l * ldp] lower triangular with zeros stored above
  // its diagonal.  P and offset continue with zeros up to row d rounded up to a multiple of 4.
  void (*whitened_norms)(std::ptrdiff_t rows, std::ptrdiff_t d, const T* x, std::ptrdiff_t ldx,
                         const T* p, std::ptrdiff_t ldp, const T* offset, T* out);

  // out[i] = sum_j precision[j] (x(i, j) - mean[j])^2.
  void (*diagonal_norms)(std::ptrdiff_t rows, std::ptrdiff_t d, const T* x, std::ptrdiff_t ldx,
                         const T* mean, const T* precision, T* out);

  // r (rows x k) holds the logs of weighted densities, finite or -infinity (not in all of a row);
  // log_density[i] becomes log sum_c exp(r(i, c)) and r(i, c) the posterior probability
  // exp(r(i, c) - log_density[i]).  It is exactly 0 where r(i, c) is more than 708 (float: 87)
  // below the row's largest.
  void (*posterior)(std::ptrdiff_t rows, std::ptrdiff_t k, T* r, std::ptrdiff_t ldr,
                    T* log_density);

  // sums[j] += sum_i r[i] (x(i, j) - mean[j]), squares[j] += sum_i r[i] (x(i, j) - mean[j])^2;
  // `squares` may be null.
  void (*add_moments)(std::ptrdiff_t rows, std::ptrdiff_t d, const T* x, std::ptrdiff_t ldx,
                      const T* mean, const T* r, T* sums, T* squares);

  // z(i, j) = root[i] (x(i, j) - mean[j]).
  void (*weighted_deviations)(std::ptrdiff_t rows, std::ptrdiff_t d, const T* x, std::ptrdiff_t ldx,
                              const T* mean, const T* root, T* z, std::ptrdiff_t ldz);

  // s(a, b) += sum_i z(i, a) z(i, b), a >= b; the strict upper triangle of s is left alone.
  void (*add_scatter)(std::ptrdiff_t rows, std::ptrdiff_t d, const T* z, std::ptrdiff_t ldz, T* s,
                      std::ptrdiff_t lds);

  // ---- Unions

  // Of cluster i = 0, ..., n - 1 (mass m_i, mean x_i, scatter W_i) united with another (m, x, W_0):
  //   W = W_i + W_0 + m_i m / (m_i + m) (x_i - x)(x_i - x)'
  //   log_determinant[i] = log |W + ridge I|,  trace[i] = tr W.
  // W_i and W_0 are lower triangles, packed by rows; mass (n), means (n x d) and scatter
  // (n x d (d + 1) / 2) have their columns ld apart.  Pivots below 1e-30 are taken for that.
  // `work` has room for 24 d (d + 5) numbers.
  void (*unions)(std::ptrdiff_t n, std::ptrdiff_t d, const T* mass, const T* means,
                 const T* scatter, std::ptrdiff_t ld, T other_mass, const T* other_mean,
                 const T* other_scatter, T ridge, T* work, T* log_determinant, T* trace);
};

template <typename T>
const Kernels<T>& kernels();  // the widest that this processor runs

// A given version, for tests and benchmarks; nullptr where it can't run here.
template <typename T>
const Kernels<T>* kernels_for(Target target);

}  // namespace gmvae

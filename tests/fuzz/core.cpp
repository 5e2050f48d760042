// Generated problems for the core's entry points, under sanitizers:
//   make -C tests/cpp fuzz [N=1000] [SEED=1]
// EM of every model on tiny and degenerate data; training of every likelihood on sparse blocks,
// then encoding and decoding, also with damaged parameters.  Each must end in finite numbers, or in
// an exception that says why.  A seed names a problem: core SEED 1 runs it alone.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "gmm/search/search.h"
#include "gmvae/data/gene_scores.h"
#include "gmvae/data/values.h"
#include "gmvae/model/decode.h"
#include "gmvae/select/find_batches.h"
#include "gmvae/select/fit.h"

using namespace gmvae;

namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : engine_(seed) {}

  Index whole(Index least, Index most) {
    return std::uniform_int_distribution<Index>(least, most)(engine_);
  }
  double uniform() { return std::uniform_real_distribution<double>()(engine_); }
  double normal() { return std::normal_distribution<double>()(engine_); }
  bool chance(double p) { return uniform() < p; }
  template <typename T>
  T pick(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(whole(0, static_cast<Index>(values.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

bool finite(const double* x, Index n) {
  return std::all_of(x, x + n, [](double value) { return std::isfinite(value); });
}

bool finite(const std::vector<double>& x) { return finite(x.data(), static_cast<Index>(x.size())); }

// Columns that vary, of n values each.
std::vector<double> column(Generator& g, Index n) {
  std::vector<double> x;
  const Index kind = g.whole(0, 6);
  const double unit = g.pick<double>({1.0, 1.0, 1.0, 1e60, 1e-60, 1e6});
  for (Index i = 0; i < n; ++i) {
    const double z = g.normal();
    x.push_back(unit * (kind == 0   ? z + static_cast<double>(5 * (i % 3))
                        : kind == 1 ? std::max(z, 0.5)            // a heap
                        : kind == 2 ? std::round(z)               // few values
                        : kind == 3 ? (i == 0 ? 1e6 : z)          // one far away
                        : kind == 4 ? 1e6 + 1e-6 * z              // a large offset
                        : kind == 5 ? static_cast<double>(i / 2)  // pairs
                                    : z));
  }
  x[0] = x[1] + unit;
  return x;
}

std::string mixture_problem(Generator& g) {
  const Index n = g.whole(2, 50), d = g.whole(1, 6);
  std::vector<double> x;
  for (Index j = 0; j < d; ++j) {
    const std::vector<double> values =
        j > 0 && g.chance(0.15) ? std::vector<double>(x.end() - n, x.end()) : column(g, n);
    x.insert(x.end(), values.begin(), values.end());
  }
  if (g.chance(0.3)) {
    for (double& value : x) {
      if (g.chance(0.1)) value = std::numeric_limits<double>::quiet_NaN();
    }
  }
  std::vector<double> weights;
  std::vector<int> labels, partition;
  const Index k = g.whole(1, std::min<Index>(n, 6));
  for (Index i = 0; i < n; ++i) {
    weights.push_back(g.chance(0.1) ? 0.0 : g.pick<double>({1.0, 0.5, 1e-8, 1e8, 3.0}));
    labels.push_back(g.chance(0.5) ? -1 : static_cast<int>(g.whole(0, k - 1)));
    partition.push_back(static_cast<int>(i % k));
  }
  RowFacts facts;
  if (g.chance(0.25)) facts.weights = weights.data();
  if (g.chance(0.25)) facts.labels = labels.data();
  SearchOptions options;
  options.n_init = g.whole(1, 3);
  options.seed = static_cast<std::uint64_t>(g.whole(0, 1000));
  options.em.max_iter = g.pick<Index>({1, 5, 100});
  options.em.tol = g.pick<double>({0.0, 1e-9, 1e-3});
  options.em.accelerate = g.chance(0.7);
  options.em.equal_weights = g.chance(0.2);
  options.em.ridge = g.pick<double>({0.0, 0.0, 1e-6, 0.1});
  options.em.min_rows = g.pick<double>({0.0, std::numeric_limits<double>::quiet_NaN()});
  options.em.min_eigen_ratio = g.pick<double>({1e-10, 0.0});
  if (g.chance(0.25)) {
    options.em.prior.on = true;
    options.em.prior.shrinkage = g.pick<double>({0.0, 0.01, 10.0});
    options.em.prior.dof = g.pick<double>({std::numeric_limits<double>::quiet_NaN(), 20.0});
  }
  if (g.chance(0.25)) {
    options.noise.on = true;
    options.noise.share = g.pick<double>({0.01, 0.1, 0.5});
    options.noise.density = std::numeric_limits<double>::quiet_NaN();
  }
  if (g.chance(0.2)) {
    options.start.partition = partition.data();
    options.start.n = n;
  }
  std::vector<Candidate> candidates;
  const Index n_families = static_cast<Index>(std::end(families) - std::begin(families));
  const Index n_candidates = g.whole(1, 4);
  for (Index i = 0; i < n_candidates; ++i) {
    // Labels are of components that every candidate has.
    const bool fixed = options.start.n > 0 || facts.labels != nullptr;
    candidates.push_back({&families[g.whole(0, n_families - 1)], fixed ? k : g.whole(1, k)});
  }
  Workers workers(g.whole(1, 3));
  Monitor silent;
  const Observations data({x.data(), n, d, 1, n}, facts, workers);
  bool any = false;
  for (const CandidateFit& fit : search(data, candidates, options, workers, silent).candidates) {
    if (!fit.reason.empty()) continue;
    any = true;
    bool sound = std::isfinite(fit.loglik) && finite(fit.history) &&
                 finite(fit.mixture.means.data(), fit.mixture.means.size()) &&
                 finite(fit.mixture.weights.data(), fit.mixture.weights.size());
    for (const Eigen::MatrixXd& sigma : fit.mixture.covariances) {
      sound = sound && finite(sigma.data(), sigma.size());
    }
    if (!sound) return "mixture: not finite";
    std::vector<double> density(static_cast<std::size_t>(n));
    Evaluation wanted;
    wanted.n = n;
    wanted.log_density = density.data();
    evaluate_mixture(fit.mixture, {x.data(), n, d, 1, n}, wanted, workers, silent);
    if (!finite(density)) return "mixture: density not finite";
  }
  return any ? "mixture: fitted" : "mixture: reason given";
}

std::string network_problem(Generator& g) {
  const LikelihoodTraits likelihood = g.pick(likelihoods());
  const Index n = g.whole(2, 30), n_genes = g.whole(1, 25);
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  const double density = g.pick<double>({0.05, 0.3, 1.0});
  const double large = g.pick<double>({5.0, 5.0, 1000.0, 1e7});
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n_genes; ++j) {
      if (!g.chance(density) && !(j == 0 && i == 0)) continue;
      const double value = likelihood.whole       ? 1 + std::floor(large * g.uniform())
                           : likelihood.least < 0 ? large * g.normal()
                                                  : g.uniform();
      gene.push_back(static_cast<int>(j));
      count.push_back(value);
    }
    start.push_back(static_cast<int>(gene.size()));
    size.push_back(g.pick<double>({1.0, 0.5, 1e-3, 1e3}));
  }
  const MatrixSource source(start.data(), gene.data(), count.data(), n_genes, n);
  const Index n_design = g.pick<Index>({0, 0, 2, 3});
  std::vector<std::int32_t> batch;
  for (Index i = 0; i < n; ++i)
    batch.push_back(static_cast<std::int32_t>(i % std::max<Index>(n_design, 1)));
  const Design design = n_design > 0 ? indicators(batch, n_design) : Design();
  TrainOptions o;
  o.shape.modality = {likelihood.name, n_genes, VariesBy::gene, VariesBy::gene};
  const std::vector<VariesBy> ways{VariesBy::gene, VariesBy::gene_cell, VariesBy::gene_cluster,
                                   VariesBy::gene_design};
  if (likelihood.has_scale) o.shape.modality.dispersion = g.pick(ways);
  if (likelihood.has_zero_inflation) o.shape.modality.zero_inflation = g.pick(ways);
  o.shape.n_latent = g.whole(1, 5);
  for (Index layers = g.whole(1, 3); layers > 0; --layers) o.shape.hidden.push_back(g.whole(1, 9));
  o.shape.n_design = n_design;
  std::vector<Index> ks{g.whole(1, std::min<Index>(n, 4))};
  if (g.chance(0.3) && ks[0] < n) ks.push_back(ks[0] + 1);
  o.shape.k = ks[0];
  o.most_k = ks.back();
  o.covariance = g.pick<std::string>({"tied", "diag", "full", "spherical", "VEV"});
  o.size_reference = g.pick<double>({1.0, 100.0, 1e5});
  o.epochs_pretrain = g.whole(0, 2);
  o.epochs_warmup = g.whole(0, 2);
  o.epochs_joint = g.whole(1, 3);
  o.batch_size = g.pick<Index>({1, 4, 128});
  o.learning_rate = g.pick<double>({1e-3, 0.1, 10.0});
  o.mask = g.pick<double>({0.0, 0.5, 0.9});
  o.heldout = g.pick<double>({0.0, 0.1, 0.5});
  o.patience = g.whole(1, 3);
  o.damping = g.pick<double>({0.05, 1.0});
  o.n_init = 2;
  o.max_iter = 20;
  o.tol = 1e-4;
  o.seed = static_cast<std::uint64_t>(g.whole(0, 1000));
  Workers workers(g.whole(1, 3));
  Monitor silent;
  value_traits(count.data(), static_cast<Index>(count.size()));
  const Covariates covariates{size.data(), &design};
  if (!finite(
          feature_moments(source, size.data(), g.chance(0.5) && likelihood.least >= 0).variance)) {
    return "network: moments not finite";
  }
  const double alpha = g.pick<double>({0.05, 0.05, 0.001, 1.0, 0.0});
  FittedModel model = fit(source, covariates, o, ks, alpha, nullptr, workers, silent).trained.model;
  const bool damaged = g.chance(0.3);
  if (damaged) {
    const float by = g.pick<float>({1e20f, -1e10f, 0.0f, 1e38f});
    for (float& parameter : model.params) {
      if (g.chance(0.2)) parameter *= by;
    }
  }
  EncodeOptions wanted;
  wanted.n_draws = g.pick<Index>({0, 2});
  if (n_design > 0 && g.chance(0.5)) wanted.alternatives = design.rows({0, 1});
  const Encoding cells = encode(model, source, covariates, wanted, workers, silent);
  if (!finite(cells.mean) || !finite(cells.sd) || !finite(cells.posterior) || !finite(cells.elbo)) {
    return "network: encoding not finite";
  }
  std::vector<Index> genes;
  for (Index j = 0; j < n_genes; j += 2) genes.push_back(j);
  std::vector<double> expected(genes.size() * static_cast<std::size_t>(n));
  decode(model, ConstView<double>(cells.mean.data(), o.shape.n_latent, n), covariates, genes,
         workers, silent, View<double>(expected.data(), static_cast<Index>(genes.size()), n));
  if (!finite(expected)) return "network: decoding not finite";
  if (likelihood.size_factors) find_batches(source, size.data(), workers, silent);
  return damaged ? "network: damaged, and finite" : "network: fitted";
}

std::string outcome(std::uint64_t seed) {
  Generator g(seed);
  const bool mixture = g.chance(0.5);
  try {
    return mixture ? mixture_problem(g) : network_problem(g);
  } catch (const NumericalError&) {
    return mixture ? "mixture: numerical error" : "network: numerical error";
  } catch (const std::invalid_argument& error) {
    return std::string("refused: ") + error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long long first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const unsigned long long n = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200;
  std::map<std::string, int> counts;
  bool failed = false;
  for (unsigned long long seed = first; seed < first + n; ++seed) {
    std::printf("%llu\r", seed);  // the last one that began, should a sanitizer end the process
    std::fflush(stdout);
    const std::string result = outcome(seed);
    ++counts[result];
    if (result.find("not finite") == std::string::npos) continue;
    failed = true;
    std::printf("%llu %s\n", seed, result.c_str());
  }
  for (const auto& [result, count] : counts) std::printf("%6d  %s\n", count, result.c_str());
  return failed ? 1 : 0;
}

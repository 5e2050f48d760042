#include "gmvae/select/fit.h"

#include <algorithm>

#include "core/error.h"
#include "gmvae/data/principal_components.h"
#include "gmvae/select/small_groups.h"

namespace gmvae {

namespace {

constexpr Purpose components_purpose{25};

constexpr Index halvings_of_fit = 6;
constexpr Index halvings_of_choice = 8;
constexpr Index halvings_of_groups = 4;

HalvesOptions halves_options(const std::vector<Index>& k, Index n_halvings,
                             const TrainOptions& options) {
  HalvesOptions halves;
  halves.k = k;
  halves.covariance = options.covariance;
  halves.n_halvings = n_halvings;
  halves.max_iter = options.max_iter;
  halves.tol = options.tol;
  halves.seed = options.seed;
  return halves;
}

ConstView<double> points(const std::vector<double>& latent, const TrainOptions& options) {
  const Index d = options.shape.n_latent;
  return {latent.data(), d, static_cast<Index>(latent.size()) / d};
}

Halves halves_of(const std::vector<double>& latent, const std::vector<Index>& k, Index n_halvings,
                 const Covariates& covariates, const TrainOptions& options, Workers& workers,
                 Monitor& monitor) {
  HalvesOptions halves = halves_options(k, n_halvings, options);
  if (covariates.design) halves.design = covariates.design->factors();
  halves.n_classes = options.n_classes;
  if (options.n_classes > 0) {
    halves.label.assign(covariates.label, covariates.label + points(latent, options).cols);
  }
  return fit_halves(points(latent, options), halves, workers, monitor);
}

// Whether principal components of log(1 + x / size) are a second view of the cells: not with
// batches or covariates, which the components hold, or labels, or modalities beside the first.
bool has_components(const TrainOptions& options) {
  const std::vector<ModalityShape>& modalities = options.shape.modalities;
  return modalities.size() == 1 && find_likelihood(modalities.front().likelihood).size_factors &&
         options.shape.n_design == 0 && options.n_classes == 0;
}

// As many components as the latent space has dimensions, of cells and halves that no seed changes.
void compare_components(std::vector<Stability>& path, const std::vector<Index>& ks,
                        const CellSource& source, const Covariates& covariates,
                        const TrainOptions& options, Workers& workers, Monitor& monitor) {
  HalvesOptions halves = halves_options(ks, halvings_of_choice, options);
  halves.seed = 0;
  halves.whole = false;
  halves.quick = true;
  const std::vector<Index> cells = evenly_spread(source.n_cells(), halves.most_cells);
  const Index n_components =
      std::min({options.shape.n_latent, source.n_genes(), static_cast<Index>(cells.size())});
  const PrincipalComponents components(source, covariates.size, cells, n_components,
                                       RngStream(0, components_purpose), monitor);
  const Eigen::MatrixXd points = components.points(cells);
  add_components(
      path, fit_halves({points.data(), points.rows(), points.cols()}, halves, workers, monitor));
}

// compare() takes so many of the numbers to choose among at a time, and further ones only while the
// best is in the last quarter of those that it has taken.
constexpr std::size_t at_a_time = 20;

struct Comparison {
  std::vector<Index> ks;
  Halves halves;
  std::vector<Stability> path;
};

Comparison compare(const CellSource& source, const std::vector<double>& latent,
                   const std::vector<Index>& ks, const Covariates& covariates,
                   const TrainOptions& options, Workers& workers, Monitor& monitor) {
  Comparison all;
  while (all.ks.size() < ks.size()) {
    const std::size_t n = std::min(at_a_time, ks.size() - all.ks.size());
    const auto from = ks.begin() + static_cast<std::ptrdiff_t>(all.ks.size());
    const std::vector<Index> next(from, from + static_cast<std::ptrdiff_t>(n));
    Halves halves =
        halves_of(latent, next, halvings_of_choice, covariates, options, workers, monitor);
    if (all.ks.empty()) {
      all.halves = std::move(halves);
    } else {
      append(all.halves, std::move(halves));
    }
    all.ks.insert(all.ks.end(), next.begin(), next.end());
    Design batches = covariates.design ? covariates.design->rows(all.halves.cells) : Design();
    if (!batches.is_one_hot()) batches = Design();
    all.path = stabilities(all.halves, all.ks, batches);
    const std::size_t last_quarter = all.ks.size() - all.ks.size() / 4;
    if (choose_k(all.path) <= all.ks[last_quarter - 1]) break;
  }
  if (choose_k(all.path) > 1 && !density_falls(all.path) && has_components(options)) {
    compare_components(all.path, all.ks, source, covariates, options, workers, monitor);
  }
  return all;
}

// Of the cells that the halves are of.
std::vector<SplitTest> tests_of(const FittedModel& model, const std::vector<double>& latent,
                                const std::vector<Index>& cells, const std::vector<Index>& k,
                                const std::vector<Stability>& path, double alpha,
                                const Covariates& covariates, const TrainOptions& options,
                                Workers& workers, Monitor& monitor) {
  HalvesOptions halves = halves_options({}, 0, options);
  const SomeCovariates some(covariates, cells);
  halves.design = some.get().design->factors();
  const ConstView<double> all = points(latent, options);
  std::vector<double> sample;
  for (Index cell : cells) {
    sample.insert(sample.end(), all.col(cell), all.col(cell) + all.rows);
  }
  const std::vector<Index> steps = rungs(k, choose_k(path));
  return test_splits(model, points(sample, options), some.get(), steps, worth_a_test(path, steps),
                     alpha, halves, workers, monitor);
}

// A mixture of k or more of the numbers to choose among: that of all the halves' cells, with the
// small groups that it has overlooked.  Without components where there are none.
Mixture with_small_groups(const std::vector<double>& latent, const Halves& halves,
                          const std::vector<Index>& ks, Index k, double alpha,
                          const Covariates& covariates, const TrainOptions& options,
                          Workers& workers, Monitor& monitor) {
  // The numbers that were compared are the first of them.
  const auto at = std::find(ks.begin(), ks.end(), k) - ks.begin();
  const WholeFit& whole = halves.whole[static_cast<std::size_t>(at)];
  if (!whole.found) return {};
  const ConstView<double> all = points(latent, options);
  std::vector<double> sample;
  for (Index cell : halves.cells) {
    sample.insert(sample.end(), all.col(cell), all.col(cell) + all.rows);
  }
  const ConstView<double> view(sample.data(), all.rows, static_cast<Index>(halves.cells.size()));
  const HalvesOptions halving = halves_options({}, halvings_of_groups, options);
  const Design batches =
      covariates.design ? covariates.design->rows(halves.cells).factors() : Design();
  Mixture mixture = whole.mixture;
  while (std::find(ks.begin(), ks.end(), mixture.means.cols() + 1) != ks.end()) {
    const SmallGroup group = find_small_group(view, mixture, halving, workers, monitor);
    if (!(group.p < alpha && group.agreement >= enough_agreement)) break;
    if (is_of_one_batch(group.mixture, view, batches, workers)) break;
    mixture = group.mixture;
  }
  return mixture.means.cols() > k ? mixture : Mixture();
}

// From 0, the first of equals.
std::vector<int> most_probable(const std::vector<double>& posterior, Index k) {
  std::vector<int> cluster;
  for (std::size_t at = 0; at < posterior.size(); at += static_cast<std::size_t>(k)) {
    const double* p = posterior.data() + at;
    cluster.push_back(static_cast<int>(std::max_element(p, p + k) - p));
  }
  return cluster;
}

// What fit() has found before the joint phase.
struct Choice {
  bool made = false;
  Index k = 0;
  std::vector<Stability> path;
  Mixture start;  // of k components, or none
  Index n_small = 0;
};

ByteWriter to_bytes(const Choice& choice) {
  ByteWriter bytes;
  bytes.put(static_cast<std::int64_t>(choice.made));
  bytes.put(static_cast<std::int64_t>(choice.k));
  bytes.put(static_cast<std::int64_t>(choice.path.size()));
  for (const Stability& s : choice.path) {
    bytes.put(static_cast<std::int64_t>(s.k));
    for (double value : {s.mean, s.sd, s.shared, s.shared_sd, s.log_density, s.bic, s.icl,
                         s.smallest, s.one_batch, s.p_unseen, s.p, s.shared_pcs, s.shared_pcs_sd}) {
      bytes.put(value);
    }
    bytes.put(static_cast<std::int64_t>(s.candidate));
    bytes.put(static_cast<std::int64_t>(s.stable));
  }
  bytes.put(static_cast<std::int64_t>(choice.n_small));
  if (choice.n_small > 0) put_prior(bytes, MixturePrior(choice.start, true));
  return bytes;
}

Choice read_choice(ByteReader& bytes, const std::vector<Index>& ks, Index d) {
  Choice choice;
  choice.made = bytes.get<std::int64_t>() != 0;
  choice.k = static_cast<Index>(bytes.get<std::int64_t>());
  check_state(!choice.made || std::find(ks.begin(), ks.end(), choice.k) != ks.end());
  for (std::int64_t n = bytes.get<std::int64_t>(); n > 0; --n) {
    Stability s{};
    s.k = static_cast<Index>(bytes.get<std::int64_t>());
    for (double* value :
         {&s.mean, &s.sd, &s.shared, &s.shared_sd, &s.log_density, &s.bic, &s.icl, &s.smallest,
          &s.one_batch, &s.p_unseen, &s.p, &s.shared_pcs, &s.shared_pcs_sd}) {
      *value = bytes.get<double>();
    }
    s.candidate = bytes.get<std::int64_t>() != 0;
    s.stable = bytes.get<std::int64_t>() != 0;
    choice.path.push_back(s);
  }
  choice.n_small = static_cast<Index>(bytes.get<std::int64_t>());
  if (choice.n_small > 0) choice.start = get_prior(bytes, d, choice.k).mixture();
  return choice;
}

}  // namespace

FitResult fit(const CellSource& source, const Covariates& covariates, const TrainOptions& options,
              const std::vector<Index>& ks, double alpha, const EarlierFit* earlier,
              Workers& workers, Monitor& monitor, Checkpoint* checkpoint) {
  ensure(alpha >= 0.001 && alpha <= 1, "`alpha` must be at least 0.001 and at most 1.");
  const bool choose = ks.size() > 1;
  TrainOptions first = options;
  first.shape.k = earlier  ? earlier->k
                  : choose ? std::max<Index>(1, options.n_classes)
                           : ks.front();
  Trainer trainer(source, covariates, first, workers, monitor, checkpoint);
  Choice choice;
  if (checkpoint && checkpoint->has_state()) {
    ByteReader state = checkpoint->state();
    choice = read_choice(state, ks, options.shape.n_latent);
    if (choice.made) trainer.set_clusters(choice.k, choice.start);
    trainer.resume(state);
  }
  trainer.write_checkpoint(to_bytes(choice));
  std::vector<Phase> before, after;
  for (const Phase& phase : recipe(options)) {
    (phase.moves_mixture ? after : before).push_back(phase);
  }
  if (earlier) {
    trainer.start_from(earlier->params);
  } else {
    trainer.run(before);
  }
  FitResult result;
  Index k = choice.made ? choice.k : ks.front();
  if (choose && !choice.made) {
    const std::vector<double> latent = earlier ? earlier->latent : trainer.latent_means();
    const Comparison compared = compare(source, latent, ks, covariates, options, workers, monitor);
    choice.path = compared.path;
    k = choose_k(choice.path);
    // Classes that labels name are different, whatever a test says.
    if (alpha < 1 && options.n_classes == 0) {
      if (earlier) trainer.set_clusters(1);
      const std::vector<SplitTest> tests =
          tests_of(trainer.model(), latent, compared.halves.cells, compared.ks, choice.path, alpha,
                   covariates, options, workers, monitor);
      k = choose_k(choice.path, tests, alpha);
      choice.start = with_small_groups(latent, compared.halves, ks, k, alpha, covariates, options,
                                       workers, monitor);
      choice.n_small = std::max<Index>(choice.start.means.cols() - k, 0);
      k += choice.n_small;
    }
  }
  if ((choose || earlier) && !choice.made) {
    trainer.set_clusters(k, choice.start);
    choice.made = choose;
    choice.k = k;
    trainer.write_checkpoint(to_bytes(choice));
  }
  trainer.run(after);
  result.path = choice.path;
  result.n_small = choice.n_small;
  result.trained = trainer.result();
  const Encoding& cells = result.trained.cells;
  const Halves halves =
      halves_of(cells.mean, {k}, halvings_of_fit, covariates, options, workers, monitor);
  const std::vector<int> cluster = most_probable(cells.posterior, k);
  result.stability = stabilities(halves, {k}).front().mean;
  result.stability = std::min(result.stability, agreement_with(halves, cluster));
  result.cluster_stability = cluster_stabilities(halves, cluster, k);
  result.cluster_confusion = cluster_confusion(halves, cells.posterior, k);
  return result;
}

}  // namespace gmvae

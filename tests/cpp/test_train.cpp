// Training end to end on simulated counts, without R.
#include <stdexcept>

#include "gmvae/data/gene_scores.h"
#include "gmvae/data/inputs.h"
#include "gmvae/data/values.h"
#include "gmvae/train/batch_mixture.h"
#include "gmvae/train/mixture_update.h"
#include "gmvae/train/train.h"
#include "gradient.h"
#include "testing.h"

using namespace gmvae;

namespace {

struct Simulated {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  std::vector<Index> group;
  Index n_genes = 60, n_cells = 150;

  MatrixReader reader() const {
    return MatrixReader(start.data(), gene.data(), count.data(), n_genes, n_cells);
  }
};

// Three groups; a third of the genes is eight times as high in each.
Simulated simulate() {
  Simulated data;
  RngStream rng(3, testing::purpose);
  for (Index i = 0; i < data.n_cells; ++i) {
    data.group.push_back(i % 3);
    for (Index g = 0; g < data.n_genes; ++g) {
      const double mean = g % 3 == i % 3 ? 4.0 : 0.5;
      // Poisson by its waiting times.
      int x = 0;
      for (double t = -std::log(rng.uniform()); t < mean; t -= std::log(rng.uniform())) ++x;
      if (x == 0) continue;
      data.gene.push_back(static_cast<int>(g));
      data.count.push_back(x);
    }
    data.start.push_back(static_cast<int>(data.gene.size()));
    data.size.push_back(1.0);
  }
  return data;
}

TrainOptions options() {
  TrainOptions o;
  o.likelihood = "nb";
  o.covariance = "tied";
  o.k = o.most_k = 3;
  o.n_latent = 4;
  o.dispersion = VariesBy::gene;
  o.zero_inflation = VariesBy::gene_cell;
  o.hidden = {24, 16};
  o.size_reference = 100;
  o.epochs_pretrain = 10;
  o.epochs_warmup = 30;
  o.epochs_joint = 30;
  o.batch_size = 32;
  o.learning_rate = 3e-3;
  o.mask = 0.5;
  o.heldout = 0.1;
  o.patience = 100;
  o.damping = 0.05;
  o.n_init = 4;
  o.max_iter = 100;
  o.tol = 1e-6;
  o.seed = 11;
  return o;
}

TrainResult run(const TrainOptions& o, Index n_threads) {
  const Simulated data = simulate();
  Workers workers(n_threads);
  Monitor monitor;
  return train(data.reader(), data.size.data(), o, workers, monitor);
}

// The share of pairs of cells on which clusters and groups agree.
double rand_index(const TrainResult& fit, const Simulated& data) {
  std::vector<Index> cluster;
  for (Index i = 0; i < data.n_cells; ++i) {
    const double* p = fit.cells.posterior.data() + 3 * i;
    cluster.push_back(std::max_element(p, p + 3) - p);
  }
  double agree = 0, pairs = 0;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      agree += (cluster[i] == cluster[j]) == (data.group[i] == data.group[j]);
      ++pairs;
    }
  }
  return agree / pairs;
}

}  // namespace

TEST("train(): finds the groups, with every covariance") {
  const Simulated data = simulate();
  for (const char* covariance : {"tied", "diag", "full", "spherical"}) {
    TrainOptions o = options();
    o.covariance = covariance;
    const TrainResult fit = run(o, 2);
    CHECK(rand_index(fit, data) > 0.97);
    CHECK_NEAR(fit.model.mixture.weights.sum(), 1.0, 1e-12);
    CHECK(fit.model.mixture.weights[0] >= fit.model.mixture.weights[2]);
    CHECK(fit.heldout_cells.size() == 15);
    CHECK(fit.history.size() == 70);
  }
}

TEST("train(): with batches named, groups that batches would divide are found") {
  Simulated data = simulate();
  // Each of four batches has a quarter of the genes thirty times as high.
  std::vector<std::int32_t> batch;
  for (Index i = 0; i < data.n_cells; ++i) {
    const int b = static_cast<int>(i % 4);
    batch.push_back(b);
    for (int e = data.start[static_cast<std::size_t>(i)];
         e < data.start[static_cast<std::size_t>(i) + 1]; ++e) {
      const std::size_t entry = static_cast<std::size_t>(e);
      if (data.gene[entry] % 4 == b) data.count[entry] *= 30;
    }
  }
  const auto fit = [&](Index n_batches, Index n_threads) {
    TrainOptions o = options();
    o.n_batches = n_batches;
    Workers workers(n_threads);
    Monitor monitor;
    return train(data.reader(), Covariates(data.size.data(), batch.data()), o, workers, monitor);
  };
  CHECK(rand_index(fit(0, 2), data) < 0.7);
  const TrainResult named = fit(4, 2);
  CHECK(rand_index(named, data) > 0.97);
  CHECK(fit(4, 1).model.params == named.model.params);
  Workers workers(1);
  const double point[] = {0, 0, 0, 0}, size[] = {1};
  CHECK_THROWS(decode(named.model, ConstView<double>(point, 4, 1), size, {0}, workers),
               std::exception);
}

TEST("batch_levels(): how batches differ, by hand") {
  // Genes x cells: 4 0 | 2 0 and 1 2 | 0 1; a third gene without a count.
  const int start[] = {0, 2, 3, 4, 5}, gene[] = {0, 1, 1, 0, 1};
  const double count[] = {4, 1, 2, 2, 1};
  const MatrixReader reader(start, gene, count, 3, 4);
  const std::int32_t batch[] = {0, 0, 1, 1};
  const InputTransform transform{{2, 1, 1}, {1.5, 1, 0}};
  const auto levels = [&](const char* likelihood) {
    return batch_levels(reader, batch, 2, transform, likelihood);
  };
  const std::vector<double> counts = levels("nb");
  CHECK_NEAR(counts[0], std::log((4 + 1.0) / (7 * 6 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[4], std::log((1 + 1.0) / (3 * 4 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[2], 0.0, 0);
  const std::vector<double> measured = levels("gaussian");
  CHECK_NEAR(measured[0], 2 * (2 - 1.5), 1e-12);
  CHECK_NEAR(measured[3], 2 * (1 - 1.5), 1e-12);
  CHECK(batch_levels(reader, nullptr, 0, transform, "nb").empty());
}

namespace {

// Points around `centres` (2 x groups), moved along the second axis by 6 in the second of two
// batches.  Group j lacks the cells of batch 1 where `lacking` is j.
struct BatchedGroups {
  std::vector<double> points;
  std::vector<std::int32_t> batch;
  std::vector<Index> group;

  BatchedGroups(const std::vector<double>& first_axis, Index lacking) {
    RngStream rng(23, testing::purpose);
    for (Index i = 0; i < 240; ++i) {
      const Index g = i % static_cast<Index>(first_axis.size());
      const std::int32_t b = i / 6 % 2 == 0 ? 0 : 1;
      if (b == 1 && g == lacking) continue;
      points.push_back(first_axis[static_cast<std::size_t>(g)] + 0.5 * rng.normal());
      points.push_back(6.0 * b + 0.5 * rng.normal());
      batch.push_back(b);
      group.push_back(g);
    }
  }
  ConstView<double> view() const { return {points.data(), 2, static_cast<Index>(group.size())}; }
  // The share of points in the group that most of their component are of.
  double purity(const Mixture& mixture) const {
    Workers workers(1);
    const Index k = mixture.means.cols(), n = static_cast<Index>(group.size());
    std::vector<double> density(group.size());
    Eigen::MatrixXd posterior(k, n), counts = Eigen::MatrixXd::Zero(k, 3);
    evaluate_mixture(mixture, view(), workers, density.data(), posterior.data());
    for (Index i = 0; i < n; ++i) {
      Index c;
      posterior.col(i).maxCoeff(&c);
      counts(c, group[static_cast<std::size_t>(i)]) += 1;
    }
    return counts.rowwise().maxCoeff().sum() / static_cast<double>(n);
  }
};

}  // namespace

TEST("fit_across_batches(): groups where the likeliest mixture has batches") {
  Monitor monitor;
  const BatchedGroups data({-2, 2}, -1);
  for (const char* covariance : {"tied", "diag", "full"}) {  // the groups are no spheres
    Mixture found[2];
    for (Index t = 0; t < 2; ++t) {
      Workers workers(t + 1);
      const Mixture plain =
          fit_mixture(data.view(), covariance, 2, latent_search(5, 100, 1e-6, 3), workers, monitor)
              .mixture;
      CHECK(data.purity(plain) < 0.8);
      found[t] = fit_across_batches({data.view(), data.batch, 2}, plain, covariance, 5, 3, workers,
                                    monitor);
    }
    CHECK(data.purity(found[0]) == 1.0);
    CHECK(found[0].means == found[1].means);
    CHECK(found[0].weights[0] >= found[0].weights[1]);
  }
}

TEST("fit_across_batches(): a group that a batch lacks stays one") {
  Monitor monitor;
  Workers workers(1);
  const BatchedGroups data({-6, 0, 6}, 2);
  const Mixture plain =
      fit_mixture(data.view(), "tied", 3, latent_search(5, 100, 1e-6, 3), workers, monitor).mixture;
  const Mixture found =
      fit_across_batches({data.view(), data.batch, 2}, plain, "tied", 10, 3, workers, monitor);
  CHECK(data.purity(found) == 1.0);
}

TEST("train(): the same bits for 1, 2 and 3 threads") {
  const TrainResult one = run(options(), 1);
  for (Index threads : {2, 3}) {
    const TrainResult other = run(options(), threads);
    CHECK(other.model.params == one.model.params);
    CHECK(other.cells.posterior == one.cells.posterior);
    CHECK(other.history.back().elbo == one.history.back().elbo);
  }
}

TEST("train(): another seed is another fit") {
  TrainOptions o = options();
  const TrainResult one = run(o, 1);
  o.seed = 12;
  CHECK(run(o, 1).model.params != one.model.params);
}

TEST("train(): early stopping returns to the best epoch") {
  TrainOptions o = options();
  o.epochs_joint = 200;
  o.patience = 3;
  const TrainResult fit = run(o, 2);
  CHECK(fit.history.size() < 240);
  CHECK(fit.converged);
  double best = -INFINITY;
  for (const EpochRecord& record : fit.history) {
    if (record.phase == "joint") best = std::max(best, record.elbo_heldout);
  }
  CHECK_NEAR(fit.heldout.reconstruction - fit.heldout.kl(), best, 1e-9);
}

TEST("train(): a few epochs are not called converged") {
  TrainOptions o = options();
  o.epochs_joint = 2;
  CHECK(!run(o, 1).converged);
}

TEST("train(): a group of one cell, whether held out or not") {
  // Five kinds of cells, four of them once.
  Simulated data = simulate();
  std::vector<int> start{0}, gene;
  std::vector<double> count;
  for (Index i = 0; i < 64; ++i) {
    const std::size_t from = i < 60 ? 0 : static_cast<std::size_t>(i - 59);
    gene.insert(gene.end(), data.gene.begin() + data.start[from],
                data.gene.begin() + data.start[from + 1]);
    count.insert(count.end(), data.count.begin() + data.start[from],
                 data.count.begin() + data.start[from + 1]);
    start.push_back(static_cast<int>(gene.size()));
  }
  const MatrixReader reader(start.data(), gene.data(), count.data(), data.n_genes, 64);
  TrainOptions o = options();
  o.k = 5;
  o.epochs_warmup = 2;
  o.epochs_joint = 2;
  Workers workers(2);
  Monitor monitor;
  for (const char* covariance : {"tied", "full"}) {
    o.covariance = covariance;
    for (o.seed = 1; o.seed <= 5; ++o.seed) {
      const TrainResult fit = train(reader, data.size.data(), o, workers, monitor);
      for (double p : fit.cells.posterior) CHECK(std::isfinite(p));
    }
  }
}

TEST("gaussian: the elbo is in the units of the data, in training and for new cells") {
  Simulated data = simulate();
  TrainOptions o = options();
  o.likelihood = "gaussian";
  o.size_reference = 1;
  Workers workers(2);
  Monitor monitor;
  double bounds[2];
  for (int scaled = 0; scaled < 2; ++scaled) {
    if (scaled) {
      for (double& x : data.count) x *= 1024;  // exact: the fit is the same
    }
    const TrainResult fit = train(data.reader(), data.size.data(), o, workers, monitor);
    const Encoding cells =
        encode(fit.model, data.reader(), data.size.data(), 8, true, workers, monitor);
    double mean = 0;
    for (double b : cells.elbo) mean += b / static_cast<double>(data.n_cells);
    bounds[scaled] = fit.train.reconstruction - fit.train.kl();
    CHECK(std::abs(mean - bounds[scaled]) < 5);
  }
  CHECK_NEAR(bounds[1], bounds[0] - 60 * std::log(1024.0), 1e-5);
}

TEST("train(): a step that is not finite is taken back with a smaller learning rate") {
  TrainOptions o = options();
  o.learning_rate = 1e30;
  bool gave_up = false;
  Index rollbacks = 0;
  try {
    const TrainResult fit = run(o, 1);
    rollbacks = fit.n_rollbacks;
    for (float p : fit.model.params) CHECK(std::isfinite(p));
  } catch (const NumericalError&) {
    gave_up = true;
  }
  CHECK(gave_up || rollbacks > 0);
}

TEST("train(): as many clusters as cells leaves no cell to hold out") {
  Simulated data = simulate();
  data.n_cells = 12;
  TrainOptions o = options();
  o.k = 12;
  o.heldout = 0.5;
  Workers workers(1);
  Monitor monitor;
  const TrainResult fit = train(data.reader(), data.size.data(), o, workers, monitor);
  CHECK(fit.heldout_cells.empty());
}

TEST("train(): no cell held out") {
  TrainOptions o = options();
  o.heldout = 0;
  const TrainResult fit = run(o, 2);
  CHECK(fit.heldout_cells.empty());
  CHECK(std::isnan(fit.heldout.reconstruction));
  CHECK(std::isfinite(fit.train.reconstruction));
}

TEST("train(): an interrupt passes through and leaves no thread behind") {
  struct Impatient : Monitor {
    int calls = 0;
    void poll() override {
      if (++calls == 20) throw std::runtime_error("stop");
    }
  };
  const Simulated data = simulate();
  Impatient monitor;
  Workers workers(3);
  const TrainOptions o = options();
  CHECK_THROWS(train(data.reader(), data.size.data(), o, workers, monitor), std::runtime_error);
  CHECK(monitor.calls == 20);
}

TEST("encode(): the training cells again, and cells one at a time") {
  const Simulated data = simulate();
  Workers workers(2);
  Monitor monitor;
  for (VariesBy dispersion : {VariesBy::gene, VariesBy::gene_cell, VariesBy::gene_cluster}) {
    TrainOptions o = options();
    o.dispersion = dispersion;
    const TrainResult fit = run(o, 2);
    const Encoding all =
        encode(fit.model, data.reader(), data.size.data(), 4, true, workers, monitor);
    CHECK(all.mean == fit.cells.mean);
    CHECK(all.posterior == fit.cells.posterior);
    for (Index i : {0, 77}) {
      const int start[] = {0, data.start[static_cast<std::size_t>(i) + 1] -
                                  data.start[static_cast<std::size_t>(i)]};
      const MatrixReader one(start, data.gene.data() + data.start[static_cast<std::size_t>(i)],
                             data.count.data() + data.start[static_cast<std::size_t>(i)],
                             data.n_genes, 1);
      const Encoding alone = encode(fit.model, one, data.size.data(), 4, true, workers, monitor);
      for (std::size_t d = 0; d < 4; ++d) {
        CHECK_NEAR(alone.mean[d], all.mean[static_cast<std::size_t>(i) * 4 + d], 1e-5);
      }
      CHECK_NEAR(alone.elbo[0], all.elbo[static_cast<std::size_t>(i)], 1e-4);
    }
  }
}

TEST("decode(): expected counts add up to the size; only the genes asked for") {
  const TrainResult fit = run(options(), 2);
  Workers workers(2);
  std::vector<Index> genes(60);
  for (Index g = 0; g < 60; ++g) genes[static_cast<std::size_t>(g)] = g;
  const double size[] = {2.0};
  const ConstView<double> point(fit.cells.mean.data(), 4, 1);
  const std::vector<double> all = decode(fit.model, point, size, genes, workers);
  double total = 0;
  for (double x : all) total += x;
  CHECK_NEAR(total, 200.0, 1e-5);
  const std::vector<double> some = decode(fit.model, point, size, {7, 3}, workers);
  CHECK(some.size() == 2);
  CHECK(some[0] == all[7]);
  CHECK(some[1] == all[3]);
}

TEST("value_traits(): extremes, fractions, zeros, what is not finite") {
  const double counts[] = {3, 1, 2}, mixed[] = {-1.5, NAN, 0, INFINITY, 1e300}, half[] = {0.5};
  const ValueTraits whole = value_traits(counts, 3);
  CHECK(whole.least == 1 && whole.largest == 3);
  CHECK(whole.finite && whole.whole && !whole.has_zero);
  const ValueTraits other = value_traits(mixed, 5);
  CHECK(other.least == -1.5 && other.largest == 1e300);
  CHECK(!other.finite && !other.whole && other.has_zero);
  CHECK(!value_traits(half, 1).whole);
  CHECK(value_traits(half, 1).least == 0.5);
  CHECK(value_traits(mixed + 4, 1).whole);  // from 2^52 on all are
  const ValueTraits none = value_traits(nullptr, 0);
  CHECK(none.finite && none.whole && !none.has_zero && none.least == 1 && none.largest == 1);
}

TEST("feature_moments(): those of the dense matrix") {
  const Simulated data = simulate();
  std::vector<double> size(data.size);
  for (std::size_t i = 0; i < size.size(); ++i) size[i] = 0.5 + 0.01 * static_cast<double>(i);
  for (bool log : {false, true}) {
    const FeatureMoments moments = feature_moments(data.reader(), size.data(), log);
    std::vector<double> dense(static_cast<std::size_t>(data.n_genes * data.n_cells));
    for (std::size_t i = 0; i < size.size(); ++i) {
      for (int e = data.start[i]; e < data.start[i + 1]; ++e) {
        const double x = data.count[static_cast<std::size_t>(e)] / size[i];
        dense[static_cast<std::size_t>(data.gene[static_cast<std::size_t>(e)]) * size.size() + i] =
            log ? std::log1p(x) : x;
      }
    }
    for (std::size_t g = 0; g < 60; ++g) {
      double mean = 0, square = 0;
      for (std::size_t i = 0; i < size.size(); ++i) mean += dense[g * size.size() + i];
      mean /= static_cast<double>(size.size());
      for (std::size_t i = 0; i < size.size(); ++i) {
        square += (dense[g * size.size() + i] - mean) * (dense[g * size.size() + i] - mean);
      }
      CHECK_NEAR(moments.mean[g], mean, 1e-12);
      CHECK_NEAR(moments.variance[g], square / static_cast<double>(size.size() - 1), 1e-12);
    }
  }
}

#include "gmvae/model/contrast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/denormals.h"
#include "core/rng.h"
#include "gmvae/model/decode.h"
#include "gmvae/model/network.h"

namespace gmvae {

namespace {

constexpr Purpose contrast_purpose{30};
// Of each group; what is held at a time is (genes) x (groups) x (these).
constexpr Index draws_at_a_time = 16;
constexpr Index cells_at_a_time = 256;
constexpr Index genes_at_a_time = 64;

Index n_genes_of(const FittedModel& model, const ContrastOptions& options) {
  return model.shape.modalities[options.modality].n_genes;
}

// Latent points (D x groups * (end - begin)) of draws [begin, end), those of a group side by side.
std::vector<float> draw_points(const FittedModel& model, ConstView<double> mean,
                               ConstView<double> sd, const std::vector<std::vector<Index>>& groups,
                               Index begin, Index end) {
  const Index d = mean.rows;
  std::vector<float> points;
  points.reserve(groups.size() * static_cast<std::size_t>((end - begin) * d));
  for (std::size_t k = 0; k < groups.size(); ++k) {
    for (Index m = begin; m < end; ++m) {
      RngStream rng(model.seed, contrast_purpose, static_cast<std::uint32_t>(k),
                    static_cast<std::uint64_t>(m));
      const double u = rng.uniform() * static_cast<double>(groups[k].size());
      const Index cell = groups[k][static_cast<std::size_t>(u)];
      for (Index l = 0; l < d; ++l) {
        points.push_back(static_cast<float>(mean(l, cell) + sd(l, cell) * rng.normal()));
      }
    }
  }
  return points;
}

// Adds weight * log2(expected + pseudocount) of each point to `levels` (G x points).
class Levels {
 public:
  Levels(const FittedModel& model, const ContrastOptions& options, Workers& workers)
      : model_(model), options_(options), workers_(workers), network_(model.shape),
        prior_(prior_of(model.mixture, model.covariance)),
        logarithm_(model.likelihood(options.modality).encoder_input != EncoderInput::standardised) {
  }

  void add(const std::vector<float>& points, const Design& designs, Index row, double weight,
           std::vector<float>& levels) {
    const Compute<float> compute{kernels<float>(), workers_};
    const Index d = model_.shape.n_latent, n_genes = n_genes_of(model_, options_);
    const Index n = static_cast<Index>(points.size()) / d;
    for (Index begin = 0; begin < n; begin += cells_at_a_time) {
      const Index size = std::min(cells_at_a_time, n - begin);
      const std::vector<double> ones(static_cast<std::size_t>(size), 1.0);
      const Design design =
          designs.empty() ? Design()
                          : designs.rows(std::vector<Index>(static_cast<std::size_t>(size), row));
      const std::vector<const double*> beside(model_.modalities.size() - 1, ones.data());
      load_without_counts(model_, {ones.data(), &design, nullptr, beside}, 0, size, blocks_);
      network_.decode(compute, model_.params.data(), prior_,
                      ConstView<float>(points.data() + begin * d, d, size), blocks_, work_);
      parallel_blocks(workers_, size, 8, [&](Index, Index first, Index last) {
        const float* from = work_.heads[options_.modality].mean.data();
        for (Index i = first * n_genes; i < last * n_genes; ++i) {
          const double value = static_cast<double>(from[i]);
          const double level = logarithm_ ? std::log2(value + options_.pseudocount) : value;
          levels[static_cast<std::size_t>(begin * n_genes + i)] +=
              static_cast<float>(weight * level);
        }
      });
    }
    for (float level : levels) {
      if (!std::isfinite(level)) throw NumericalError(not_finite);
    }
  }

 private:
  const FittedModel& model_;
  const ContrastOptions& options_;
  Workers& workers_;
  Network<float> network_;
  MixturePrior prior_;
  bool logarithm_;
  Workspace<float> work_;
  CellBlocks<float> blocks_;
};

// Where the pair of groups a < b is among all pairs of n.
Index pair_index(Index a, Index b, Index n) { return a * (2 * n - a - 1) / 2 + b - a - 1; }

void resize(Summaries& s, std::size_t size) {
  for (std::vector<double>* part : {&s.mean, &s.median, &s.least, &s.largest}) part->resize(size);
}

// Of the values of one gene and group, which are sorted here.
void summarise(std::vector<double>& values, std::size_t place, Summaries& s) {
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (double value : values) sum += value;
  const std::size_t n = values.size();
  s.mean[place] = sum / static_cast<double>(n);
  s.median[place] = (values[(n - 1) / 2] + values[n / 2]) / 2;
  s.least[place] = values.front();
  s.largest[place] = values.back();
}

}  // namespace

Contrast contrast_groups(const FittedModel& model, ConstView<double> latent_mean,
                         ConstView<double> latent_sd, const std::vector<std::vector<Index>>& groups,
                         const Design& designs, const std::vector<double>& weights,
                         const ContrastOptions& options, Workers& workers, Monitor& monitor) {
  const FlushDenormals flush;
  const Index n_genes = n_genes_of(model, options), k = static_cast<Index>(groups.size());
  const Index n_designs = std::max<Index>(designs.n_rows(), 1);
  ensure(k >= 2, "There must be two groups at least.");
  ensure(designs.n_columns == model.shape.n_design, "The design of the cells must be given.");
  for (const std::vector<Index>& group : groups) ensure(!group.empty(), "A group has no cells.");
  const std::size_t n_pairs = static_cast<std::size_t>(k * (k - 1) / 2);
  std::vector<std::uint32_t> beyond(n_pairs * static_cast<std::size_t>(n_genes), 0);
  std::vector<float> levels;
  Contrast contrast;
  contrast.level.assign(static_cast<std::size_t>(n_genes * k), 0.0);
  const float threshold = static_cast<float>(options.threshold);
  Levels decoder(model, options, workers);
  for (Index begin = 0; begin < options.n_draws; begin += draws_at_a_time) {
    const Index end = std::min(begin + draws_at_a_time, options.n_draws), draws = end - begin;
    const std::vector<float> points =
        draw_points(model, latent_mean, latent_sd, groups, begin, end);
    levels.assign(static_cast<std::size_t>(n_genes * k * draws), 0.0f);
    for (Index row = 0; row < n_designs; ++row) {
      decoder.add(points, designs, row, weights[static_cast<std::size_t>(row)], levels);
    }
    const auto at = [&](Index group, Index draw) {
      return levels.data() + (group * draws + draw) * n_genes;
    };
    parallel_blocks(workers, n_genes, genes_at_a_time, [&](Index, Index first, Index last) {
      for (Index a = 0; a < k; ++a) {
        double* level = contrast.level.data() + a * n_genes;
        for (Index m = 0; m < draws; ++m) {
          const float* from = at(a, m);
          for (Index g = first; g < last; ++g) level[g] += static_cast<double>(from[g]);
        }
        for (Index b = a + 1; b < k; ++b) {
          std::uint32_t* count = beyond.data() + pair_index(a, b, k) * n_genes;
          for (Index m = 0; m < draws; ++m) {
            const float *one = at(a, m), *other = at(b, m);
            for (Index g = first; g < last; ++g) {
              count[g] += std::fabs(one[g] - other[g]) > threshold ? 1u : 0u;
            }
          }
        }
      }
    });
    monitor.poll();
    monitor.report(
        {"Comparing groups", end, options.n_draws, std::numeric_limits<double>::quiet_NaN()});
  }
  const double n_draws = static_cast<double>(options.n_draws);
  for (double& level : contrast.level) level /= n_draws;
  resize(contrast.change, contrast.level.size());
  resize(contrast.probability, contrast.level.size());
  parallel_blocks(workers, n_genes, genes_at_a_time, [&](Index, Index first, Index last) {
    std::vector<double> change, probability;
    for (Index g = first; g < last; ++g) {
      for (Index a = 0; a < k; ++a) {
        change.clear();
        probability.clear();
        for (Index b = 0; b < k; ++b) {
          if (b == a) continue;
          const Index pair = pair_index(std::min(a, b), std::max(a, b), k);
          change.push_back(contrast.level[static_cast<std::size_t>(a * n_genes + g)] -
                           contrast.level[static_cast<std::size_t>(b * n_genes + g)]);
          probability.push_back(beyond[static_cast<std::size_t>(pair * n_genes + g)] / n_draws);
        }
        summarise(change, static_cast<std::size_t>(a * n_genes + g), contrast.change);
        summarise(probability, static_cast<std::size_t>(a * n_genes + g), contrast.probability);
      }
    }
  });
  return contrast;
}

}  // namespace gmvae

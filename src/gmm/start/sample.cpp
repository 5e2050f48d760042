#include "gmm/start/sample.h"

#include <algorithm>

#include "core/rng.h"
#include "core/select.h"
#include "gmm/start/initial_noise.h"
#include "gmm/start/purpose.h"

namespace gmvae {

namespace {

constexpr Index sample_rows = 4000;  // of larger data
constexpr Index rows_each = 10;      // but at least so many for a component

// At most so many rows, half of them at most labelled ones; ascending.
void thin(const Observations& data, Index most, std::uint64_t seed, std::vector<Index>* rows) {
  RngStream(seed, mixture_start, 4, 0).shuffle(*rows);
  const auto labelled = std::stable_partition(rows->begin(), rows->end(),
                                              [&](Index row) { return data.label(row) >= 0; });
  if (labelled - rows->begin() > most / 2) rows->erase(rows->begin() + most / 2, labelled);
  rows->resize(std::min(static_cast<std::size_t>(most), rows->size()));
  std::sort(rows->begin(), rows->end());
}

// What the user takes for noise, or the rows far from others.
std::vector<bool> initial_noise(const Eigen::MatrixXd& points, const std::vector<Index>& rows,
                                const NoiseOptions& options, std::uint64_t seed, Workers& workers,
                                Monitor& monitor) {
  std::vector<bool> noise(rows.size(), false);
  if (!options.on) return noise;
  if (options.rows.empty()) return sparse_points(points, options.share, seed, workers, monitor);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    noise[i] = std::binary_search(options.rows.begin(), options.rows.end(), rows[i]);
  }
  return noise;
}

}  // namespace

Sample take_sample(const Observations& data, Index most_components, const NoiseOptions& noise,
                   std::uint64_t seed, Workers& workers, Monitor& monitor) {
  Sample sample;
  std::vector<Index> rows = data.rows();
  const Index most = std::max(sample_rows, rows_each * most_components);
  if (static_cast<Index>(rows.size()) > most) {
    thin(data, most, seed, &rows);
    sample.observations = std::make_unique<Observations>(data, rows);
  }
  sample.points = data.points(rows);
  std::vector<bool> is_noise = initial_noise(sample.points, rows, noise, seed, workers, monitor);
  // Starts need a row for each component.
  const auto n_kept = std::count(is_noise.begin(), is_noise.end(), false);
  if (n_kept < most_components) is_noise.assign(rows.size(), false);
  std::vector<Index> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_noise[i] && data.label(rows[i]) < 0) continue;
    kept.push_back(static_cast<Index>(i));
    sample.rows.push_back(rows[i]);
    if (data.has_labels()) sample.labels.push_back(data.label(rows[i]));
  }
  if (kept.size() < rows.size()) sample.points = select_columns(sample.points, kept);
  sample.weights.resize(sample.points.cols());
  for (Index i = 0; i < sample.weights.size(); ++i) {
    sample.weights[i] = data.weight(sample.rows[static_cast<std::size_t>(i)]);
  }
  return sample;
}

}  // namespace gmvae

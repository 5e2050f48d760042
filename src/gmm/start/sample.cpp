#include "gmm/start/sample.h"

#include <algorithm>
#include <utility>

#include "core/rng.h"
#include "core/select.h"
#include "gmm/start/initial_noise.h"
#include "gmm/start/purpose.h"

namespace gmvae {

namespace {

constexpr Index sample_rows = 4000;          // of larger data
constexpr Index rows_each = 10;              // but at least so many for a component
constexpr Index many_rows = Index{1} << 24;  // are not listed: that would take 8 bytes for each

// At most so many rows, half of them at most labelled ones; ascending.
void thin(const Observations& data, Index most, std::uint64_t seed, std::vector<Index>* rows) {
  RngStream(seed, mixture_start, 4, 0).shuffle(*rows);
  const auto labelled = std::stable_partition(rows->begin(), rows->end(),
                                              [&](Index row) { return data.label(row) >= 0; });
  if (labelled - rows->begin() > most / 2) rows->erase(rows->begin() + most / 2, labelled);
  rows->resize(std::min(static_cast<std::size_t>(most), rows->size()));
  std::sort(rows->begin(), rows->end());
}

// The same of rows too many to be listed: those with the smallest random numbers.
std::vector<Index> thin_many(const Observations& data, Index most, std::uint64_t seed,
                             Monitor& monitor) {
  using Draw = std::pair<std::uint64_t, Index>;
  std::vector<Draw> labelled, others;  // heaps, the largest first
  const auto add = [](const Draw& draw, Index size, std::vector<Draw>* heap) {
    if (static_cast<Index>(heap->size()) == size) {
      if (draw > heap->front()) return;
      std::pop_heap(heap->begin(), heap->end());
      heap->pop_back();
    }
    heap->push_back(draw);
    std::push_heap(heap->begin(), heap->end());
  };
  data.for_rows([&](Index row) {
    if (row % 1000000 == 0) monitor.poll();
    RngStream rng(seed, mixture_start, 5, static_cast<std::uint64_t>(row));
    const std::uint64_t high = rng.bits();
    const Draw draw(high << 32 | rng.bits(), row);
    if (data.label(row) >= 0) {
      add(draw, most / 2, &labelled);
    } else {
      add(draw, most, &others);
    }
  });
  std::sort(others.begin(), others.end());
  others.resize(std::min(others.size(), static_cast<std::size_t>(most) - labelled.size()));
  std::vector<Index> rows;
  for (const Draw& draw : labelled) rows.push_back(draw.second);
  for (const Draw& draw : others) rows.push_back(draw.second);
  std::sort(rows.begin(), rows.end());
  return rows;
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
  std::vector<Index> rows;
  const Index most = std::max(sample_rows, rows_each * most_components);
  if (data.n_rows() > many_rows) {
    rows = thin_many(data, most, seed, monitor);
  } else {
    rows = data.rows();
    if (data.n_rows() > most) thin(data, most, seed, &rows);
  }
  if (data.n_rows() > most) sample.observations = std::make_unique<Observations>(data, rows);
  sample.points = data.points(rows);
  std::vector<bool> is_noise = initial_noise(sample.points, rows, noise, seed, workers, monitor);
  // Starts need a row for each component.
  const auto n_kept = std::count(is_noise.begin(), is_noise.end(), false);
  if (n_kept < most_components) is_noise.assign(rows.size(), false);
  std::vector<Index> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_noise[i] && data.label(rows[i]) < 0) continue;
    kept.push_back(static_cast<Index>(i));
    sample.rows.push_back(sample.observations ? static_cast<Index>(i) : rows[i]);
    if (data.has_labels()) sample.labels.push_back(data.label(rows[i]));
  }
  if (kept.size() < rows.size()) sample.points = select_columns(sample.points, kept);
  sample.weights.resize(sample.points.cols());
  for (Index i = 0; i < sample.weights.size(); ++i) {
    sample.weights[i] =
        data.weight(rows[static_cast<std::size_t>(kept[static_cast<std::size_t>(i)])]);
  }
  return sample;
}

}  // namespace gmvae

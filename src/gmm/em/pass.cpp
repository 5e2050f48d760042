#include "gmm/em/pass.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "core/denormals.h"
#include "core/error.h"
#include "gmm/em/complete_rows.h"
#include "gmm/em/incomplete_rows.h"

namespace gmvae {

namespace {

constexpr Index slot_groups = 8;        // groups of rows that make a slot worth its while
constexpr Index min_slots = 4;          // partial sums of a pass of many, whatever the threads ...
constexpr Index max_slots = 32;         // ... and fewer where they are large
constexpr Index slot_bytes = 64 << 20;  // of all slots, beyond min_slots
constexpr double section_flops = 2e9;   // between two looks at the monitor: below a second

// Part of a pattern's rows, few enough for one group.
struct Piece {
  const Pattern* pattern;
  Index first, n;
};

std::vector<Piece> pieces_of(const std::vector<Pattern>& patterns) {
  std::vector<Piece> pieces;
  for (const Pattern& pattern : patterns) {
    const Index n = static_cast<Index>(pattern.rows.size());
    for (Index first = 0; first < n; first += IncompleteRows::good_size) {
      pieces.push_back({&pattern, first, std::min(IncompleteRows::good_size, n - first)});
    }
  }
  return pieces;
}

// Slots first, ..., end - 1 of the n of a pass.
struct Slots {
  Index n, first, end;
};

Slots all_slots(Index n) { return {n, 0, n}; }

// fn(slot, from, to) for each of the slots, each of which has its share of 0, ..., n_items - 1.
template <typename Fn>
void share_out(const Slots& slots, Index n_items, Index share, Workers& workers, Fn&& fn) {
  const Index end = std::min(slots.end, n_blocks(n_items, share));
  const auto job = [&](Index block) {
    const Index slot = slots.first + block, begin = slot * share;
    fn(slot, begin, std::min(begin + share, n_items));
  };
  if (end > slots.first) workers.run(end - slots.first, job, Share::nearby);
}

// Calls fn(slot, group) for each group of rows of the slots, the groups of a slot in order and by
// one thread at a time, so that sums per slot have the same bits whatever the threads.
template <typename Fn>
void for_each_group(const Observations& data, const Slots& slots, double flops_per_row,
                    Workers& workers, Monitor& monitor, Fn&& fn) {
  const Index n_slots = slots.n;
  const Index size = CompleteRows::good_size(data.n_dimensions()), round = n_slots * size;
  const Index section =
      std::max(static_cast<Index>(section_flops / flops_per_row) / round * round, round);
  for (Index begin = 0; begin < data.n_complete(); begin += section) {
    const Index end = std::min(begin + section, data.n_complete());
    const Index share = n_blocks(n_blocks(end - begin, size), n_slots) * size;
    share_out(slots, end - begin, share, workers, [&](Index slot, Index from, Index to) {
      thread_local CompleteRows group;  // its memory is used again
      for (Index i = begin + from; i < begin + to; i += size) {
        group.read(data, i, std::min(size, begin + to - i));
        fn(slot, group);
      }
    });
    monitor.poll();
  }
  const std::vector<Piece> pieces = pieces_of(data.patterns());
  const Index n_pieces = static_cast<Index>(pieces.size());
  const Index batch = std::max<Index>(round / IncompleteRows::good_size, n_slots);
  for (Index begin = 0; begin < n_pieces; begin += batch) {
    const Index end = std::min(begin + batch, n_pieces);
    share_out(slots, end - begin, n_blocks(end - begin, n_slots), workers,
              [&](Index slot, Index from, Index to) {
      IncompleteRows group;
      for (Index i = begin + from; i < begin + to; ++i) {
        const Piece& piece = pieces[static_cast<std::size_t>(i)];
        group.read(data, *piece.pattern, piece.first, piece.n);
        fn(slot, group);
      }
    });
    monitor.poll();
  }
}

double flops_per_row(const Frame& frame) {
  const Index d = frame.n_dimensions();
  return static_cast<double>(4 * d * frame.n_components() * (d + 10));
}

// Slots for the partial sums of a pass.
Index slot_count(const Observations& data, Index sum_size) {
  const Index bytes = sum_size * static_cast<Index>(sizeof(double));
  const Index groups = n_blocks(data.n_rows(), CompleteRows::good_size(data.n_dimensions()));
  if (data.n_shards() > 0) return std::min(data.n_shards(), groups);
  return std::min(std::clamp(slot_bytes / bytes, min_slots, max_slots),
                  n_blocks(groups, slot_groups));
}

}  // namespace

namespace {

// expect(group) gives the rows of a group their responsibilities.  Returns the sums of each slot.
template <typename Fn>
std::vector<Statistics> slot_sums(const Observations& data, const Frame& frame, Scatter kind,
                                  const Slots& slots, Workers& workers, Monitor& monitor,
                                  Fn&& expect) {
  Statistics zero;
  zero.set_zero(frame, kind);
  std::vector<Statistics> sums(static_cast<std::size_t>(slots.end - slots.first), zero);
  for_each_group(data, slots, flops_per_row(frame), workers, monitor,
                 [&](Index slot, RowGroup& group) {
    expect(group);
    group.add_to(sums[static_cast<std::size_t>(slot - slots.first)], data, frame);
  });
  return sums;
}

Statistics total(std::vector<Statistics> sums) {
  for (std::size_t slot = 1; slot < sums.size(); ++slot) sums[0] += sums[slot];
  return std::move(sums[0]);
}

Index statistics_slots(const Observations& data, const Frame& frame, Scatter kind) {
  Statistics zero;
  zero.set_zero(frame, kind);
  return slot_count(data, zero.scatter.size() + zero.sums.size());
}

template <typename Fn>
Statistics gather_by(const Observations& data, const Frame& frame, Scatter kind, Workers& workers,
                     Monitor& monitor, Fn&& expect) {
  const Slots all = all_slots(statistics_slots(data, frame, kind));
  return total(slot_sums(data, frame, kind, all, workers, monitor, expect));
}

// The sums of a task by other processes, checked for their number.
std::vector<double> sums_elsewhere(const Observations& data, const PassTask& task) {
  std::vector<double> sums = data.elsewhere()->sums(task);
  if (static_cast<Index>(sums.size()) != task.n_shards * n_sums(task)) {
    throw std::runtime_error("Other processes returned another number of sums than asked for.");
  }
  return sums;
}

}  // namespace

Statistics gather(const Observations& data, const Frame& frame, Scatter kind, const Given* given,
                  Workers& workers, Monitor& monitor) {
  if (data.elsewhere() != nullptr && given == nullptr) {
    const PassTask task{PassTask::What::statistics, kind, statistics_slots(data, frame, kind),
                        frame};
    const std::vector<double> sums = sums_elsewhere(data, task);
    std::vector<Statistics> slots;
    for (Index slot = 0; slot < task.n_shards; ++slot) {
      slots.push_back(to_statistics(sums.data() + slot * n_sums(task), task));
    }
    monitor.poll();
    return total(std::move(slots));
  }
  return gather_by(data, frame, kind, workers, monitor, [&](RowGroup& group) {
    if (given != nullptr) return group.assign(*given, frame);
    group.log_densities(frame);
    group.normalise(data, frame);
  });
}

Statistics gather_halves(const Observations& data, const Frame& frame, const Eigen::MatrixXd& axes,
                         Scatter kind, Workers& workers, Monitor& monitor) {
  return gather_by(data, frame, kind, workers, monitor, [&](RowGroup& group) {
    group.log_densities(frame);
    group.normalise(data, frame);
    group.cut(frame, axes);
  });
}

Index count_slots(const Observations& data, Index size) { return slot_count(data, size); }

void visit_groups(const Observations& data, const Frame& frame, Index n_slots, Workers& workers,
                  Monitor& monitor, const std::function<void(Index, const RowGroup&)>& visit) {
  for_each_group(data, all_slots(n_slots), flops_per_row(frame), workers, monitor,
                 [&](Index slot, RowGroup& group) {
    group.log_densities(frame);
    group.normalise(data, frame);
    visit(slot, group);
  });
}

namespace {

// Writes what is wanted of one group.
double write(const RowGroup& group, const Observations& data, const Frame& frame,
             const Evaluation& wanted) {
  const Index n_components = frame.n_components();
  const Index n_columns = n_components + (frame.noise.on ? 1 : 0);
  double entropy = 0.0;
  for (Index i = 0; i < group.n_rows(); ++i) {
    const Index row = group.row(i);
    Index best = 0;
    const double top = group.r().row(i).head(n_columns).maxCoeff(&best);
    entropy += data.weight(row) * std::log(top);
    if (wanted.cluster) wanted.cluster[row] = best < n_components ? static_cast<int>(best) + 1 : 0;
    if (wanted.uncertainty) wanted.uncertainty[row] = 1.0 - top;
    if (wanted.log_density) wanted.log_density[row] = group.log_density()[i];
    for (Index k = 0; wanted.posterior && k < n_columns; ++k) {
      wanted.posterior[k * wanted.n + row] = group.r()(i, k);
    }
  }
  return entropy;
}

// The entropies of slots, and what is wanted of their rows.
std::vector<double> slot_entropies(const Observations& data, const Frame& frame,
                                   const Evaluation& wanted, const Slots& slots, Workers& workers,
                                   Monitor& monitor) {
  std::vector<double> entropies(static_cast<std::size_t>(slots.end - slots.first), 0.0);
  for_each_group(data, slots, flops_per_row(frame), workers, monitor,
                 [&](Index slot, RowGroup& group) {
    group.log_densities(frame);
    for (Index k = 0; wanted.components && k < frame.n_components(); ++k) {
      for (Index i = 0; i < group.n_rows(); ++i) {
        wanted.components[k * wanted.n + group.row(i)] =
            group.r()(i, k) - data.log_units(group.row(i));
      }
    }
    group.normalise(data, frame);
    entropies[static_cast<std::size_t>(slot - slots.first)] += write(group, data, frame, wanted);
    for (Index i = 0; wanted.log_density && i < group.n_rows(); ++i) {
      wanted.log_density[group.row(i)] -= data.log_units(group.row(i));
    }
    if (wanted.imputed) group.impute(data, frame, wanted.imputed, wanted.n);
  });
  return entropies;
}

}  // namespace

double evaluate(const Observations& data, const Frame& frame, const Evaluation& wanted,
                Workers& workers, Monitor& monitor) {
  const Index n_slots = slot_count(data, 1);
  const std::vector<double> entropies =
      data.elsewhere() != nullptr && wanted.n == 0
          ? sums_elsewhere(data, {PassTask::What::entropy, Scatter::full, n_slots, frame})
          : slot_entropies(data, frame, wanted, all_slots(n_slots), workers, monitor);
  double entropy = 0.0;
  for (const double part : entropies) entropy += part;
  return entropy;
}

std::vector<double> shard_sums(const Observations& data, const PassTask& task, Index first,
                               Index end, Workers& workers, Monitor& monitor) {
  const bool entropy = task.what == PassTask::What::entropy;
  ensure(task.frame.n_dimensions() == data.n_dimensions(),
         "The mixture must have as many coordinates as the rows.");
  ensure(first >= 0 && first < end && end <= task.n_shards, "Shards must be in range.");
  const FlushDenormals flush;
  const Slots slots{task.n_shards, first, end};
  if (entropy) return slot_entropies(data, task.frame, {}, slots, workers, monitor);
  std::vector<double> numbers;
  const std::vector<Statistics> sums =
      slot_sums(data, task.frame, task.kind, slots, workers, monitor, [&](RowGroup& group) {
        group.log_densities(task.frame);
        group.normalise(data, task.frame);
      });
  for (const Statistics& one : sums) append(one, &numbers);
  return numbers;
}

}  // namespace gmvae

#include "gmm/frame.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/numeric.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

using ConstMatrix = Eigen::Map<const Eigen::MatrixXd>;

constexpr double smallest_pivot = 1e-13;  // relative to the variance of the column
constexpr double largest_square = 1e300;  // of a distance: beyond, exp() is zero anyhow
constexpr Index min_slots = 4;            // partial sums of a pass, whatever the threads ...
constexpr Index max_slots = 32;           // ... and fewer where they are large
constexpr Index slot_bytes = 64 << 20;    // of all slots, beyond min_slots
constexpr Index widest_dots = 24;         // dimensions up to which dots beat tiles of a product
constexpr double section_flops = 2e9;     // between two looks at the monitor: below a second

// Rows of a block: its whitened copy (rows x dK) stays in the second-level cache.
// Fewer where even the fewest take long.
Index block_rows(Index d, Index k) {
  return std::clamp<Index>(32768 / (d * k) / 64 * 64, d * k < 4096 ? 64 : 32, 512);
}

// Slots for the partial sums of a pass over blocks of so many rows.
Index slot_count(const Frame& frame, Index blocks) {
  const Index bytes = frame.covariances.size() * static_cast<Index>(sizeof(double));
  return std::min(std::clamp(slot_bytes / bytes, min_slots, max_slots), blocks);
}

// What one block of rows needs, in memory that is used again for the next.  One column per
// component or coordinate, so that every loop runs along the rows.
struct Block {
  Index rows = 0, d = 0, k = 0;
  Eigen::MatrixXd y;         // rows x dK whitened (full), rows x d transposed (diagonal)
  Eigen::MatrixXd r;         // rows x K log-densities, then responsibilities
  Eigen::MatrixXd weighted;  // rows x d (full), rows x 1
  Eigen::ArrayXd log_density, total, value;

  void resize(Index n_rows, const Frame& frame) {
    d = frame.n_dimensions();
    k = frame.n_components();
    if (n_rows == rows) return;
    rows = n_rows;
    y.resize(rows, frame.scatter == Scatter::full ? d * k : d);
    r.resize(rows, k);
    weighted.resize(rows, frame.scatter == Scatter::full ? d : 1);
    log_density.resize(rows);
    total.resize(rows);
    value.resize(rows);
  }
};

// The k-th component's coordinates, and its squared distances into column k of r.
void whiten_full(ConstView<double> x, const Frame& frame, Block& block) {
  const Index columns = block.d * block.k;
  for (Index j = 0; j < columns; ++j) block.y.col(j).setConstant(-frame.offset[j]);
  kernels<double>().gemm(block.rows, columns, block.d, x.data, block.d, 1, frame.whiten.data(), 1,
                         block.d, block.y.data(), block.rows, true);
  for (Index k = 0; k < block.k; ++k) {
    block.r.col(k) = block.y.middleCols(k * block.d, block.d).rowwise().squaredNorm();
  }
}

auto standardised(const Frame& frame, const Block& block, Index j, Index k) {
  return (block.y.col(j).array() - frame.means(j, k)) * frame.whiten(j, k);
}

void whiten_diagonal(ConstView<double> x, const Frame& frame, Block& block) {
  block.y = ConstMatrix(x.data, block.d, block.rows).transpose();
  for (Index k = 0; k < block.k; ++k) {
    auto distance = block.r.col(k).array();
    distance.setZero();
    for (Index j = 0; j < block.d; ++j) distance += standardised(frame, block, j, k).square();
  }
}

void whiten(ConstView<double> x, const Frame& frame, Block& block) {
  block.resize(x.cols, frame);
  if (frame.scatter == Scatter::full) {
    whiten_full(x, frame, block);
  } else {
    whiten_diagonal(x, frame, block);
  }
}

// r: squared distances -> responsibilities; log_density = log sum_k exp(log-density of k).
void normalise(const Frame& frame, Block& block) {
  for (Index k = 0; k < block.k; ++k) {
    auto distance = block.r.col(k).array();
    distance =
        frame.log_constant[k] - 0.5 * (distance < largest_square).select(distance, largest_square);
  }
  auto r = block.r.array();
  block.log_density = r.col(0);
  for (Index k = 1; k < block.k; ++k) block.log_density = block.log_density.max(r.col(k));
  r.colwise() -= block.log_density;
  kernels<double>().exp(r.size(), block.r.data(), block.r.data());
  block.total = r.rowwise().sum();
  r.colwise() /= block.total;
  kernels<double>().log(block.rows, block.total.data(), block.total.data());
  block.log_density += block.total;
}

// The lower triangle of each scatter.
void add_full(Block& block, Statistics& statistics) {
  const Index d = block.d, rows = block.rows;
  for (Index k = 0; k < block.k; ++k) {
    const auto y = block.y.middleCols(k * d, d);
    auto scatter = nth_block(statistics.scatter, k);
    block.weighted = y.array().colwise() * block.r.col(k).array();
    statistics.sums.col(k) += block.weighted.colwise().sum().transpose();
    if (d > widest_dots) {
      kernels<double>().gemm(d, d, rows, block.weighted.data(), rows, 1, y.data(), 1, rows,
                             scatter.data(), d, true);
      continue;
    }
    for (Index j = 0; j < d; ++j) {
      for (Index i = j; i < d; ++i) {
        scatter(i, j) += kernels<double>().dot(rows, block.weighted.col(i).data(), &y(0, j));
      }
    }
  }
}

void add_diagonal(const Frame& frame, Block& block, Statistics& statistics) {
  for (Index k = 0; k < block.k; ++k) {
    for (Index j = 0; j < block.d; ++j) {
      block.value = standardised(frame, block, j, k);
      block.weighted = block.value * block.r.col(k).array();
      statistics.sums(j, k) += block.weighted.sum();
      statistics.scatter(j, k) += (block.weighted.array() * block.value).sum();
    }
  }
}

void add(const Frame& frame, Block& block, Statistics& statistics) {
  statistics.counts += block.r.colwise().sum().transpose();
  if (frame.scatter == Scatter::full) {
    add_full(block, statistics);
  } else {
    add_diagonal(frame, block, statistics);
  }
}

}  // namespace

bool make_frame(const Eigen::VectorXd& weights, const Eigen::MatrixXd& means,
                const Eigen::MatrixXd& covariances, Scatter scatter, Frame* frame,
                Monitor* monitor) {
  const Index d = means.rows(), n_components = means.cols();
  frame->scatter = scatter;
  frame->weights = weights;
  frame->means = means;
  frame->covariances = covariances;
  frame->log_constant = weights.array().log() - 0.5 * log_two_pi * static_cast<double>(d);
  if (scatter == Scatter::diagonal) {
    if (!(covariances.array() > 0.0).all() || !covariances.allFinite()) return false;
    frame->root = covariances.cwiseSqrt();
    frame->whiten = frame->root.cwiseInverse();
    frame->log_constant -= frame->root.array().log().matrix().colwise().sum().transpose();
    return true;
  }
  frame->root.setZero(d, d * n_components);
  frame->whiten.resize(d, d * n_components);
  frame->offset.resize(d * n_components);
  for (Index k = 0; k < n_components; ++k) {
    if (monitor != nullptr) monitor->poll();
    const auto covariance = nth_block(covariances, k);
    const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance);
    const Eigen::MatrixXd root = cholesky.matrixL();
    const auto pivots = root.diagonal().array().square();
    if (cholesky.info() != Eigen::Success || !root.allFinite() ||
        !(pivots > smallest_pivot * covariance.diagonal().array()).all()) {
      return false;
    }
    const Eigen::MatrixXd inverse =
        root.triangularView<Eigen::Lower>().solve(Eigen::MatrixXd::Identity(d, d));
    nth_block(frame->root, k) = root;
    nth_block(frame->whiten, k) = inverse.transpose();
    frame->offset.segment(k * d, d) = inverse * means.col(k);
    frame->log_constant[k] -= root.diagonal().array().log().sum();
  }
  return true;
}

double spread(const Frame& frame) {
  if (frame.scatter == Scatter::diagonal) {
    return frame.covariances.minCoeff() / frame.covariances.maxCoeff();
  }
  double smallest = std::numeric_limits<double>::infinity(), largest = 0.0;
  for (Index k = 0; k < frame.n_components(); ++k) {
    smallest = std::min(smallest, nth_block(frame.root, k).diagonal().minCoeff());
    largest = std::max(largest, nth_block(frame.covariances, k).diagonal().maxCoeff());
  }
  return smallest * smallest / largest;
}

void Statistics::set_zero(const Frame& frame) {
  loglik = 0.0;
  counts.setZero(frame.n_components());
  sums.setZero(frame.n_dimensions(), frame.n_components());
  scatter.setZero(frame.covariances.rows(), frame.covariances.cols());
}

Statistics& Statistics::operator+=(const Statistics& other) {
  loglik += other.loglik;
  counts += other.counts;
  sums += other.sums;
  scatter += other.scatter;
  return *this;
}

Moments to_moments(const Statistics& statistics, const Frame& frame, Monitor* monitor) {
  Moments moments{statistics.counts, frame.means, statistics.scatter};
  for (Index k = 0; k < frame.n_components(); ++k) {
    if (!(statistics.counts[k] > 0.0)) continue;
    const Eigen::VectorXd shift = statistics.sums.col(k) / statistics.counts[k];
    if (frame.scatter == Scatter::diagonal) {
      const auto sd = frame.root.col(k).array();
      moments.means.col(k).array() += sd * shift.array();
      moments.scatter.col(k).array() -= statistics.counts[k] * shift.array().square();
      moments.scatter.col(k).array() *= sd.square();
      continue;
    }
    if (monitor != nullptr) monitor->poll();
    const Eigen::MatrixXd root = nth_block(frame.root, k);
    auto scatter = nth_block(moments.scatter, k);
    moments.means.col(k) += root.triangularView<Eigen::Lower>() * shift;
    scatter -= statistics.counts[k] * shift * shift.transpose();
    const Eigen::MatrixXd mapped =
        root * Eigen::MatrixXd(scatter.selfadjointView<Eigen::Lower>()) * root.transpose();
    scatter = 0.5 * (mapped + mapped.transpose());
  }
  return moments;
}

Statistics gather(ConstView<double> x, const Frame& frame, const Index* labels, Workers& workers,
                  Monitor& monitor) {
  const Index d = x.rows, k = frame.n_components();
  const Index rows = block_rows(d, k);
  const double flops_per_row = static_cast<double>(4 * d * k * (d + 10));
  const Index n_slots = slot_count(frame, n_blocks(x.cols, rows)), round = n_slots * rows;
  const Index section =
      std::max(static_cast<Index>(section_flops / flops_per_row) / round * round, round);
  std::vector<Statistics> slots(static_cast<std::size_t>(n_slots));
  for (Statistics& slot : slots) slot.set_zero(frame);

  for (Index begin = 0; begin < x.cols; begin += section) {
    const Index end = std::min(begin + section, x.cols);
    const Index share = n_blocks(n_blocks(end - begin, rows), n_slots) * rows;
    parallel_blocks(workers, end - begin, share, [&](Index slot, Index from, Index to) {
      Statistics& statistics = slots[static_cast<std::size_t>(slot)];
      Block block;
      for (Index i = begin + from; i < begin + to; i += rows) {
        whiten({x.col(i), d, std::min(rows, begin + to - i)}, frame, block);
        if (labels == nullptr) {
          normalise(frame, block);
          statistics.loglik += block.log_density.sum();
        } else {
          block.r.setZero();
          for (Index row = 0; row < block.rows; ++row) block.r(row, labels[i + row]) = 1.0;
        }
        add(frame, block, statistics);
      }
    });
    monitor.poll();
  }
  for (std::size_t slot = 1; slot < slots.size(); ++slot) slots[0] += slots[slot];
  return slots[0];
}

void evaluate(ConstView<double> x, const Frame& frame, const Eigen::VectorXd& centre,
              const Eigen::VectorXd& scale, Workers& workers, double* log_density,
              double* posterior) {
  const Index d = x.rows, k = frame.n_components(), rows = block_rows(d, k);
  parallel_blocks(workers, x.cols, rows, [&](Index, Index begin, Index end) {
    const Index size = end - begin;
    Block block;
    const Eigen::MatrixXd scaled =
        scale.asDiagonal() * (ConstMatrix(x.col(begin), d, size).colwise() - centre);
    whiten({scaled.data(), d, size}, frame, block);
    normalise(frame, block);
    Eigen::Map<Eigen::ArrayXd>(log_density + begin, size) =
        block.log_density + scale.array().log().sum();
    if (posterior != nullptr) {
      Eigen::Map<Eigen::MatrixXd>(posterior + begin * k, k, size) = block.r.transpose();
    }
  });
}

}  // namespace gmvae

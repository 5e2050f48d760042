// The decoder's last layer fused with the likelihood: E = W h + b, softmax where the likelihood
// has one, log p(x), and back.   h: hidden x B, the latent where nothing is hidden   E: G x B
// The other parameters of the likelihood are a gene's, or a layer like that one of each cell.
//
// Everything runs over blocks of genes, whose slices stay in cache; sums over genes (softmax,
// log-probability, gradient of h) are added up block by block in order.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "gmvae/data/loader.h"
#include "gmvae/model/gene_parameter.h"
#include "likelihood/dispatch.h"
#include "likelihood/terms.h"
#include "likelihood/traits.h"
#include "nn/design_shift.h"
#include "nn/linear.h"

namespace gmvae {

constexpr Index gene_block = 240;  // whole tiles of the matrix product, for every kernel set

// Logarithms of inverse dispersions and variances: beyond, the likelihood is flat.
constexpr double least_log_scale = -7, largest_log_scale = 9;

// The non-zeros of a few cells in a block of genes, side by side for a vector kernel.
template <typename T>
struct NonZeros {
  static constexpr Index most_cells = 8, most = most_cells * gene_block;
  std::int32_t gene[most];
  T x[most], scale[most], zero_inflation[most], mean[most];
  T log_prob[most], d_mean[most], d_scale[most], d_zero_inflation[most];
};

// G x B unless said otherwise; n_blocks is that of genes.
template <typename T>
struct HeadCache {
  std::vector<T> mean, d_mean;  // see Terms; d_mean ends as the gradient of E
  std::vector<T> zero_inflation, d_zero_inflation;
  std::vector<T> scale, d_scale;       // G, or G x B where it varies by cell
  std::vector<T> top, sum;             // B x n_blocks: softmax of each block
  std::vector<T> factor;               // B x n_blocks: what turns it into a mean
  std::vector<double> log_prob;        // B x n_blocks
  std::vector<T> slope;                // B x n_blocks: sum of d log p / d log mu
  std::vector<T> total_slope;          // B
  std::vector<T> d_hidden;             // n_blocks of hidden x B
  std::vector<T> d_cluster;            // n_blocks of K x B
  std::vector<NonZeros<T>> non_zeros;  // n_blocks
};

// What a head is to the network, whatever its likelihood.
template <typename T>
class Head {
 public:
  const Index hidden, n_clusters, n_genes;
  const Linear mean;
  const DesignShift shift;
  const GeneParameter zero_inflation, log_scale;

  // prefix: before the names of the parameters.
  Head(ParamLayout& layout, const ModelShape& shape, const ModalityShape& modality,
       const LikelihoodTraits& likelihood, const std::string& prefix = "")
      : hidden(shape.n_decoded()), n_clusters(shape.k), n_genes(modality.n_genes),
        mean(layout, prefix + "decoder.mean", hidden, n_genes),
        shift(layout, prefix + "decoder.mean.design", n_genes, shape.n_design),
        zero_inflation(layout, prefix + "decoder.zero_inflation", shape, modality.zero_inflation,
                       likelihood.has_zero_inflation ? n_genes : 0),
        log_scale(layout, prefix + "decoder.log_scale", shape, modality.dispersion,
                  likelihood.has_scale ? n_genes : 0) {}
  virtual ~Head() = default;

  // Whether a parameter depends on the clusters of a cell.
  bool uses_clusters() const {
    return (zero_inflation.layer.out > 0 && zero_inflation.by == VariesBy::gene_cluster) ||
           (log_scale.layer.out > 0 && log_scale.by == VariesBy::gene_cluster);
  }

  // Keeps the genes' own log scales where the likelihood is not flat.
  void clamp(T* params) const {
    T* bias = params + log_scale.layer.bias;
    constexpr T least = static_cast<T>(least_log_scale);
    constexpr T largest = static_cast<T>(largest_log_scale);
    for (Index g = 0; g < log_scale.layer.out; ++g) {
      bias[g] = bias[g] < least ? least : bias[g] > largest ? largest : bias[g];
    }
  }

  // log p(x) of each cell into log_prob (B).  Without `gradient` no backward() may follow: slopes
  // of all cells are written over each other, which spares the cache.
  virtual void forward(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                       const CellBlock<T>& cells, bool gradient, HeadCache<T>& cache,
                       double* log_prob) const = 0;

  // Of weight * sum log p, after forward(): adds to d_params, overwrites d_h and, where clusters
  // matter, d_cluster (K x B).
  virtual void backward(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                        const CellBlock<T>& cells, HeadCache<T>& cache, T weight, T* d_params,
                        View<T> d_h, View<T> d_cluster) const = 0;

  // Expected values of all genes, G x B, into cache.mean; zero_inflation and scale as forward()
  // does.
  virtual void expected(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                        const CellBlock<T>& cells, HeadCache<T>& cache) const = 0;
};

template <typename Likelihood, typename T>
class OutputHead : public Head<T> {
  using Base = Head<T>;

 public:
  using Base::hidden, Base::log_scale, Base::mean, Base::n_clusters, Base::n_genes, Base::shift,
      Base::uses_clusters, Base::zero_inflation;

  OutputHead(ParamLayout& layout, const ModelShape& shape, const ModalityShape& modality,
             const std::string& prefix = "")
      : Base(layout, shape, modality, traits_of<Likelihood>(), prefix) {}

  void forward(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
               const CellBlock<T>& cells, bool gradient, HeadCache<T>& cache,
               double* log_prob) const override {
    const Index n_cells = input.hidden.cols, blocks = n_blocks(n_genes, gene_block);
    resize(n_cells, cache);
    if (Likelihood::has_scale) {
      std::fill(cache.d_scale.begin(), cache.d_scale.end(), T(0));
      if (!log_scale.per_cell()) {
        compute.kernels.exp(n_genes, params + log_scale.layer.bias, cache.scale.data());
      }
    }
    parallel_blocks(compute.workers, n_genes, gene_block, [&](Index block, Index begin, Index end) {
      multiply(compute, params, mean, input.hidden, begin, end, cache.mean.data());
      shift.forward(compute, params, cells.design, View<T>(cache.mean.data(), n_genes, n_cells),
                    begin, end);
      if (Likelihood::has_zero_inflation) {
        compute_parameter(compute, params, zero_inflation, input, cells.design, begin, end,
                          cache.zero_inflation.data());
      }
      if (Likelihood::has_scale && log_scale.per_cell()) {
        compute_parameter(compute, params, log_scale, input, cells.design, begin, end,
                          cache.scale.data());
        exp_of_bounded(compute, n_cells, begin, end, cache.scale.data());
      }
      if (!Likelihood::softmax) return;
      for (Index j = 0; j < n_cells; ++j) {
        T* e = cache.mean.data() + j * n_genes + begin;
        const T top = compute.kernels.max(end - begin, e);
        cache.top[at(block, j, n_cells)] = top;
        cache.sum[at(block, j, n_cells)] = compute.kernels.sum_exp(end - begin, e, top, e);
      }
    });
    if (Likelihood::softmax) scale_softmax(cells, blocks, cache);
    parallel_blocks(compute.workers, n_genes, gene_block, [&](Index block, Index begin, Index end) {
      for (Index j = 0; j < n_cells; ++j) {
        const std::size_t place = at(block, j, n_cells);
        cache.log_prob[place] = static_cast<double>(Likelihood::zeros(
            compute.kernels, zero_run(j, begin, end, cache.factor[place], gradient, cache)));
      }
      for (Index j = 0; j < n_cells; j += NonZeros<T>::most_cells) {
        const Index last = std::min(j + NonZeros<T>::most_cells, n_cells);
        add_counts(compute, cells, block, begin, end, j, last, gradient, cache);
      }
      if (!Likelihood::softmax || !gradient) return;
      for (Index j = 0; j < n_cells; ++j) {
        cache.slope[at(block, j, n_cells)] =
            compute.kernels.sum(end - begin, cache.d_mean.data() + j * n_genes + begin);
      }
    });
    for (Index j = 0; j < n_cells; ++j) {
      log_prob[j] = 0;
      T slope = 0;
      for (Index block = 0; block < blocks; ++block) {
        log_prob[j] += cache.log_prob[at(block, j, n_cells)];
        slope += cache.slope[at(block, j, n_cells)];
      }
      cache.total_slope[static_cast<std::size_t>(j)] = slope;
    }
  }

  void backward(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                const CellBlock<T>& cells, HeadCache<T>& cache, T weight, T* d_params, View<T> d_h,
                View<T> d_cluster) const override {
    const Index n_cells = input.hidden.cols, blocks = n_blocks(n_genes, gene_block);
    parallel_blocks(compute.workers, n_genes, gene_block, [&](Index block, Index begin, Index end) {
      for (Index j = 0; j < n_cells; ++j) {
        T* d = cache.d_mean.data() + j * n_genes + begin;
        if (Likelihood::softmax) {
          // d log p / d E_g = d log p / d log mu_g - rho_g sum of the slopes, rho = mu / size
          const std::size_t jj = static_cast<std::size_t>(j);
          compute.kernels.softmax_slope(end - begin, weight, cache.total_slope[jj] / cells.size[jj],
                                        cache.mean.data() + j * n_genes + begin, d);
        } else {
          compute.kernels.scale(end - begin, weight, d);
        }
        if (Likelihood::has_zero_inflation) {
          compute.kernels.scale(end - begin, weight,
                                cache.d_zero_inflation.data() + j * n_genes + begin);
        }
      }
      T* d_hidden = cache.d_hidden.data() + block * hidden * n_cells;
      T* d_clusters = nullptr;
      if (uses_clusters()) {
        d_clusters = cache.d_cluster.data() + block * n_clusters * n_cells;
        std::fill(d_clusters, d_clusters + n_clusters * n_cells, T(0));
      }
      multiply_back(compute, params, mean, input.hidden, cache.d_mean.data(), begin, end, d_params,
                    d_hidden, false);
      shift.backward(compute, cells.design, ConstView<T>(cache.d_mean.data(), n_genes, n_cells),
                     begin, end, d_params);
      const auto back = [&](const GeneParameter& parameter, const T* d) {
        T* d_input = parameter.by == VariesBy::gene_cell      ? d_hidden
                     : parameter.by == VariesBy::gene_cluster ? d_clusters
                                                              : nullptr;
        multiply_back(compute, params, parameter.layer, parameter.input(input), d, begin, end,
                      d_params, d_input, true);
        parameter.shift.backward(compute, cells.design, ConstView<T>(d, n_genes, n_cells), begin,
                                 end, d_params);
      };
      if (Likelihood::has_zero_inflation) back(zero_inflation, cache.d_zero_inflation.data());
      if (Likelihood::has_scale && log_scale.per_cell()) {
        back_to_bounded(n_cells, begin, end, weight, cache);
        back(log_scale, cache.d_scale.data());
      } else if (Likelihood::has_scale) {
        compute.kernels.axpy(end - begin, weight, cache.d_scale.data() + begin,
                             d_params + log_scale.layer.bias + begin);
      }
    });
    add_up(compute, cache.d_hidden, blocks, d_h);
    if (uses_clusters()) add_up(compute, cache.d_cluster, blocks, d_cluster);
  }

  void expected(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                const CellBlock<T>& cells, HeadCache<T>& cache) const override {
    std::vector<double> ignored(static_cast<std::size_t>(input.hidden.cols));
    forward(compute, params, input, cells, false, cache, ignored.data());
    for (T& value : cache.mean) value = Likelihood::expected(value);
    if (Likelihood::has_zero_inflation) {
      for (std::size_t i = 0; i < cache.mean.size(); ++i)
        cache.mean[i] *= sigmoid(-cache.zero_inflation[i]);
    }
  }

 private:
  // Cells of a block side by side, so that threads don't write to the same cache lines.
  static std::size_t at(Index block, Index cell, Index n_cells) {
    return static_cast<std::size_t>(block * n_cells + cell);
  }

  void resize(Index n_cells, HeadCache<T>& cache) const {
    const Index blocks = n_blocks(n_genes, gene_block);
    const std::size_t all = static_cast<std::size_t>(n_genes * n_cells);
    const std::size_t parts = static_cast<std::size_t>(blocks * n_cells);
    cache.mean.resize(all);
    cache.d_mean.resize(all);
    if (Likelihood::has_zero_inflation) {
      cache.zero_inflation.resize(all);
      cache.d_zero_inflation.resize(all);
    }
    if (Likelihood::has_scale) {
      cache.scale.resize(log_scale.per_cell() ? all : static_cast<std::size_t>(n_genes));
      cache.d_scale.resize(cache.scale.size());
    }
    for (std::vector<T>* part : {&cache.top, &cache.sum, &cache.factor, &cache.slope}) {
      part->resize(parts);
    }
    cache.log_prob.resize(parts);
    cache.non_zeros.resize(static_cast<std::size_t>(blocks));
    cache.total_slope.resize(static_cast<std::size_t>(n_cells));
    cache.d_hidden.resize(static_cast<std::size_t>(hidden) * parts);
    if (uses_clusters()) cache.d_cluster.resize(static_cast<std::size_t>(n_clusters) * parts);
  }

  // Where the scales of a cell begin.
  Index scale_offset(Index cell) const { return log_scale.per_cell() ? cell * n_genes : 0; }

  // Sums of the blocks' parts, each like `sum`.
  static void add_up(const Compute<T>& compute, const std::vector<T>& parts, Index blocks,
                     View<T> sum) {
    parallel_blocks(compute.workers, sum.cols, grain(sum.cols, sum.rows * blocks, 32),
                    [&](Index, Index begin, Index end) {
      const Index n = (end - begin) * sum.rows;
      std::fill(sum.col(begin), sum.col(begin) + n, T(0));
      for (Index block = 0; block < blocks; ++block) {
        compute.kernels.axpy(n, T(1), parts.data() + (block * sum.cols + begin) * sum.rows,
                             sum.col(begin));
      }
    });
  }

  // Log scales of genes [begin, end) become scales.
  void exp_of_bounded(const Compute<T>& compute, Index n_cells, Index begin, Index end,
                      T* scale) const {
    for (Index j = 0; j < n_cells; ++j) {
      T* s = scale + j * n_genes + begin;
      for (Index g = 0; g < end - begin; ++g) {
        s[g] = std::min(std::max(s[g], static_cast<T>(least_log_scale)),
                        static_cast<T>(largest_log_scale));
      }
      compute.kernels.exp(end - begin, s, s);
    }
  }

  // d log p / d scale becomes the weighted gradient of the log scale: none at the bounds.
  void back_to_bounded(Index n_cells, Index begin, Index end, T weight, HeadCache<T>& cache) const {
    const T least = static_cast<T>(std::exp(least_log_scale) * (1 + 1e-5));
    const T largest = static_cast<T>(std::exp(largest_log_scale) * (1 - 1e-5));
    for (Index j = 0; j < n_cells; ++j) {
      const T* scale = cache.scale.data() + j * n_genes;
      T* d_scale = cache.d_scale.data() + j * n_genes;
      for (Index g = begin; g < end; ++g) {
        d_scale[g] = scale[g] > least && scale[g] < largest ? weight * d_scale[g] : T(0);
      }
    }
  }

  // Rows [begin, end) of a parameter that varies, before it is bounded: G x B.
  void compute_parameter(const Compute<T>& compute, const T* params, const GeneParameter& parameter,
                         const HeadInput<T>& input, const Design& design, Index begin, Index end,
                         T* y) const {
    multiply(compute, params, parameter.layer, parameter.input(input), begin, end, y);
    parameter.shift.forward(compute, params, design, View<T>(y, n_genes, input.hidden.cols), begin,
                            end);
  }

  // Rows [begin, end) of W x + b; without inputs x, of b alone.
  void multiply(const Compute<T>& compute, const T* params, const Linear& layer, ConstView<T> x,
                Index begin, Index end, T* y) const {
    if (layer.in > 0) {
      compute.kernels.gemm(end - begin, x.cols, layer.in, params + layer.weight + begin, 1, n_genes,
                           x.data, 1, layer.in, y + begin, n_genes, false);
    }
    for (Index j = 0; j < x.cols; ++j) {
      if (layer.in == 0) std::fill(y + j * n_genes + begin, y + j * n_genes + end, T(0));
      compute.kernels.axpy(end - begin, T(1), params + layer.bias + begin, y + j * n_genes + begin);
    }
  }

  // d W += d_y x' and d b for those rows; d_x (like x), unless it is null, = or += W' d_y.
  void multiply_back(const Compute<T>& compute, const T* params, const Linear& layer,
                     ConstView<T> x, const T* d_y, Index begin, Index end, T* d_params, T* d_x,
                     bool add) const {
    for (Index j = 0; j < x.cols; ++j) {
      compute.kernels.axpy(end - begin, T(1), d_y + j * n_genes + begin,
                           d_params + layer.bias + begin);
    }
    if (layer.in == 0) return;
    compute.kernels.gemm(end - begin, layer.in, x.cols, d_y + begin, 1, n_genes, x.data, layer.in,
                         1, d_params + layer.weight + begin, n_genes, true);
    if (!d_x) return;
    compute.kernels.gemm(layer.in, x.cols, end - begin, params + layer.weight + begin, n_genes, 1,
                         d_y + begin, 1, n_genes, d_x, layer.in, add);
  }

  // The factor that turns each block's exp(e - top) into a mean: size exp(top) / sum.
  void scale_softmax(const CellBlock<T>& cells, Index blocks, HeadCache<T>& cache) const {
    const Index n_cells = cells.n_cells();
    for (Index j = 0; j < n_cells; ++j) {
      T highest = cache.top[at(0, j, n_cells)], sum = 0;
      for (Index block = 1; block < blocks; ++block) {
        highest = std::max(highest, cache.top[at(block, j, n_cells)]);
      }
      for (Index block = 0; block < blocks; ++block) {
        T& share = cache.factor[at(block, j, n_cells)];
        share = std::exp(cache.top[at(block, j, n_cells)] - highest);
        sum += share * cache.sum[at(block, j, n_cells)];
      }
      const T size = cells.size[static_cast<std::size_t>(j)];
      for (Index block = 0; block < blocks; ++block) {
        T& factor = cache.factor[at(block, j, n_cells)];
        factor = size * factor / sum;
      }
    }
  }

  // What the non-zeros of cells [first, last) add to genes [begin, end), taken as zeros before.
  void add_counts(const Compute<T>& compute, const CellBlock<T>& cells, Index block, Index begin,
                  Index end, Index first, Index last, bool gradient, HeadCache<T>& cache) const {
    NonZeros<T>& some = cache.non_zeros[static_cast<std::size_t>(block)];
    Index ends[NonZeros<T>::most_cells], n = 0;
    for (Index j = first; j < last; ++j) {
      const std::int32_t* genes = cells.gene.data();
      const std::int32_t* stop = genes + cells.start[static_cast<std::size_t>(j) + 1];
      const std::int32_t* entry = std::lower_bound(genes + cells.start[static_cast<std::size_t>(j)],
                                                   stop, static_cast<std::int32_t>(begin));
      const T* count = cells.count.data() + (entry - genes);
      const T* mean_of = cache.mean.data() + j * n_genes;
      const T* zero_inflation_of =
          Likelihood::has_zero_inflation ? cache.zero_inflation.data() + j * n_genes : nullptr;
      for (; entry != stop && *entry < end; ++entry, ++count, ++n) {
        some.gene[n] = *entry;
        some.x[n] = *count;
        some.mean[n] = mean_of[*entry];
        if (Likelihood::has_scale) some.scale[n] = cache.scale.data()[scale_offset(j) + *entry];
        if (Likelihood::has_zero_inflation) some.zero_inflation[n] = zero_inflation_of[*entry];
      }
      ends[j - first] = n;
    }
    Likelihood::counts(compute.kernels, CountRun<T>{n, some.x, some.scale, some.zero_inflation,
                                                    some.mean, some.log_prob, some.d_mean,
                                                    some.d_scale, some.d_zero_inflation});
    Index i = 0;
    for (Index j = first; j < last; ++j) {
      T* d_mean = cache.d_mean.data() + j * n_genes;
      T* d_zero_inflation =
          Likelihood::has_zero_inflation ? cache.d_zero_inflation.data() + j * n_genes : nullptr;
      double sum = 0;
      for (; i < ends[j - first]; ++i) {
        const std::int32_t gene = some.gene[i];
        sum += static_cast<double>(some.log_prob[i]);
        if (!gradient) continue;
        d_mean[gene] += some.d_mean[i];
        if (Likelihood::has_scale) {
          cache.d_scale.data()[scale_offset(j) + gene] += some.d_scale[i];
        }
        if (Likelihood::has_zero_inflation) d_zero_inflation[gene] += some.d_zero_inflation[i];
      }
      cache.log_prob[at(block, j, cells.n_cells())] += sum;
    }
  }

  ZeroRun<T> zero_run(Index cell, Index begin, Index end, T factor, bool gradient,
                      HeadCache<T>& cache) const {
    const Index offset = cell * n_genes + begin, scale = scale_offset(cell) + begin;
    const Index d_offset = gradient ? offset : begin;
    return {end - begin,
            factor,
            Likelihood::has_scale ? cache.scale.data() + scale : nullptr,
            Likelihood::has_zero_inflation ? cache.zero_inflation.data() + offset : nullptr,
            cache.mean.data() + offset,
            cache.d_mean.data() + d_offset,
            Likelihood::has_scale ? cache.d_scale.data() + (gradient ? scale : begin) : nullptr,
            Likelihood::has_zero_inflation ? cache.d_zero_inflation.data() + d_offset : nullptr};
  }
};

// The head of the modality's likelihood, its parameters added to the layout.
template <typename T>
std::unique_ptr<Head<T>> make_head(ParamLayout& layout, const ModelShape& shape,
                                   const ModalityShape& modality, const std::string& prefix) {
  std::unique_ptr<Head<T>> head;
  with_likelihood(modality.likelihood, [&](auto likelihood) {
    head = std::make_unique<OutputHead<decltype(likelihood), T>>(layout, shape, modality, prefix);
  });
  return head;
}

extern template std::unique_ptr<Head<float>> make_head(ParamLayout&, const ModelShape&,
                                                       const ModalityShape&, const std::string&);

}  // namespace gmvae

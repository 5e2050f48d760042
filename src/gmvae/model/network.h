// Encoder and decoder with the ELBO between them; backward() is forward() read upwards.
//
//   x -> hidden layers -> m, log s2 -> z = m + s eps -> hidden layers -> log p(x | z)
//   loss = -(1 / B) sum over cells of [log p(x | z) - kl_weight (KL + label)]
// where log p(x | z) is the sum over the modalities, by their weights, and `label` is the
// cross-entropy of the cells whose label is known, see prior.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmvae/model/modality.h"
#include "gmvae/model/prior.h"
#include "gmvae/model/shape.h"
#include "nn/stack.h"

namespace gmvae {

constexpr Purpose weights_purpose{3};
constexpr Purpose noise_purpose{6};

// Sums over cells.
struct ElboTerms {
  double reconstruction = 0, kl_z = 0, kl_c = 0;
  double label = 0;  // what known labels add to the loss, beside the ELBO

  double kl() const { return kl_z + kl_c; }
  ElboTerms& operator+=(const ElboTerms& other) {
    reconstruction += other.reconstruction;
    kl_z += other.kl_z;
    kl_c += other.kl_c;
    label += other.label;
    return *this;
  }
};

// What the ELBO of a batch depends on besides parameters and cells.
struct StepSettings {
  double kl_weight;  // 0: the latent mean is decoded, without noise or prior
  std::uint64_t seed;
  Purpose purpose;       // of the noise stream ...
  Index epoch;           // ... and its epoch
  double sign = 1;       // of the noise: -1 for the other one of an antithetic pair
  bool gradient = true;  // whether backward() follows
};

// All buffers of a step, reused from batch to batch.
template <typename T>
struct Workspace {
  std::vector<T> first_linear, first_normalised, first_inverse_sd, first_output, d_first;
  std::vector<HiddenCache<T>> encoder, decoder;
  std::vector<T> mean, log_variance, raw_log_variance, noise, latent;  // D x B
  std::vector<T> d_mean, d_log_variance, d_latent, d_hidden;
  std::vector<double> gamma;              // K x B
  std::vector<T> cluster, d_cluster;      // K x B: gamma as the decoder sees it
  std::vector<double> log_prob;           // B
  std::vector<KlTerms> kl;                // B
  std::vector<MixturePrior::Work> prior;  // B
  std::vector<HeadCache<T>> heads{1};     // of each modality
  // What the modalities beside the first add to the sums of all.
  std::vector<T> first_part, d_decoded_part, d_cluster_part;
  std::vector<double> log_prob_part;
};

template <typename T>
class Network {
 public:
  explicit Network(const ModelShape& shape)
      : shape_(shape), modalities_(first_layer(layout_, shape)),
        first_norm_(layout_, "encoder1", shape.hidden.front()),
        encoder_(layout_, "encoder", shape.hidden, 2),
        mean_(layout_, "encoder.mean", shape.hidden.back(), shape.n_latent),
        log_variance_(layout_, "encoder.log_variance", shape.hidden.back(), shape.n_latent),
        decoder_(layout_, "decoder", from_latent(shape), 1, shape.n_design) {
    modalities_.front().head = make_head<T>(layout_, shape, shape.modalities.front(), "");
    for (std::size_t m = 1; m < shape.modalities.size(); ++m) {
      const std::string prefix = layer_prefix(m);
      modalities_.push_back({SparseLinear(layout_, prefix + "encoder1", shape.modalities[m].n_genes,
                                          shape.hidden.front()),
                             make_head<T>(layout_, shape, shape.modalities[m], prefix)});
    }
  }

  const ModelShape& shape() const { return shape_; }
  const ParamLayout& layout() const { return layout_; }
  const SparseLinear& first_layer() const { return modalities_.front().first; }

  // After a step: parameters stay where the likelihood is not flat.
  void clamp(std::vector<T>& params) const {
    for (const ModalityLayers<T>& modality : modalities_) modality.head->clamp(params.data());
  }

  // Weights normal with variance 2 / in before a rectifier and 1 / in elsewhere (He et al. 2015),
  // gains one, the rest zero; the decoder starts at the `levels` (G) of each modality, so at each
  // gene's overall level.
  void initialise(std::uint64_t seed, const std::vector<std::vector<double>>& levels,
                  std::vector<T>& params) const {
    params.assign(static_cast<std::size_t>(layout_.size()), T(0));
    std::uint64_t item = 0;
    const auto fill = [&](Index offset, Index out, Index in, double sd) {
      RngStream rng(seed, weights_purpose, 0, item++);
      for (Index i = 0; i < out * in; ++i) {
        params[static_cast<std::size_t>(offset + i)] = static_cast<T>(sd * rng.normal());
      }
    };
    const auto he = [&](const auto& layer, double gain) {
      fill(layer.weight, layer.out, layer.in, std::sqrt(gain / static_cast<double>(layer.in)));
    };
    const auto ones = [&](const NormRelu& norm) {
      for (Index i = 0; i < norm.size; ++i) params[static_cast<std::size_t>(norm.gain + i)] = 1;
    };
    he(modalities_.front().first, 2);
    ones(first_norm_);
    for (const Stack* stack : {&encoder_, &decoder_}) {
      for (const Linear& layer : stack->linear) he(layer, 2);
      for (const NormRelu& norm : stack->norm) ones(norm);
    }
    he(mean_, 1);
    fill(log_variance_.weight, log_variance_.out, log_variance_.in,
         0.1 / std::sqrt(static_cast<double>(log_variance_.in)));
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      if (m > 0) he(modalities_[m].first, 2);
      const Head<T>& head = *modalities_[m].head;
      fill(head.mean.weight, head.n_genes, head.hidden,
           0.1 / std::sqrt(static_cast<double>(head.hidden)));
      for (std::size_t g = 0; g < levels[m].size(); ++g) {
        params[static_cast<std::size_t>(head.mean.bias) + g] = static_cast<T>(levels[m][g]);
      }
      const Linear& zero_inflation = head.zero_inflation.layer;
      for (Index g = 0; g < zero_inflation.out; ++g) {
        params[static_cast<std::size_t>(zero_inflation.bias + g)] = T(-2);
      }
    }
  }

  // The decoder's shifts of the design's columns begin at the `levels` (G x n_design) of each
  // modality: with those of batches at zero, the latent space would learn the batches first, and
  // keep them.
  void initialise_design(const std::vector<std::vector<double>>& levels,
                         std::vector<T>& params) const {
    for (std::size_t m = 0; m < levels.size(); ++m) {
      const std::size_t weight = static_cast<std::size_t>(modalities_[m].head->shift.weight);
      for (std::size_t i = 0; i < levels[m].size(); ++i) {
        params[weight + i] = static_cast<T>(levels[m][i]);
      }
    }
  }

  // The parameters of `other`, a network of the same shape but for its number of clusters, as those
  // of this one: what belongs to single clusters begins at zero.
  std::vector<T> without_clusters(const Network& other, const std::vector<T>& params) const {
    std::vector<T> result(static_cast<std::size_t>(layout_.size()), T(0));
    const std::vector<ParamSlice>& from = other.layout_.slices();
    const std::vector<ParamSlice>& to = layout_.slices();
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (belongs_to_clusters(to[i])) continue;
      std::copy_n(params.begin() + from[i].offset, to[i].rows * to[i].cols,
                  result.begin() + to[i].offset);
    }
    return result;
  }

  // m and log s2 of each cell into the workspace, D x B.
  void encode(const Compute<T>& compute, const T* params, const CellBlocks<T>& cells,
              Workspace<T>& w) const {
    const Index n = cells.front().n_cells(), size = first_norm_.size, d = shape_.n_latent;
    resize(n, w);
    modalities_.front().first.forward(compute, params, cells.front().inputs(),
                                      as_view(w.first_linear, size, n));
    for (std::size_t m = 1; m < modalities_.size(); ++m) {
      modalities_[m].first.forward(compute, params, cells[m].inputs(),
                                   as_view(w.first_part, size, n));
      compute.kernels.axpy(size * n, T(1), w.first_part.data(), w.first_linear.data());
    }
    first_norm_.forward(compute, params, ConstView<T>(w.first_linear.data(), size, n),
                        as_view(w.first_normalised, size, n), w.first_inverse_sd.data(),
                        as_view(w.first_output, size, n));
    const ConstView<T> h =
        encoder_.forward(compute, params, ConstView<T>(w.first_output.data(), size, n), w.encoder);
    mean_.forward(compute, params, h, as_view(w.mean, d, n));
    log_variance_.forward(compute, params, h, as_view(w.raw_log_variance, d, n));
    for (std::size_t i = 0; i < w.log_variance.size(); ++i) {
      w.log_variance[i] = bounded(w.raw_log_variance[i]);
    }
  }

  // The ELBO's terms, summed over the cells; leaves in the workspace what backward() needs.
  ElboTerms forward(const Compute<T>& compute, const T* params, const CellBlocks<T>& cells,
                    const MixturePrior& prior, const StepSettings& step, Workspace<T>& w) const {
    encode(compute, params, cells, w);
    return elbo(compute, params, cells, prior, step, w);
  }

  // The same of cells that the workspace holds encoded.
  ElboTerms elbo(const Compute<T>& compute, const T* params, const CellBlocks<T>& blocks,
                 const MixturePrior& prior, const StepSettings& step, Workspace<T>& w) const {
    const CellBlock<T>& cells = blocks.front();
    const Index n = cells.n_cells(), d = shape_.n_latent, k = prior.n_components();
    w.gamma.resize(static_cast<std::size_t>(k * n));
    w.prior.resize(std::max(w.prior.size(), static_cast<std::size_t>(n)));
    parallel_blocks(compute.workers, n, cell_block, [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        sample(j, cells, step, w);
        w.kl[static_cast<std::size_t>(j)] = prior.forward(
            w.mean.data() + j * d, w.log_variance.data() + j * d,
            w.prior[static_cast<std::size_t>(j)], w.gamma.data() + j * k, cells.label_of(j));
      }
    });
    const ConstView<T> h = decoder_.forward(compute, params, ConstView<T>(w.latent.data(), d, n),
                                            w.decoder, cells.design);
    show_clusters(prior, step.kl_weight > 0, n, w);
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      std::vector<double>& log_prob = m == 0 ? w.log_prob : w.log_prob_part;
      modalities_[m].head->forward(compute, params, head_input(h, w), blocks[m], step.gradient,
                                   w.heads[m], log_prob.data());
      for (std::size_t j = 0; m > 0 && j < log_prob.size(); ++j) {
        w.log_prob[j] += shape_.modalities[m].weight * log_prob[j];
      }
    }
    ElboTerms total;
    for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
      total += {w.log_prob[j], w.kl[j].kl_z, w.kl[j].kl_c, w.kl[j].label};
    }
    return total;
  }

  // Adds the gradient of the loss to d_params, after forward() of the same batch.
  void backward(const Compute<T>& compute, const T* params, const CellBlocks<T>& cells,
                const MixturePrior& prior, const StepSettings& step, Workspace<T>& w,
                T* d_params) const {
    const Index n = cells.front().n_cells(), d = shape_.n_latent, k = prior.n_components();
    const double weight = 1.0 / static_cast<double>(n);
    const bool linear = decoder_.linear.empty();
    const View<T> d_decoded =
        as_view(linear ? w.d_latent : w.decoder.back().d_output, shape_.n_decoded(), n);
    const ConstView<T> h((linear ? w.latent : w.decoder.back().output).data(), shape_.n_decoded(),
                         n);
    heads_backward(compute, params, head_input(h, w), cells, static_cast<T>(-weight), w, d_params,
                   d_decoded);
    const bool clustered = uses_clusters() && k == shape_.k;
    decoder_.backward(compute, params, ConstView<T>(w.latent.data(), d, n), w.decoder, d_params,
                      as_view(w.d_latent, d, n), cells.front().design);
    parallel_blocks(compute.workers, n, cell_block, [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        sample_backward(j, w);
        if (step.kl_weight > 0) {
          prior.backward(w.prior[static_cast<std::size_t>(j)], w.gamma.data() + j * k,
                         step.kl_weight * weight, clustered ? w.d_cluster.data() + j * k : nullptr,
                         w.d_mean.data() + j * d, w.d_log_variance.data() + j * d);
        }
        for (Index i = j * d; i < (j + 1) * d; ++i) {
          const std::size_t ii = static_cast<std::size_t>(i);
          w.d_log_variance[ii] *= d_bounded(w.log_variance[ii]);
        }
      }
    });
    encoder_backward(compute, params, cells, w, d_params);
  }

  // Expected values, G x B, of latent points (D x B) into the mean of w.heads; cells gives the
  // sizes.
  void decode(const Compute<T>& compute, const T* params, const MixturePrior& prior,
              ConstView<T> latent, const CellBlocks<T>& cells, Workspace<T>& w) const {
    w.heads.resize(modalities_.size());
    if (uses_clusters()) {
      const std::vector<T> exact(static_cast<std::size_t>(shape_.n_latent), T(-30));
      w.gamma.resize(static_cast<std::size_t>(prior.n_components() * latent.cols));
      MixturePrior::Work work;
      for (Index j = 0; j < latent.cols; ++j) {
        prior.forward(latent.col(j), exact.data(), work, w.gamma.data() + j * prior.n_components());
      }
    }
    show_clusters(prior, true, latent.cols, w);
    const ConstView<T> h =
        decoder_.forward(compute, params, latent, w.decoder, cells.front().design);
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      modalities_[m].head->expected(compute, params, head_input(h, w), cells[m], w.heads[m]);
    }
  }

  // What a cluster has of parameters follows its new number: `order` holds the old ones.
  void reorder_clusters(const std::vector<Index>& order, std::vector<T>& params) const {
    for (const GeneParameter* parameter : parameters()) {
      if (parameter->by != VariesBy::gene_cluster) continue;
      const Index size = parameter->layer.out;
      T* weights = params.data() + parameter->layer.weight;
      const std::vector<T> before(weights, weights + size * parameter->layer.in);
      for (std::size_t to = 0; to < order.size(); ++to) {
        std::copy_n(before.data() + order[to] * size, size,
                    weights + static_cast<Index>(to) * size);
      }
    }
  }

 private:
  static constexpr Index cell_block = 32;

  // The first modality without its head, whose parameters come last.
  static std::vector<ModalityLayers<T>> first_layer(ParamLayout& layout, const ModelShape& shape) {
    std::vector<ModalityLayers<T>> first;
    first.push_back(
        {SparseLinear(layout, "encoder1", shape.modalities.front().n_genes, shape.hidden.front()),
         nullptr});
    return first;
  }

  // Those of all heads, besides the mean.
  std::vector<const GeneParameter*> parameters() const {
    std::vector<const GeneParameter*> all;
    for (const ModalityLayers<T>& modality : modalities_) {
      all.push_back(&modality.head->zero_inflation);
      all.push_back(&modality.head->log_scale);
    }
    return all;
  }

  bool uses_clusters() const {
    return std::any_of(modalities_.begin(), modalities_.end(),
                       [](const ModalityLayers<T>& m) { return m.head->uses_clusters(); });
  }

  bool belongs_to_clusters(const ParamSlice& slice) const {
    for (const GeneParameter* parameter : parameters()) {
      const Linear& layer = parameter->layer;
      if (parameter->by == VariesBy::gene_cluster && layer.out > 0 &&
          slice.offset == layer.weight && slice.cols == layer.in) {
        return true;
      }
    }
    return false;
  }

  // Gamma for the decoder; nothing while the prior has other components than there are clusters.
  void show_clusters(const MixturePrior& prior, bool on, Index n, Workspace<T>& w) const {
    if (!uses_clusters()) return;
    w.cluster.assign(static_cast<std::size_t>(shape_.k * n), T(0));
    w.d_cluster.resize(w.cluster.size());
    if (on && prior.n_components() == shape_.k) {
      std::copy_n(w.gamma.begin(), w.cluster.size(), w.cluster.begin());
    }
  }

  HeadInput<T> head_input(ConstView<T> hidden, const Workspace<T>& w) const {
    return {hidden, {w.cluster.data(), shape_.k, hidden.cols}};
  }

  // log s2 in (-8, 8), so that neither s nor 1 / s overflows and the gradient never dies.
  static T bounded(T raw) { return 8 * std::tanh(raw / 8); }
  static T d_bounded(T value) { return 1 - (value / 8) * (value / 8); }

  static std::vector<Index> from_latent(const ModelShape& shape) {
    std::vector<Index> sizes{shape.n_latent};
    sizes.insert(sizes.end(), shape.hidden_decoder.begin(), shape.hidden_decoder.end());
    return sizes;
  }

  void resize(Index n, Workspace<T>& w) const {
    const std::size_t wide = static_cast<std::size_t>(first_norm_.size * n);
    const std::size_t narrow = static_cast<std::size_t>(shape_.n_latent * n);
    for (std::vector<T>* part :
         {&w.first_linear, &w.first_normalised, &w.first_output, &w.d_first}) {
      part->resize(wide);
    }
    w.first_inverse_sd.resize(static_cast<std::size_t>(n));
    for (std::vector<T>* part : {&w.mean, &w.log_variance, &w.raw_log_variance, &w.noise, &w.latent,
                                 &w.d_mean, &w.d_log_variance, &w.d_latent}) {
      part->resize(narrow);
    }
    w.d_hidden.resize(static_cast<std::size_t>(shape_.hidden.back() * n));
    w.log_prob.resize(static_cast<std::size_t>(n));
    w.kl.resize(static_cast<std::size_t>(n));
    w.heads.resize(modalities_.size());
    if (modalities_.size() == 1) return;
    w.first_part.resize(wide);
    w.d_decoded_part.resize(static_cast<std::size_t>(shape_.n_decoded() * n));
    w.log_prob_part.resize(static_cast<std::size_t>(n));
  }

  // z = m + s eps; the noise depends on the cell and the epoch alone.
  void sample(Index j, const CellBlock<T>& cells, const StepSettings& step, Workspace<T>& w) const {
    const std::size_t d = static_cast<std::size_t>(shape_.n_latent);
    const std::size_t begin = static_cast<std::size_t>(j) * d;
    RngStream rng(step.seed, step.purpose, static_cast<std::uint32_t>(step.epoch),
                  static_cast<std::uint64_t>(cells.cell[static_cast<std::size_t>(j)]));
    for (std::size_t i = begin; i < begin + d; ++i) {
      w.noise[i] = step.kl_weight > 0 ? static_cast<T>(step.sign * rng.normal()) : T(0);
      w.latent[i] = w.mean[i] + std::exp(w.log_variance[i] / 2) * w.noise[i];
    }
  }

  void sample_backward(Index j, Workspace<T>& w) const {
    const std::size_t d = static_cast<std::size_t>(shape_.n_latent);
    const std::size_t begin = static_cast<std::size_t>(j) * d;
    for (std::size_t i = begin; i < begin + d; ++i) {
      w.d_mean[i] = w.d_latent[i];
      w.d_log_variance[i] = w.d_latent[i] * w.noise[i] * std::exp(w.log_variance[i] / 2) / 2;
    }
  }

  // The gradient of the hidden units and of gamma is the sum over the heads: the first one writes
  // it, the others add to it.
  void heads_backward(const Compute<T>& compute, const T* params, const HeadInput<T>& input,
                      const CellBlocks<T>& cells, T weight, Workspace<T>& w, T* d_params,
                      View<T> d_h) const {
    bool clustered = false;
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      const Head<T>& head = *modalities_[m].head;
      if (clustered) w.d_cluster_part.resize(w.d_cluster.size());
      std::vector<T>& d_cluster = clustered ? w.d_cluster_part : w.d_cluster;
      const View<T> d_part = m == 0 ? d_h : as_view(w.d_decoded_part, d_h.rows, d_h.cols);
      const T scaled = m == 0 ? weight : weight * static_cast<T>(shape_.modalities[m].weight);
      head.backward(compute, params, input, cells[m], w.heads[m], scaled, d_params, d_part,
                    as_view(d_cluster, shape_.k, d_h.cols));
      if (m > 0) compute.kernels.axpy(d_h.size(), T(1), d_part.data, d_h.data);
      if (clustered && head.uses_clusters()) {
        compute.kernels.axpy(static_cast<Index>(d_cluster.size()), T(1), d_cluster.data(),
                             w.d_cluster.data());
      }
      clustered = clustered || head.uses_clusters();
    }
  }

  void encoder_backward(const Compute<T>& compute, const T* params, const CellBlocks<T>& cells,
                        Workspace<T>& w, T* d_params) const {
    const Index n = cells.front().n_cells(), size = first_norm_.size, d = shape_.n_latent;
    const Index last = shape_.hidden.back();
    const bool deep = !encoder_.linear.empty();
    const ConstView<T> first_output(w.first_output.data(), size, n);
    const ConstView<T> h =
        deep ? ConstView<T>(w.encoder.back().output.data(), last, n) : first_output;
    const View<T> d_h =
        deep ? as_view(w.encoder.back().d_output, last, n) : as_view(w.d_first, size, n);
    mean_.backward(compute, params, h, ConstView<T>(w.d_mean.data(), d, n), d_params, d_h);
    log_variance_.backward(compute, params, h, ConstView<T>(w.d_log_variance.data(), d, n),
                           d_params, as_view(w.d_hidden, last, n));
    compute.kernels.axpy(d_h.size(), T(1), w.d_hidden.data(), d_h.data);
    encoder_.backward(compute, params, first_output, w.encoder, d_params,
                      as_view(w.d_first, size, n));
    first_norm_.backward(compute, params, ConstView<T>(w.first_normalised.data(), size, n),
                         w.first_inverse_sd.data(), first_output,
                         ConstView<T>(w.d_first.data(), size, n), d_params,
                         as_view(w.d_first, size, n));
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      modalities_[m].first.backward(compute, cells[m].inputs(),
                                    ConstView<T>(w.d_first.data(), size, n), d_params);
    }
  }

  ModelShape shape_;
  ParamLayout layout_;
  std::vector<ModalityLayers<T>> modalities_;
  NormRelu first_norm_;
  Stack encoder_;
  Linear mean_, log_variance_;
  Stack decoder_;
};

extern template class Network<float>;

}  // namespace gmvae

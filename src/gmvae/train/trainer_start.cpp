// What the networks begin with.
#include <algorithm>
#include <cmath>

#include "gmvae/data/design_levels.h"
#include "gmvae/train/component_weights.h"
#include "gmvae/train/trainer.h"

namespace gmvae {

namespace {

constexpr Purpose components_purpose{23};

constexpr Index most_cells = 2000;  // of more, so many evenly spread are enough
constexpr double most_share = 0.9;

}  // namespace

void Trainer::start_networks() {
  const std::vector<ModalityInput> inputs = inputs_of(modalities_, options_.shape);
  std::vector<std::vector<double>> levels, shifts;
  Index first = 0;
  for (const ModalityInput& input : inputs) {
    const RowsSource rows(source_, first, input.n_genes());
    levels.push_back(gene_levels(rows, *input.likelihood));
    if (options_.shape.n_design > 0) {
      shifts.push_back(design_levels(rows, *covariates_.design, *input.transform, *input.likelihood,
                                     levels.back()));
    }
    first += input.n_genes();
  }
  network_.initialise(options_.seed, levels, params_);
  network_.initialise_design(shifts, params_);
  if (options_.n_pcs > 0) start_encoder();
}

// Mixes weights along the principal components of the first modality into its random weights, and
// moves the mean of each unit over the cells towards zero.  The share of both is that of the latent
// dimensions for which there are components.  The rest stays random, and may find what the
// components have missed.
void Trainer::start_encoder() {
  const SparseLinear& layer = network_.first_layer();
  const double share =
      std::min(most_share, static_cast<double>(options_.n_pcs) / static_cast<double>(n_latent()));
  const std::vector<Index> sample = evenly_spread(source_.n_cells(), most_cells);
  const RowsSource rows(source_, 0, layer.in);
  const double* size = covariates_.size_of(0);
  const Design unwanted = options_.shape.n_design > 0 ? *covariates_.design : Design();
  const PrincipalComponents components(rows, size, sample, options_.n_pcs,
                                       RngStream(options_.seed, components_purpose, 0), monitor_);
  const Eigen::MatrixXd towards =
      component_weights(components, design_covariances(rows, size, unwanted, sample, monitor_),
                        layer.out, RngStream(options_.seed, components_purpose, 1));
  Eigen::Map<Eigen::MatrixXf> weights(params_.data() + layer.weight, layer.out, layer.in);
  weights = static_cast<float>(std::sqrt(1 - share)) * weights +
            (std::sqrt(share) * towards).cast<float>();
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(layer.out);
  for_blocks(sample, [&](Index) {
    network_.encode(compute_, params_.data(), blocks_, work_);
    const Eigen::Map<const Eigen::MatrixXf> units(work_.first_linear.data(), layer.out,
                                                  block().n_cells());
    for (Index j = 0; j < units.cols(); ++j) sum += units.col(j).cast<double>();
  });
  Eigen::Map<Eigen::VectorXf> bias(params_.data() + layer.bias, layer.out);
  bias -= (share / static_cast<double>(sample.size()) * sum).cast<float>();
}

}  // namespace gmvae

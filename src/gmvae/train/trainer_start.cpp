// What the networks begin with.
#include <cmath>

#include "gmvae/data/design_levels.h"
#include "gmvae/train/component_weights.h"
#include "gmvae/train/trainer.h"

namespace gmvae {

namespace {

constexpr Purpose components_purpose{23};

constexpr Index most_cells = 2000;  // of more, so many evenly spread are enough
constexpr double random_share = 0.1;

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

// The first modality's inputs meet weights of its principal components, but for a share of the
// variance of random weights, which may find what the components have missed.  Each unit of the
// first layer then has mean zero over the cells.
void Trainer::start_encoder() {
  const SparseLinear& layer = network_.first_layer();
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
  weights = static_cast<float>(std::sqrt(random_share)) * weights +
            (std::sqrt(1 - random_share) * towards).cast<float>();
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(layer.out);
  for_blocks(sample, [&](Index) {
    network_.encode(compute_, params_.data(), blocks_, work_);
    const Eigen::Map<const Eigen::MatrixXf> units(work_.first_linear.data(), layer.out,
                                                  block().n_cells());
    for (Index j = 0; j < units.cols(); ++j) sum += units.col(j).cast<double>();
  });
  Eigen::Map<Eigen::VectorXf> bias(params_.data() + layer.bias, layer.out);
  bias -= (sum / static_cast<double>(sample.size())).cast<float>();
}

}  // namespace gmvae

// Encoders that begin at principal components.
#include "gmvae/train/component_weights.h"

#include "gmvae/kinds.h"
#include "gmvae/model/fitted_model.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

namespace {

constexpr Index n_units = 4000;

struct Start {
  Cells cells{300, 4, 2, 0.3};
  MatrixSource source = cells.source();
  std::vector<Index> all = all_cells(source);
  Monitor monitor;
  PrincipalComponents components{source, cells.size.data(), all, 6, RngStream(1, testing::purpose),
                                 monitor};

  Eigen::MatrixXd weights(const Eigen::MatrixXd& unwanted) {
    return component_weights(components, unwanted, n_units, RngStream(2, testing::purpose));
  }
  Eigen::MatrixXd covariances(const Design& design) {
    return design_covariances(source, cells.size.data(), design, all, monitor);
  }
};

}  // namespace

TEST("component_weights(): random directions in the space of the components") {
  Start start;
  const Eigen::MatrixXd weights = start.weights(Eigen::MatrixXd(start.cells.n_genes, 0));
  const double n = static_cast<double>(n_units);
  CHECK_NEAR(weights.squaredNorm() / n, 2.0, 0.1);
  CHECK(std::fabs(weights.mean()) < 0.01);
  const Eigen::MatrixXd& axes = start.components.weights();
  CHECK((axes * axes.transpose() - Eigen::MatrixXd::Identity(6, 6)).norm() < 1e-10);
  const Eigen::MatrixXd along = weights * axes.transpose();  // H x L
  CHECK((along.transpose() * along / n - Eigen::MatrixXd::Identity(6, 6) / 3).norm() < 0.05);
  // Nothing but the components.
  CHECK((weights - weights * axes.transpose() * axes).norm() < 1e-10 * weights.norm());
}

TEST("component_weights(): orthogonal to what is unwanted, whose columns may depend") {
  Start start;
  const Design batch = indicators({start.cells.batch.begin(), start.cells.batch.end()}, 2);
  const Eigen::MatrixXd unwanted = start.covariances(batch);  // the columns add up to zero
  const Eigen::MatrixXd weights = start.weights(unwanted);
  CHECK((weights * unwanted).norm() < 1e-10 * weights.norm() * unwanted.norm());
  CHECK_NEAR(weights.squaredNorm() / static_cast<double>(n_units), 2.0, 0.1);
}

TEST("design_covariances(): by hand, with a factor and a measurement") {
  // Genes x cells: 1 0 0 3, 0 2 0 0; sizes 1 2 1 1.
  const int start[] = {0, 1, 2, 2, 3}, gene[] = {0, 1, 0};
  const double count[] = {1, 2, 3}, size[] = {1, 2, 1, 1};
  const MatrixSource source(start, gene, count, 2, 4);
  Design design;
  design.clear(2);
  design.column = {0, 1, 0, 1, 1, 1};
  design.value = {1, 0.5f, 1, -1, 2, 1};
  design.start = {0, 2, 4, 5, 6};
  Monitor monitor;
  const Eigen::MatrixXd found = design_covariances(source, size, design, {0, 1, 3}, monitor);
  const double one = std::log(2.0), three = std::log(4.0);
  CHECK_NEAR(found(0, 0), one / 3 - (one + three) / 3 * 2 / 3, 1e-12);
  CHECK_NEAR(found(1, 0), one / 3 - one / 3 * 2 / 3, 1e-12);
  CHECK_NEAR(found(0, 1), (0.5 * one + three) / 3 - (one + three) / 3 * 0.5 / 3, 1e-12);
  CHECK_NEAR(found(1, 1), -one / 3 - one / 3 * 0.5 / 3, 1e-12);
  CHECK(design_covariances(source, size, Design(), {0, 1}, monitor).cols() == 0);
}

TEST("trainer: an encoder that begins at components tells groups apart, about its mean") {
  const Simulated data = simulate();
  const MatrixSource source = data.source();
  TrainOptions o = options();
  Workers workers(2);
  Monitor monitor;
  const Index n_units = o.shape.hidden.front();
  // Means of the units over the cells (H), their biases, and the share of their variance that is
  // between groups.
  const auto first_layer = [&](Index n_pcs, Eigen::VectorXd& mean, Eigen::VectorXd& bias) {
    o.n_pcs = n_pcs;
    const Trainer trainer(source, {data.size.data()}, o, workers, monitor);
    const FittedModel model = trainer.model();
    const Network<float> network(model.shape);
    CellLoader<float> loader(source, {data.size.data()}, inputs_of(model.modalities, model.shape),
                             workers);
    CellBlocks<float> blocks;
    const std::vector<Index> cells = all_cells(source);
    loader.load(cells.data(), data.n_cells, blocks);
    Workspace<float> work;
    network.encode({kernels<float>(), workers}, model.params.data(), blocks, work);
    const Eigen::MatrixXd units =
        Eigen::Map<Eigen::MatrixXf>(work.first_linear.data(), n_units, data.n_cells).cast<double>();
    mean = units.rowwise().mean();
    bias =
        Eigen::Map<const Eigen::VectorXf>(model.params.data() + network.first_layer().bias, n_units)
            .cast<double>();
    Eigen::MatrixXd by_group = Eigen::MatrixXd::Zero(n_units, 3);
    for (Index i = 0; i < data.n_cells; ++i) {
      by_group.col(data.group[static_cast<std::size_t>(i)]) += units.col(i) / 50;
    }
    return 50 * (by_group.colwise() - mean).squaredNorm() / (units.colwise() - mean).squaredNorm();
  };
  Eigen::VectorXd mean, bias;
  const double random = first_layer(0, mean, bias);
  CHECK(bias.norm() == 0);
  CHECK(mean.norm() > 1);
  // Within groups: the share of the components is 0.9, or a quarter of the four dimensions.
  const double components = first_layer(4, mean, bias);
  CHECK(1 - components < (1 - random) / 2);
  CHECK((mean + bias / 9).norm() < 1e-4 * bias.norm());
  first_layer(1, mean, bias);
  CHECK((mean + bias * 3).norm() < 1e-4 * bias.norm());
}

TEST("trainer: components find the groups, with the same bits for 1 and 2 threads") {
  TrainOptions o = options();
  o.n_pcs = 20;
  const TrainResult one = run(o, 1);
  CHECK(rand_index(one, simulate()) > 0.97);
  CHECK(run(o, 2).model.params == one.model.params);
}

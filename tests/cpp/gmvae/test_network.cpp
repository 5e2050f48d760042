// The whole ELBO: encoder, latent noise, prior, decoder and likelihood in one gradient; and the
// prior's part by itself.
#include <limits>

#include "gmvae/model/network.h"
#include "gradient.h"
#include "likelihood/dispatch.h"
#include "testing.h"

using namespace gmvae;
using testing::gradient_error;
using testing::normals;

namespace {

// k components in d dimensions with means, weights and covariances of all sizes.
Mixture some_mixture(Index d, Index k, bool shared, bool diagonal) {
  Mixture mixture;
  mixture.means =
      Eigen::Map<const Eigen::MatrixXd>(normals(static_cast<std::size_t>(d * k), 21).data(), d, k);
  mixture.weights = Eigen::VectorXd::LinSpaced(k, 1, 2);
  mixture.weights /= mixture.weights.sum();
  for (Index c = 0; c < k; ++c) {
    const auto draws =
        normals(static_cast<std::size_t>(d * d), shared ? 30 : 30 + static_cast<std::uint64_t>(c));
    Eigen::MatrixXd root = Eigen::Map<const Eigen::MatrixXd>(draws.data(), d, d);
    if (diagonal) root = root.diagonal().asDiagonal();
    mixture.covariances.push_back(root * root.transpose() + 0.2 * Eigen::MatrixXd::Identity(d, d));
  }
  return mixture;
}

// Four cells of two batches, 300 genes (more than one block), one cell without a count.
CellBlock<double> some_cells(const std::string& likelihood, Index n_genes = 300) {
  CellBlock<double> cells;
  cells.n_genes = n_genes;
  cells.start.push_back(0);
  RngStream rng(17, testing::purpose);
  for (Index j = 0; j < 4; ++j) {
    cells.cell.push_back(j);
    cells.size.push_back(20.0 + 30.0 * static_cast<double>(j));
    for (std::int32_t g = 0; g < n_genes; ++g) {
      const bool dense = likelihood == "gaussian";
      if (!dense && (j == 3 || rng.uniform() > 0.15)) continue;
      cells.gene.push_back(g);
      const double x = dense                       ? rng.normal()
                       : likelihood == "bernoulli" ? 1.0
                                                   : 1.0 + static_cast<double>(rng.below(12));
      cells.count.push_back(x);
      cells.input.push_back(dense ? x : std::log1p(x));
    }
    cells.start.push_back(static_cast<Index>(cells.gene.size()));
  }
  cells.unmask();
  cells.design = indicators({0, 1, 0, 0}, 2);
  return cells;
}

// Of networks for some_cells(), three latent dimensions and four clusters.
ModelShape some_shape(const std::string& likelihood, const std::vector<Index>& hidden,
                      VariesBy dispersion = VariesBy::gene,
                      VariesBy zero_inflation = VariesBy::gene_cell, Index n_design = 0) {
  return {{{likelihood, 300, dispersion, zero_inflation}},
          3,
          hidden,
          {hidden.rbegin(), hidden.rend()},
          4,
          n_design};
}

// As training begins with, but for a jitter that leaves nothing at zero.
template <typename Net>
std::vector<double> some_parameters(const Net& network) {
  std::vector<double> params;
  std::vector<std::vector<double>> levels;
  for (const ModalityShape& modality : network.shape().modalities) {
    levels.emplace_back(static_cast<std::size_t>(modality.n_genes), 0.1);
  }
  network.initialise(5, levels, params);
  const auto jitter = normals(params.size(), 6, 0.1);
  for (std::size_t i = 0; i < params.size(); ++i) params[i] += jitter[i];
  return params;
}

// The gradient of the loss in all parameters against central differences; `change` of the cells and
// the prior.
template <typename Change>
void check_gradient(const ModelShape& shape, bool shared, Change&& change) {
  Workers workers(2);
  const Compute<double> compute{kernels<double>(), workers};
  CellBlocks<double> cells;
  MixturePrior prior(some_mixture(3, 4, shared, false), shared);
  for (const ModalityShape& modality : shape.modalities) {
    cells.push_back(some_cells(modality.likelihood, modality.n_genes));
    change(cells.back(), prior);
  }
  const StepSettings step{0.7, 3, noise_purpose, 2};
  const Network<double> network(shape);
  const std::vector<double> params = some_parameters(network);
  Workspace<double> work;
  const auto loss = [&](const std::vector<double>& p) {
    const ElboTerms terms = network.forward(compute, p.data(), cells, prior, step, work);
    return -(terms.reconstruction - step.kl_weight * (terms.kl() + terms.label)) / 4;
  };
  loss(params);
  std::vector<double> gradient(params.size());
  network.backward(compute, params.data(), cells, prior, step, work, gradient.data());
  CHECK(gradient_error(loss, params, gradient) < 1e-6);
}

void check_gradient(const ModelShape& shape, bool shared) {
  check_gradient(shape, shared, [](CellBlock<double>&, MixturePrior&) {});
}

// A measurement beside two batches.
Design mixed_design() {
  Design design;
  design.n_columns = 3;
  design.start = {0, 2, 4, 6, 8};
  design.column = {0, 2, 1, 2, 0, 2, 0, 2};
  design.value = {1, 0.5f, 1, -1.25f, 1, 2, 1, -0.75f};
  return design;
}

}  // namespace

TEST("prior: gradient of the KL, every kind of covariance") {
  const Index d = 3, k = 4;
  for (int kind = 0; kind < 4; ++kind) {
    const bool shared = kind < 2, diagonal = kind % 2 == 1;
    const MixturePrior prior(some_mixture(d, k, shared, diagonal), shared);
    MixturePrior::Work work;
    std::vector<double> gamma(k);
    const auto loss = [&](const std::vector<double>& p) {
      const KlTerms terms = prior.forward(p.data(), p.data() + d, work, gamma.data());
      return terms.kl_z + terms.kl_c;
    };
    const auto point = normals(2 * d, 40 + static_cast<std::uint64_t>(kind));
    loss(point);
    std::vector<double> gradient(2 * d);
    const double* none = nullptr;
    prior.backward(work, gamma.data(), 1.0, none, gradient.data(), gradient.data() + d);
    CHECK(gradient_error(loss, point, gradient) < 1e-6);
    double total = 0;
    for (double g : gamma) total += g;
    CHECK_NEAR(total, 1.0, 1e-12);
  }
}

TEST("prior: with one standard normal component, the textbook KL") {
  const MixturePrior prior = MixturePrior::standard_normal(2);
  MixturePrior::Work work;
  double gamma = 0;
  const double mean[] = {0.3, -1.0}, log_variance[] = {-0.5, 0.2};
  const KlTerms terms = prior.forward(mean, log_variance, work, &gamma);
  double expected = 0;
  for (int i = 0; i < 2; ++i) {
    expected += 0.5 * (mean[i] * mean[i] + std::exp(log_variance[i]) - 1 - log_variance[i]);
  }
  CHECK_NEAR(terms.kl_z, expected, 1e-12);
  CHECK_NEAR(terms.kl_c, 0.0, 1e-12);
}

TEST("elbo: gradient of all parameters, every likelihood, one and two hidden layers") {
  for (const LikelihoodTraits& traits : likelihoods()) {
    for (const std::vector<Index>& hidden : {std::vector<Index>{6}, std::vector<Index>{7, 5}}) {
      check_gradient(some_shape(traits.name, hidden), true);
    }
  }
}

TEST("elbo: gradient where dispersion and zero_inflation vary by cell or by cluster") {
  const VariesBy ways[] = {VariesBy::gene, VariesBy::gene_cell, VariesBy::gene_cluster};
  for (VariesBy dispersion : ways) {
    for (const char* name : {"nb", "gaussian"}) {
      check_gradient(some_shape(name, {6}, dispersion), false);
    }
    for (VariesBy zero_inflation : ways) {
      check_gradient(some_shape("zinb", {6}, dispersion, zero_inflation), false);
    }
  }
}

TEST("elbo: gradient with batches, also of parameters that vary by them") {
  for (const char* name : {"nb", "poisson", "bernoulli", "gaussian"}) {
    check_gradient(some_shape(name, {7, 5}, VariesBy::gene, VariesBy::gene_cell, 2), true);
  }
  for (VariesBy zero_inflation : {VariesBy::gene_cell, VariesBy::gene_design}) {
    check_gradient(some_shape("zinb", {6}, VariesBy::gene_design, zero_inflation, 2), false);
  }
  check_gradient(some_shape("gaussian", {6}, VariesBy::gene_design, VariesBy::gene, 2), false);
}

TEST("elbo: gradient with a measured covariate beside batches") {
  const auto change = [](CellBlock<double>& cells, MixturePrior&) {
    cells.design = mixed_design();
  };
  check_gradient(some_shape("nb", {7, 5}, VariesBy::gene_design, VariesBy::gene_cell, 3), true,
                 change);
  check_gradient(some_shape("gaussian", {6}, VariesBy::gene, VariesBy::gene_cell, 3), false,
                 change);
}

TEST("elbo: gradient of a linear decoder, also with a design and parameters that vary by cell") {
  for (const LikelihoodTraits& traits : likelihoods()) {
    ModelShape shape = some_shape(traits.name, {7, 5}, VariesBy::gene, VariesBy::gene_cell, 2);
    shape.hidden_decoder = {};
    check_gradient(shape, true);
  }
  ModelShape shape = some_shape("nb", {6}, VariesBy::gene_cell);
  for (const std::vector<Index>& hidden : {std::vector<Index>{}, std::vector<Index>{4, 9}}) {
    shape.hidden_decoder = hidden;
    check_gradient(shape, false);
  }
}

TEST("elbo: gradient of two and of three modalities") {
  const ModalityShape proteins{"gaussian", 7, VariesBy::gene, VariesBy::gene};
  const auto& all = likelihoods();
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Each likelihood in both places, beside itself and another.
    for (std::size_t j : {i, (i + 1) % all.size()}) {
      ModelShape shape = some_shape(all[i].name, {6});
      shape.modalities.push_back({all[j].name, 7, VariesBy::gene, VariesBy::gene_cell});
      check_gradient(shape, true);
    }
  }
  for (VariesBy first : {VariesBy::gene, VariesBy::gene_cluster}) {
    for (VariesBy second : {VariesBy::gene_cell, VariesBy::gene_cluster, VariesBy::gene_design}) {
      ModelShape shape = some_shape("nb", {6}, first, VariesBy::gene, 2);
      shape.modalities.push_back({"zinb", 7, second, VariesBy::gene_cluster});
      shape.modalities.push_back(proteins);
      check_gradient(shape, false);
      shape.hidden_decoder = {};
      check_gradient(shape, false);
    }
  }
}

TEST("elbo: that of two modalities is the sum, and each tells the encoder something") {
  Workers workers(2);
  const Compute<double> compute{kernels<double>(), workers};
  ModelShape shape = some_shape("nb", {6});
  shape.modalities.push_back({"gaussian", 7, VariesBy::gene, VariesBy::gene});
  const Network<double> network(shape);
  const std::vector<double> params = some_parameters(network);
  CellBlocks<double> cells{some_cells("nb"), some_cells("gaussian", 7)};
  const MixturePrior prior(some_mixture(3, 4, true, false), true);
  Workspace<double> work;
  const StepSettings step{0, 3, noise_purpose, 2};
  const double both =
      network.forward(compute, params.data(), cells, prior, step, work).reconstruction;
  const std::vector<double> latent = work.mean;
  // The heads by themselves, at the same points.
  ParamLayout layout;
  const auto head = make_head<double>(layout, shape, shape.modalities[1], "");
  std::vector<double> of_head;
  for (const ParamSlice& slice : network.layout().slices()) {
    if (slice.name.rfind("modality2.decoder", 0) != 0) continue;
    const auto from = params.begin() + slice.offset;
    of_head.insert(of_head.end(), from, from + slice.rows * slice.cols);
  }
  CHECK(static_cast<Index>(of_head.size()) == layout.size());
  HeadCache<double> cache;
  std::vector<double> log_prob(4);
  const std::vector<double>& hidden = work.decoder.back().output;
  head->forward(compute, of_head.data(), {ConstView<double>(hidden.data(), 6, 4), {}}, cells[1],
                false, cache, log_prob.data());
  double proteins = 0, genes = 0;
  for (double one : log_prob) proteins += one;
  const auto genes_head = make_head<double>(layout, shape, shape.modalities[0], "genes.");
  std::vector<double> of_genes(static_cast<std::size_t>(layout.size()));
  for (const ParamSlice& slice : network.layout().slices()) {
    for (const ParamSlice& other : layout.slices()) {
      if (other.name != "genes." + slice.name) continue;
      std::copy_n(params.begin() + slice.offset, slice.rows * slice.cols,
                  of_genes.begin() + other.offset);
    }
  }
  genes_head->forward(compute, of_genes.data(), {ConstView<double>(hidden.data(), 6, 4), {}},
                      cells[0], false, cache, log_prob.data());
  for (double one : log_prob) genes += one;
  CHECK_NEAR(both, genes + proteins, 1e-9 * std::abs(both));
  for (std::size_t m = 0; m < 2; ++m) {
    CellBlocks<double> changed = cells;
    changed[m].input[0] += 1;
    network.encode(compute, params.data(), changed, work);
    CHECK(work.mean != latent);
  }
}

TEST("elbo: gradient where labels of some cells are known") {
  for (bool shared : {true, false}) {
    for (VariesBy dispersion : {VariesBy::gene, VariesBy::gene_cluster}) {
      check_gradient(some_shape("nb", {6}, dispersion), shared,
                     [](CellBlock<double>& cells, MixturePrior& prior) {
        cells.label = {2, -1, 0, 1};
        prior.set_labels({3, 0.2, 5.0});
      });
    }
  }
}

TEST("prior: with a label, the evidence is that of the cell and its label") {
  const Mixture mixture = some_mixture(3, 4, true, false);
  MixturePrior prior(mixture, true);
  prior.set_labels({3, 0.2, 5.0});
  MixturePrior::Work work;
  const auto point = normals(6, 40);
  std::vector<double> plain(4), known(4);
  const KlTerms without = prior.forward(point.data(), point.data() + 3, work, plain.data());
  const KlTerms with = prior.forward(point.data(), point.data() + 3, work, known.data(), 1);
  double probability = 0;
  for (Index c = 0; c < 4; ++c) {
    probability += plain[static_cast<std::size_t>(c)] * (c == 1 ? 0.8 + 0.2 / 3 : 0.2 / 3);
  }
  CHECK_NEAR(without.label, 0.0, 1e-15);
  CHECK_NEAR(with.label, -5 * std::log(probability), 1e-9);
  CHECK_NEAR(with.kl_z + with.kl_c, without.kl_z + without.kl_c - std::log(probability), 1e-9);
  CHECK_NEAR(known[1], plain[1] * (0.8 + 0.2 / 3) / probability, 1e-12);
}

TEST("elbo: batches shift what cells are expected to have, and not where they are encoded") {
  Workers workers(1);
  const Compute<double> compute{kernels<double>(), workers};
  CellBlocks<double> cells{some_cells("nb")};
  const Network<double> network(some_shape("nb", {6}, VariesBy::gene, VariesBy::gene_cell, 2));
  std::vector<double> params;
  network.initialise(5, {std::vector<double>(300, 0.1)}, params);
  std::vector<double> levels(600, 0.0);
  levels[300 + 7] = std::log(3.0);  // gene 7 is three times as high in batch 1
  network.initialise_design({levels}, params);
  const MixturePrior prior = MixturePrior::standard_normal(3);
  Workspace<double> work;
  const auto expected = [&](std::int32_t batch) {
    cells.front().design = indicators(std::vector<std::int32_t>(4, batch), 2);
    network.encode(compute, params.data(), cells, work);
    const std::vector<double> latent = work.mean;
    network.decode(compute, params.data(), prior, ConstView<double>(latent.data(), 3, 4), cells,
                   work);
    return std::make_pair(latent, work.heads[0].mean);
  };
  const auto [latent0, mean0] = expected(0);
  const auto [latent1, mean1] = expected(1);
  CHECK(latent0 == latent1);
  const double others = mean1[8] / mean0[8];
  CHECK(others < 1);
  CHECK_NEAR(mean1[7] / mean0[7], 3 * others, 1e-9);
}

TEST("clusters that are numbered anew keep their dispersions") {
  Workers workers(1);
  const Compute<double> compute{kernels<double>(), workers};
  const CellBlocks<double> cells{some_cells("nb")};
  const Network<double> network(some_shape("nb", {6}, VariesBy::gene_cluster));
  std::vector<double> params = some_parameters(network);
  const StepSettings step{1.0, 3, noise_purpose, 2};
  const Mixture mixture = some_mixture(3, 4, true, false);
  Workspace<double> work;
  const auto elbo = [&](const Mixture& of) {
    const MixturePrior prior(of, true);
    return network.forward(compute, params.data(), cells, prior, step, work).reconstruction;
  };
  const double before = elbo(mixture);
  const Mixture sorted = sorted_by_weight(mixture);
  CHECK(std::abs(elbo(sorted) - before) > 1e-3);
  network.reorder_clusters(order_by_weight(mixture), params);
  CHECK_NEAR(elbo(sorted), before, 1e-9 * std::abs(before));
}

TEST("elbo: the same bits for 1, 2 and 3 threads") {
  std::vector<float> gradients[3];
  double elbo[3];
  for (Index t = 0; t < 3; ++t) {
    Workers workers(t + 1);
    const Compute<float> compute{kernels<float>(), workers};
    ModelShape shape = some_shape("nb", {64});
    shape.modalities.push_back({"gaussian", 260, VariesBy::gene, VariesBy::gene});
    CellBlocks<float> blocks;
    for (const ModalityShape& modality : shape.modalities) {
      const CellBlock<double> cells = some_cells(modality.likelihood, modality.n_genes);
      CellBlock<float> single;
      single.n_genes = cells.n_genes;
      single.cell = cells.cell;
      single.start = cells.start;
      single.gene = cells.gene;
      single.count.assign(cells.count.begin(), cells.count.end());
      single.input.assign(cells.input.begin(), cells.input.end());
      single.size.assign(cells.size.begin(), cells.size.end());
      single.unmask();
      blocks.push_back(single);
    }
    const Network<float> network(shape);
    std::vector<float> params;
    network.initialise(5, {std::vector<double>(300, 0.1), std::vector<double>(260, 0.1)}, params);
    const MixturePrior prior(some_mixture(3, 4, true, false), true);
    const StepSettings step{1.0, 3, noise_purpose, 2};
    Workspace<float> work;
    gradients[t].assign(params.size(), 0.0f);
    elbo[t] = network.forward(compute, params.data(), blocks, prior, step, work).reconstruction;
    network.backward(compute, params.data(), blocks, prior, step, work, gradients[t].data());
  }
  for (int t = 1; t < 3; ++t) {
    CHECK(elbo[t] == elbo[0]);
    CHECK(gradients[t] == gradients[0]);
  }
}

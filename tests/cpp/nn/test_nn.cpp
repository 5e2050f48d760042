// Layers: backward() against central differences, and that it adds to parameter gradients.
#include "gradient.h"
#include "nn/adam.h"
#include "nn/linear.h"
#include "nn/norm_relu.h"
#include "nn/sparse_linear.h"
#include "nn/stack.h"
#include "testing.h"

using namespace gmvae;
using testing::gradient_error;
using testing::normals;
using testing::weighted_sum;

namespace {

constexpr Index n_cells = 5;

Compute<double> compute() {
  static Workers workers(2);
  return {kernels<double>(), workers};
}

// Every test starts from gradients that hold something already: what backward() adds is what
// counts.
constexpr double already = 0.5;

std::vector<double> without(std::vector<double> gradient) {
  for (double& g : gradient) g -= already;
  return gradient;
}

}  // namespace

TEST("linear layer: gradients of parameters and input") {
  ParamLayout layout;
  const Linear layer(layout, "l", 7, 4);
  const auto params = normals(static_cast<std::size_t>(layout.size()), 1);
  const auto x = normals(7 * n_cells, 2), c = normals(4 * n_cells, 3);
  const auto loss = [&](const std::vector<double>& p, const std::vector<double>& input) {
    std::vector<double> y(4 * n_cells);
    layer.forward(compute(), p.data(), ConstView<double>(input.data(), 7, n_cells),
                  as_view(y, 4, n_cells));
    return weighted_sum(y, c);
  };
  std::vector<double> d_params(params.size(), already), d_x(x.size(), already);
  layer.backward(compute(), params.data(), ConstView<double>(x.data(), 7, n_cells),
                 ConstView<double>(c.data(), 4, n_cells), d_params.data(),
                 as_view(d_x, 7, n_cells));
  CHECK(gradient_error([&](const auto& p) { return loss(p, x); }, params, without(d_params)) <
        1e-6);
  CHECK(gradient_error([&](const auto& v) { return loss(params, v); }, x, d_x) < 1e-6);
}

TEST("sparse linear layer equals the dense one on the same input, forwards and backwards") {
  const Index in = 600, out = 5;
  ParamLayout dense_layout, sparse_layout;
  const Linear dense(dense_layout, "d", in, out);
  const SparseLinear sparse(sparse_layout, "s", in, out);
  const auto params = normals(static_cast<std::size_t>(dense_layout.size()), 4);
  std::vector<double> x(static_cast<std::size_t>(in * n_cells));
  std::vector<Index> start{0};
  std::vector<std::int32_t> row;
  std::vector<double> value;
  RngStream rng(5, testing::purpose);
  for (Index j = 0; j < n_cells; ++j) {
    for (Index i = 0; i < in; ++i) {
      if (j == 2 || rng.uniform() > 0.1) continue;  // cell 2 is empty
      row.push_back(static_cast<std::int32_t>(i));
      value.push_back(rng.normal());
      x[static_cast<std::size_t>(j * in + i)] = value.back();
    }
    start.push_back(static_cast<Index>(row.size()));
  }
  const SparseView<double> view{start.data(), start.data() + 1, row.data(), value.data(),
                                in,           n_cells};
  std::vector<double> y_dense(out * n_cells), y_sparse(out * n_cells);
  dense.forward(compute(), params.data(), ConstView<double>(x.data(), in, n_cells),
                as_view(y_dense, out, n_cells));
  sparse.forward(compute(), params.data(), view, as_view(y_sparse, out, n_cells));
  const auto c = normals(out * n_cells, 6);
  std::vector<double> d_dense(params.size(), already), d_sparse(params.size(), already);
  dense.backward(compute(), params.data(), ConstView<double>(x.data(), in, n_cells),
                 ConstView<double>(c.data(), out, n_cells), d_dense.data(), View<double>());
  sparse.backward(compute(), view, ConstView<double>(c.data(), out, n_cells), d_sparse.data());
  for (std::size_t i = 0; i < y_dense.size(); ++i) CHECK_NEAR(y_dense[i], y_sparse[i], 1e-12);
  for (std::size_t i = 0; i < d_dense.size(); ++i) CHECK_NEAR(d_dense[i], d_sparse[i], 1e-12);
}

TEST("normalisation and rectifier: gradients of parameters and input") {
  ParamLayout layout;
  const NormRelu layer(layout, "n", 6);
  const auto params = normals(static_cast<std::size_t>(layout.size()), 7);
  const auto x = normals(6 * n_cells, 8, 3.0), c = normals(6 * n_cells, 9);
  std::vector<double> u(x.size()), y(x.size()), inverse_sd(n_cells);
  const auto forward = [&](const std::vector<double>& p, const std::vector<double>& input) {
    layer.forward(compute(), p.data(), ConstView<double>(input.data(), 6, n_cells),
                  as_view(u, 6, n_cells), inverse_sd.data(), as_view(y, 6, n_cells));
    return weighted_sum(y, c);
  };
  forward(params, x);
  std::vector<double> d_params(params.size(), already), d_x(x.size(), already);
  layer.backward(compute(), params.data(), ConstView<double>(u.data(), 6, n_cells),
                 inverse_sd.data(), ConstView<double>(y.data(), 6, n_cells),
                 ConstView<double>(c.data(), 6, n_cells), d_params.data(),
                 as_view(d_x, 6, n_cells));
  CHECK(gradient_error([&](const auto& p) { return forward(p, x); }, params, without(d_params)) <
        1e-6);
  CHECK(gradient_error([&](const auto& v) { return forward(params, v); }, x, d_x) < 1e-6);
}

TEST("stack of hidden layers: gradients of parameters and input") {
  ParamLayout layout;
  const Stack stack(layout, "s", {3, 8, 5});
  auto params = normals(static_cast<std::size_t>(layout.size()), 10);
  const auto x = normals(3 * n_cells, 11), c = normals(5 * n_cells, 12);
  std::vector<HiddenCache<double>> caches;
  const auto forward = [&](const std::vector<double>& p, const std::vector<double>& input) {
    const auto y =
        stack.forward(compute(), p.data(), ConstView<double>(input.data(), 3, n_cells), caches);
    return weighted_sum(std::vector<double>(y.data, y.data + y.size()), c);
  };
  forward(params, x);
  caches.back().d_output = c;
  std::vector<double> d_params(params.size(), already), d_x(x.size(), already);
  stack.backward(compute(), params.data(), ConstView<double>(x.data(), 3, n_cells), caches,
                 d_params.data(), as_view(d_x, 3, n_cells));
  CHECK(gradient_error([&](const auto& p) { return forward(p, x); }, params, without(d_params)) <
        1e-6);
  CHECK(gradient_error([&](const auto& v) { return forward(params, v); }, x, d_x) < 1e-6);
}

TEST("shift by the design: each column gets its row's, and gradients its column's") {
  ParamLayout layout;
  const DesignShift none(layout, "none", 4, 0);
  CHECK(layout.size() == 0);
  const DesignShift shift(layout, "s", 4, 2);
  const std::vector<double> params = normals(8, 13);
  Design design = indicators({1, 0, 1}, 2);
  design.value[2] = 0.5f;  // the third row is half of the second column's
  std::vector<double> y(12, 0.0), d_params(8, already);
  none.forward(compute(), params.data(), design, as_view(y, 4, 3));
  CHECK(y == std::vector<double>(12, 0.0));
  shift.forward(compute(), params.data(), design, as_view(y, 4, 3), 1, 3);
  const auto c = normals(12, 14);
  shift.backward(compute(), design, ConstView<double>(c.data(), 4, 3), d_params.data());
  for (std::size_t i = 0; i < 4; ++i) {
    const bool shifted = i == 1 || i == 2;  // the rows asked for
    CHECK_NEAR(y[i], shifted ? params[4 + i] : 0.0, 0);
    CHECK_NEAR(y[4 + i], shifted ? params[i] : 0.0, 0);
    CHECK_NEAR(y[8 + i], shifted ? 0.5 * params[4 + i] : 0.0, 0);
    CHECK_NEAR(d_params[i], already + c[4 + i], 1e-15);
    CHECK_NEAR(d_params[4 + i], already + c[i] + 0.5 * c[8 + i], 1e-15);
  }
}

TEST("designs: rows are chosen in any order, and several columns of a row add up") {
  Design design;
  design.clear(3);
  design.column = {0, 2, 1};
  design.value = {1.0f, -2.0f, 3.0f};
  design.start = {0, 2, 2, 3};  // the second row is empty
  CHECK(design.n_rows() == 3);
  const Design some = design.rows({2, 0});
  CHECK(some.n_columns == 3);
  CHECK(some.start == std::vector<Index>({0, 1, 3}));
  CHECK(some.column == std::vector<std::int32_t>({1, 0, 2}));
  CHECK(some.value == std::vector<float>({3.0f, 1.0f, -2.0f}));
  ParamLayout layout;
  const DesignShift shift(layout, "s", 1, 3);
  const std::vector<double> params{10, 20, 30};
  std::vector<double> y(2, 0.0);
  shift.forward(compute(), params.data(), some, as_view(y, 1, 2));
  CHECK(y == std::vector<double>({60.0, -50.0}));
}

TEST("Adam: first steps of the paper's algorithm by hand") {
  std::vector<double> params{1.0, -2.0};
  AdamState<double> state(2);
  const AdamSettings settings;
  double first = 0, second = 0, expected = 1.0;
  for (int step = 1; step <= 3; ++step) {
    const double g = 0.3 * step;
    std::vector<double> gradient{g, 0.0};
    adam_step(compute(), settings, 0.1, gradient, state, params);
    CHECK(gradient == std::vector<double>(2));
    first = 0.9 * first + 0.1 * g;
    second = 0.999 * second + 0.001 * g * g;
    const double rate = 0.1 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
    expected -= rate * first / (std::sqrt(second) + 1e-8);
  }
  CHECK_NEAR(params[0], expected, 1e-12);
  CHECK_NEAR(params[1], -2.0, 0);
}

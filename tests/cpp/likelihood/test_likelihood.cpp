// Likelihoods: gradients of zeros and non-zeros, sums over the support, fast against plain zeros.
#include "gmvae/model/output_head.h"
#include "gradient.h"
#include "likelihood/dispatch.h"
#include "testing.h"

using namespace gmvae;
using testing::gradient_error;
using testing::normals;

namespace {

// log p(x) in the decoder's own coordinates: (log mu or output, log scale, zero_inflation logit).
template <typename Likelihood>
Terms<double> at(double x, const std::vector<double>& coordinates) {
  const double mean = Likelihood::softmax ? std::exp(coordinates[0]) : coordinates[0];
  const double scale = std::exp(coordinates[1]), zero_inflation = coordinates[2];
  return Likelihood::at_zero(mean, scale, zero_inflation) +
         Likelihood::excess(x, mean, scale, zero_inflation);
}

}  // namespace

TEST("likelihoods: gradients in decoder coordinates, all counts") {
  for (const LikelihoodTraits& traits : likelihoods()) {
    with_likelihood(traits.name, [&](auto likelihood) {
      using L = decltype(likelihood);
      for (double x : {0.0, 1.0, 2.0, 7.0, 8.0, 9.0, 40.0, 300.0}) {
        if (x > traits.largest) continue;
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
          const auto point = normals(3, seed, 1.5);
          const Terms<double> terms = at<L>(x, point);
          const std::vector<double> gradient{terms.d_mean, terms.d_scale, terms.d_zero_inflation};
          const double error =
              gradient_error([&](const auto& p) { return at<L>(x, p).log_prob; }, point, gradient);
          CHECK(error < 1e-6);
        }
      }
    });
  }
}

TEST("likelihoods of counts: probabilities sum to one") {
  for (const char* name : {"nb", "zinb", "poisson"}) {
    with_likelihood(name, [&](auto likelihood) {
      for (double mean : {-1.0, 0.5, 2.0}) {
        double sum = 0;
        for (double x = 0; x < 3000; ++x) {
          sum += std::exp(at<decltype(likelihood)>(x, {mean, 0.3, -0.5}).log_prob);
        }
        CHECK_NEAR(sum, 1.0, 1e-9);
      }
    });
  }
}

TEST("likelihoods: a fast run of zeros equals the plain one") {
  for (const LikelihoodTraits& traits : likelihoods()) {
    with_likelihood(traits.name, [&](auto likelihood) {
      using L = decltype(likelihood);
      for (Index n : {1, 7, 16, 61}) {
        const std::size_t size = static_cast<std::size_t>(n);
        std::vector<double> mean = normals(size, 1), scale = normals(size, 2);
        for (double& v : scale) v = std::exp(2 * v);
        if (L::softmax) {
          for (double& v : mean) v = std::exp(3 * v);
        }
        const auto zero_inflation = normals(size, 3);
        struct Out {
          std::vector<double> mean, d_mean, d_scale, d_zero_inflation;
        };
        Out out[2];
        double sum[2];
        for (int fast = 0; fast < 2; ++fast) {
          Out& o = out[fast];
          o = {mean, std::vector<double>(size), std::vector<double>(size, 0.5),
               std::vector<double>(size)};
          const ZeroRun<double> run{n,
                                    0.7,
                                    scale.data(),
                                    zero_inflation.data(),
                                    o.mean.data(),
                                    o.d_mean.data(),
                                    o.d_scale.data(),
                                    o.d_zero_inflation.data()};
          sum[fast] = fast ? L::zeros(kernels<double>(), run) : plain_zeros<L>(run);
        }
        CHECK_NEAR(sum[0], sum[1], 1e-12 * (1 + std::abs(sum[0])));
        for (std::size_t i = 0; i < size; ++i) {
          CHECK_NEAR(out[0].mean[i], out[1].mean[i], 1e-12 * (1 + std::abs(out[0].mean[i])));
          CHECK_NEAR(out[0].d_mean[i], out[1].d_mean[i], 1e-11 * (1 + std::abs(out[0].d_mean[i])));
          CHECK_NEAR(out[0].d_scale[i], out[1].d_scale[i],
                     1e-11 * (1 + std::abs(out[0].d_scale[i])));
          CHECK_NEAR(out[0].d_zero_inflation[i], out[1].d_zero_inflation[i], 1e-11);
        }
      }
    });
  }
}

TEST("likelihoods: fast counts equal the plain ones") {
  for (const LikelihoodTraits& traits : likelihoods()) {
    with_likelihood(traits.name, [&](auto likelihood) {
      using L = decltype(likelihood);
      const std::size_t size = 61;
      std::vector<double> x, mean = normals(size, 1), scale = normals(size, 2);
      for (std::size_t i = 0; i < size; ++i) {
        x.push_back(traits.largest == 1 ? static_cast<double>(i % 2)
                                        : static_cast<double>(i * i / 8));
        scale[i] = std::exp(2 * scale[i]);
        if (L::softmax) mean[i] = std::exp(3 * mean[i]);
      }
      const auto zero_inflation = normals(size, 3);
      struct Out {
        std::vector<double> log_prob, d_mean, d_scale, d_zero_inflation;
      };
      Out out[2];
      for (int fast = 0; fast < 2; ++fast) {
        Out& o = out[fast];
        for (std::vector<double>* part :
             {&o.log_prob, &o.d_mean, &o.d_scale, &o.d_zero_inflation}) {
          part->assign(size, 0.5);
        }
        const CountRun<double> run{
            static_cast<Index>(size), x.data(),         scale.data(),
            zero_inflation.data(),    mean.data(),      o.log_prob.data(),
            o.d_mean.data(),          o.d_scale.data(), o.d_zero_inflation.data()};
        if (fast) {
          L::counts(kernels<double>(), run);
        } else {
          plain_counts<L>(run);
        }
      }
      for (std::size_t i = 0; i < size; ++i) {
        const double unit = 1e-11 * (1 + scale[i] + x[i] * (1 + x[i] / scale[i]));
        CHECK_NEAR(out[0].log_prob[i], out[1].log_prob[i], unit);
        CHECK_NEAR(out[0].d_mean[i], out[1].d_mean[i], unit);
        CHECK_NEAR(out[0].d_scale[i], out[1].d_scale[i], unit);
        CHECK_NEAR(out[0].d_zero_inflation[i], out[1].d_zero_inflation[i], unit);
      }
    });
  }
}

TEST("likelihoods: an unknown name is refused") {
  CHECK_THROWS(with_likelihood("nbb", [](auto) {}), std::invalid_argument);
}

// A likelihood as somebody would add it: unit variances, nothing fast, no parameter but the mean.
namespace {

struct UnitGaussian {
  static constexpr const char* name = "unit_gaussian";
  static constexpr bool softmax = false, has_scale = false, has_zero_inflation = false;
  static constexpr const char* scale = "";
  static constexpr double least = -1e6, largest = 1e6;
  static constexpr bool whole = false, dense = true;
  static constexpr EncoderInput encoder_input = EncoderInput::standardised;
  static constexpr GeneScore gene_score = GeneScore::variance;

  template <typename T>
  static T expected(T eta) {
    return eta;
  }
  static double level(const GeneSums&) { return 0; }
  static double shift(const GeneSums&, const GeneSums&, double, double) { return 0; }
  static double log_units(const std::vector<double>&) { return 0; }

  template <typename T>
  static Terms<T> at_zero(T eta, T, T) {
    return {-(static_cast<T>(log_two_pi) + eta * eta) / 2, -eta, 0, 0};
  }
  template <typename T>
  static Terms<T> excess(T x, T eta, T, T) {
    return {x * (eta - x / 2), x, 0, 0};
  }
  template <typename T>
  static T zeros(const Kernels<T>&, const ZeroRun<T>& run) {
    return plain_zeros<UnitGaussian>(run);
  }
  template <typename T>
  static void counts(const Kernels<T>&, const CountRun<T>& run) {
    plain_counts<UnitGaussian>(run);
  }
};

}  // namespace

TEST("likelihoods: one of your own is one struct, and the head trains it") {
  const LikelihoodTraits traits = traits_of<UnitGaussian>();
  CHECK(traits.name == "unit_gaussian" && traits.dense && !traits.has_scale);
  const Index n_genes = 5, n_cells = 2, hidden = 3;
  ParamLayout layout;
  const ModalityShape modality{traits.name, n_genes, VariesBy::gene, VariesBy::gene};
  const OutputHead<UnitGaussian, double> head(layout, {{modality}, 2, {hidden}, {hidden}, 1, 0},
                                              modality);
  CHECK(layout.size() == n_genes * (hidden + 1));
  CellBlock<double> cells;
  cells.n_genes = n_genes;
  cells.cell = {0, 1};
  cells.start = {0, 5, 10};
  for (std::int32_t g : {0, 1, 2, 3, 4, 0, 1, 2, 3, 4}) cells.gene.push_back(g);
  cells.count = normals(10, 3);
  cells.size = {1, 1};
  const std::vector<double> h = normals(static_cast<std::size_t>(hidden * n_cells), 4);
  const HeadInput<double> input{ConstView<double>(h.data(), hidden, n_cells), {}};
  Workers workers(1);
  const Compute<double> compute{kernels<double>(), workers};
  HeadCache<double> cache;
  std::vector<double> log_prob(2);
  const auto loss = [&](const std::vector<double>& p) {
    head.forward(compute, p.data(), input, cells, true, cache, log_prob.data());
    return log_prob[0] + log_prob[1];
  };
  const std::vector<double> params = normals(static_cast<std::size_t>(layout.size()), 5);
  double expected = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    for (std::size_t g = 0; g < 5; ++g) {
      double eta = params[15 + g];
      for (std::size_t i = 0; i < 3; ++i) eta += params[i * 5 + g] * h[j * 3 + i];
      const double gap = cells.count[j * 5 + g] - eta;
      expected -= 0.5 * (log_two_pi + gap * gap);
    }
  }
  CHECK_NEAR(loss(params), expected, 1e-10);
  std::vector<double> gradient(params.size()), d_h(h.size());
  head.backward(compute, params.data(), input, cells, cache, 1.0, gradient.data(),
                View<double>(d_h.data(), hidden, n_cells), {});
  CHECK(gradient_error(loss, params, gradient) < 1e-6);
}

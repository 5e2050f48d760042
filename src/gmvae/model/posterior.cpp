#include "gmvae/model/posterior.h"

#include "simd/kernels.h"

namespace gmvae {

std::vector<double> posterior_probabilities(const Mixture& mixture, std::uint64_t seed,
                                            const std::vector<double>& mean,
                                            const std::vector<double>& sd, Workers& workers,
                                            Monitor& monitor) {
  constexpr Index n_pairs = 16;
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  const Index n = static_cast<Index>(mean.size()) / d;
  Eigen::MatrixXd total = Eigen::MatrixXd::Zero(n, k), part(n, k);
  std::vector<double> points(mean.size()), noise(static_cast<std::size_t>(d));
  Evaluation wanted;
  wanted.n = n;
  wanted.posterior = part.data();
  Monitor silent;
  for (Index pair = 0; pair < n_pairs; ++pair) {
    RngStream rng(seed, posterior_purpose, 0, static_cast<std::uint64_t>(pair));
    for (double& e : noise) e = rng.normal();
    for (double sign : {1.0, -1.0}) {
      parallel_blocks(workers, n, 1024, [&](Index, Index begin, Index end) {
        for (std::size_t j = static_cast<std::size_t>(begin); j < static_cast<std::size_t>(end);
             ++j) {
          for (std::size_t l = 0, i = j * noise.size(); l < noise.size(); ++l, ++i) {
            points[i] = mean[i] + sign * sd[i] * noise[l];
          }
        }
      });
      monitor.poll();
      const ConstView<double> view(points.data(), d, n);
      evaluate_mixture(mixture, columns_of(view), wanted, workers, silent);
      parallel_blocks(workers, n * k, 8192, [&](Index, Index begin, Index end) {
        kernels<double>().axpy(end - begin, 1 / (2.0 * n_pairs), part.data() + begin,
                               total.data() + begin);
      });
    }
  }
  std::vector<double> by_cell(static_cast<std::size_t>(k * n));
  Eigen::Map<Eigen::MatrixXd>(by_cell.data(), k, n) = total.transpose();
  return by_cell;
}

}  // namespace gmvae

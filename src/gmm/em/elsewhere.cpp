#include "gmm/em/elsewhere.h"

#include <algorithm>

#include "core/error.h"

namespace gmvae {

namespace {

// Numbers and matrices in a row, each matrix after its two sizes.
class Writer {
 public:
  explicit Writer(std::vector<double>* to) : to_(*to) {}
  void add(double x) { to_.push_back(x); }
  void add(const Eigen::MatrixXd& x) {
    add(static_cast<double>(x.rows()));
    add(static_cast<double>(x.cols()));
    to_.insert(to_.end(), x.data(), x.data() + x.size());
  }

 private:
  std::vector<double>& to_;
};

class Reader {
 public:
  explicit Reader(const std::vector<double>& from) : from_(from) {}

  double number() {
    ensure(at_ < from_.size(), "A task must have all of its numbers.");
    return from_[at_++];
  }
  // A whole number from 0 to `most`.
  Index index(Index most) {
    const double x = number();
    ensure(x >= 0.0 && x <= static_cast<double>(most) && x == static_cast<double>(Index(x)),
           "A task must have sizes in range.");
    return static_cast<Index>(x);
  }
  Eigen::MatrixXd matrix() {
    constexpr Index most = Index{1} << 31;
    const Index rows = index(most), cols = index(most);
    const Index left = static_cast<Index>(from_.size() - at_);
    ensure(rows == 0 || cols <= left / rows, "A task must have all of its numbers.");
    Eigen::MatrixXd x(rows, cols);
    std::copy_n(from_.begin() + static_cast<std::ptrdiff_t>(at_), x.size(), x.data());
    at_ += static_cast<std::size_t>(x.size());
    return x;
  }
  Eigen::VectorXd vector() {
    const Eigen::MatrixXd x = matrix();
    return Eigen::Map<const Eigen::VectorXd>(x.data(), x.size());
  }

 private:
  const std::vector<double>& from_;
  std::size_t at_ = 0;
};

void check_sizes(const Parameters& mixture, const NoiseDensity& noise) {
  const Index d = mixture.n_dimensions(), k = mixture.n_components();
  const Covariances& covariances = mixture.covariances;
  const bool own = covariances.form == Form::own, common = covariances.form == Form::common;
  const Eigen::MatrixXd& shapes = own ? covariances.matrices : covariances.variances;
  const bool good = d >= 1 && k >= 1 && mixture.weights.size() == k && shapes.rows() == d &&
                    shapes.cols() == (own ? d * k : k) &&
                    (!common || (covariances.basis.rows() == d && covariances.basis.cols() == d)) &&
                    (!noise.on || noise.log_range.size() == d);
  ensure(good, "A task must have a mixture whose parts have fitting sizes.");
}

}  // namespace

std::vector<double> to_numbers(const PassTask& task) {
  const Parameters& mixture = task.frame.parameters;
  const NoiseDensity& noise = task.frame.noise;
  std::vector<double> numbers;
  Writer out(&numbers);
  out.add(static_cast<double>(task.what));
  out.add(static_cast<double>(task.kind));
  out.add(static_cast<double>(task.n_shards));
  out.add(static_cast<double>(mixture.covariances.form));
  out.add(mixture.noise);
  out.add(mixture.weights);
  out.add(mixture.means);
  out.add(mixture.covariances.basis);
  out.add(mixture.covariances.variances);
  out.add(mixture.covariances.matrices);
  out.add(noise.on ? 1.0 : 0.0);
  out.add(noise.log_density);
  out.add(noise.log_range);
  return numbers;
}

PassTask to_task(const std::vector<double>& numbers) {
  Reader in(numbers);
  PassTask task;
  task.what = static_cast<PassTask::What>(in.index(1));
  task.kind = static_cast<Scatter>(in.index(2));
  task.n_shards = in.index(Index{1} << 31);
  Parameters mixture;
  mixture.covariances.form = static_cast<Form>(in.index(2));
  mixture.noise = in.number();
  mixture.weights = in.vector();
  mixture.means = in.matrix();
  mixture.covariances.basis = in.matrix();
  mixture.covariances.variances = in.matrix();
  mixture.covariances.matrices = in.matrix();
  NoiseDensity noise;
  noise.on = in.index(1) == 1;
  noise.log_density = in.number();
  noise.log_range = in.vector();
  check_sizes(mixture, noise);
  ensure(make_frame(mixture, noise, &task.frame),
         "A task must have covariances that are positive definite.");
  return task;
}

void append(const Statistics& statistics, std::vector<double>* numbers) {
  numbers->push_back(statistics.loglik);
  numbers->push_back(statistics.noise);
  const auto add = [&](const auto& x) {
    numbers->insert(numbers->end(), x.data(), x.data() + x.size());
  };
  add(statistics.counts);
  add(statistics.sums);
  add(statistics.scatter);
}

Statistics to_statistics(const double* numbers, const PassTask& task) {
  Statistics statistics;
  statistics.set_zero(task.frame, task.kind);
  statistics.loglik = *numbers++;
  statistics.noise = *numbers++;
  const auto read = [&](auto& x) {
    std::copy_n(numbers, x.size(), x.data());
    numbers += x.size();
  };
  read(statistics.counts);
  read(statistics.sums);
  read(statistics.scatter);
  return statistics;
}

Index n_sums(const PassTask& task) {
  if (task.what == PassTask::What::entropy) return 1;
  Statistics zero;
  zero.set_zero(task.frame, task.kind);
  return 2 + zero.counts.size() + zero.sums.size() + zero.scatter.size();
}

}  // namespace gmvae

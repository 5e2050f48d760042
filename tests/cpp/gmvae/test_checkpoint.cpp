// Training that is stopped anywhere and goes on from its checkpoint, and files that are none.
#include "gmvae/train/checkpoint.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "gmvae/select/fit.h"
#include "gmvae/simulated.h"
#include "temporary_file.h"

using namespace gmvae;
using namespace testing;

namespace {

// Stops the work at its n-th look.
struct Stopping : Monitor {
  explicit Stopping(int n) : left(n) {}
  void poll() override {
    if (--left == 0) throw std::runtime_error("stopped");
  }
  int left;
};

const CheckpointIdentity ours{{11}, {{"cells", "150"}}};

FitResult fit_with(const std::vector<Index>& k, Checkpoint* checkpoint, Monitor& monitor,
                   TrainOptions o = options()) {
  const Simulated data = simulate();
  o.most_k = k.back();
  o.patience = 6;
  Workers workers(1, &monitor);
  return fit(data.source(), {data.size.data()}, o, k, 0.05, nullptr, workers, monitor, checkpoint);
}

// NaN is the same as NaN.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
}

bool same(const FitResult& a, const FitResult& b) {
  bool equal = a.trained.model.params == b.trained.model.params &&
               a.trained.cells.posterior == b.trained.cells.posterior &&
               a.trained.history.size() == b.trained.history.size() &&
               a.trained.converged == b.trained.converged &&
               a.trained.n_rollbacks == b.trained.n_rollbacks &&
               same(a.cluster_stability, b.cluster_stability) && a.path.size() == b.path.size();
  for (std::size_t i = 0; equal && i < a.trained.history.size(); ++i) {
    const EpochRecord &x = a.trained.history[i], &y = b.trained.history[i];
    equal = x.phase == y.phase && x.elbo == y.elbo && x.elbo_heldout == y.elbo_heldout &&
            x.learning_rate == y.learning_rate;
  }
  for (std::size_t i = 0; equal && i < a.path.size(); ++i) {
    equal = a.path[i].k == b.path[i].k && a.path[i].mean == b.path[i].mean &&
            a.path[i].shared == b.path[i].shared && a.path[i].stable == b.path[i].stable;
  }
  return equal;
}

// Stops at every `every`-th look, each time in a trainer of its own, until it is done.
FitResult in_pieces(const std::vector<Index>& k, int every, double minutes, const char* name,
                    int& n_stops, const TrainOptions& o = options()) {
  const TemporaryFile file(name);
  for (n_stops = 0;; ++n_stops) {
    // Where a piece makes no progress, a longer one will.
    Stopping monitor(every * (1 + n_stops * n_stops / 20));
    Checkpoint checkpoint(file.path, ours, minutes);
    try {
      return fit_with(k, &checkpoint, monitor, o);
    } catch (const NumericalError&) {
      throw;
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()) == "stopped");
    }
  }
}

}  // namespace

TEST("checkpoint: training that is stopped again and again ends with the same bits") {
  Monitor silent;
  const FitResult whole = fit_with({3}, nullptr, silent);
  for (double minutes : {1e-9, 1e-5, 60.0}) {
    int n_stops = 0;
    CHECK(same(in_pieces({3}, 997, minutes, "pieces", n_stops), whole));
    CHECK(n_stops > 5);
  }
}

TEST("checkpoint: so does the choice of k") {
  Monitor silent;
  const FitResult whole = fit_with({1, 2, 3, 4}, nullptr, silent);
  int n_stops = 0;
  CHECK(same(in_pieces({1, 2, 3, 4}, 5000, 1e-5, "choice", n_stops), whole));
  CHECK(n_stops > 1);
}

TEST("checkpoint: so does training with epochs that are taken back") {
  Monitor silent;
  TrainOptions o = options();
  o.learning_rate = 1e30;
  const auto failing = [&](auto&& run) {
    try {
      run();
      return false;
    } catch (const NumericalError&) {
      return true;
    }
  };
  FitResult whole, pieces;
  int n_stops = 0;
  const bool failed = failing([&] { whole = fit_with({3}, nullptr, silent, o); });
  CHECK(failing([&] { pieces = in_pieces({3}, 211, 1e-5, "rollback", n_stops, o); }) == failed);
  CHECK(n_stops > 0);
  if (failed) return;
  CHECK(whole.trained.n_rollbacks > 0);
  CHECK(same(pieces, whole));
}

TEST("checkpoint: a file that is none, is cut off or changed is refused and stays") {
  const TemporaryFile file("foreign");
  const auto put = [&](const std::string& bytes) {
    std::ofstream(file.path, std::ios::binary) << bytes;
  };
  const auto get = [&] {
    std::ifstream in(file.path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  Checkpoint first(file.path, ours, 1);
  ByteWriter state;
  state.put(std::vector<double>{1, 2, 3});
  first.write(state);
  const std::string good = get();
  CHECK(read_checkpoint(file.path).identity == ours);
  for (std::size_t n = 0; n < good.size(); ++n) {
    put(good.substr(0, n));
    CHECK_THROWS(Checkpoint(file.path, ours, 1), FileError);
    std::string changed = good;
    changed[n] = static_cast<char>(changed[n] ^ 4);
    put(changed);
    CHECK_THROWS(Checkpoint(file.path, ours, 1), FileError);
    CHECK(get() == changed);
  }
  put("the user's own notes, which are longer than a header of a checkpoint");
  CHECK_THROWS(Checkpoint(file.path, ours, 1), FileError);
  put(good);
  CHECK_THROWS(Checkpoint(file.path, {{11}, {{"cells", "151"}}}, 1), FileError);
  CHECK(get() == good);
  Monitor silent;
  Checkpoint other(file.path, ours, 1);
  CHECK_THROWS(fit_with({3}, &other, silent), FileError);  // too few bytes for a network
  CHECK(get() == good);
}

TEST("checkpoint: where a file can't be written, training doesn't begin") {
  Checkpoint checkpoint("/nowhere/at/all", ours, 1);
  Monitor silent;
  CHECK_THROWS(fit_with({3}, &checkpoint, silent), FileError);
}

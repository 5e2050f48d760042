// Gaussian mixtures by expectation-maximisation (Dempster, Laird & Rubin 1977,
// <doi:10.1111/j.2517-6161.1977.tb01600.x>): one model, one number of components, one start.
#pragma once

#include <string>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/em/accelerate.h"
#include "gmm/em/expectation.h"
#include "gmm/em/pass.h"
#include "gmm/em/penalty.h"
#include "gmm/model/family.h"
#include "gmm/model/frame.h"
#include "gmm/model/moments.h"

namespace gmvae {

struct EmOptions {
  Index max_iter = 1000;         // M-steps
  double tol = 1e-9;             // stop when the gain still to come, per row, is below; 0: never
  double inner_tol = 1e-13;      // the same for iterations within an M-step
  bool accelerate = true;        // extrapolate, guarded: the objective never falls
  bool equal_weights = false;    // the same weight for each component
  double ridge = 0.0;            // in units of the columns' variances, see gmm/penalty.h
  double min_rows = 0.0;         // a solution has no component on fewer; NaN: see least_rows()
  double min_eigen_ratio = 0.0;  // the same for eigen_spread(), see gmm/frame.h
  PriorOptions prior;
};

// EM on its way.
struct Run {
  std::string start;   // what it began from
  Frame frame;         // the best parameters so far, and under them ...
  Moments image;       // ... the moments for the next M-step,
  double noise = 0.0;  // ... the weight of noise,
  Moments next;        // ... the moments to try next: `image`, or beyond it
  double next_noise = 0.0;
  bool extrapolated = false;  // `next` is beyond
  Anderson acceleration;
  Index n_accepted = 0;         // iterations in a row that raised the objective
  std::vector<double> history;  // the objective after each iteration; never falls
  Index tied_column = -1;       // on whose equal values a component lies, see Em::tied_column()
  bool sound = true;            // the best parameters are a solution's, were EM to end here
  std::string collapse;         // why it ended without a fit; empty: it didn't
  bool converged = false;

  Index n_iterations() const { return static_cast<Index>(history.size()); }
  bool collapsed() const { return !collapse.empty(); }
  bool running() const { return !collapsed() && !converged; }
  Run without_moments() const;  // but for their counts: to be stored, as the rest is large
  double objective() const;     // -Inf where there is none

  // The usual ones, compiled once: a run has dozens of members.
  Run();
  ~Run();
  Run(const Run& other);
  Run(Run&& other) noexcept;
  Run& operator=(const Run& other);
  Run& operator=(Run&& other) noexcept;
};

class Em {
 public:
  // `overall`: the covariance of the data, in standard units.
  Em(const Observations& data, const Family& family, Index k, const EmOptions& options,
     const NoiseDensity& noise, const Covariances& overall, Workers& workers, Monitor& monitor);

  // A start from given responsibilities.  `overall` fills missing entries in.  `smooth`: the
  // scatter of a component on fewer than 2 (d + 1) rows is drawn towards the pooled one as if d + 1
  // more rows had that, so that a small cluster is no collapse yet.
  Run begin(const std::string& name, const Given& given, const Parameters& overall, bool smooth);

  // A start from parameters: the first pass evaluates them.
  Run begin(const std::string& name, const Parameters& parameters);

  // A start from what another mixture of as many components expects.  `bound`, where not null: of
  // the objective after one iteration, from below; -Inf where that ends in a collapse.
  Run begin(const std::string& name, const Expectation& expectation, double* bound);

  // The same start on other data of the same units (a run on some rows goes on with all).  Noise of
  // which hardly a row was left begins anew.
  Run transfer(const Run& run);

  // Makes a stored run one that goes on, to another tolerance maybe.
  void resume(Run& run);

  // M-step, then E-step under the new parameters, until convergence or `max_iter` iterations of
  // the run in all.  With a tolerance of 0 no run converges: it takes all of them.
  void iterate(Run& run, Index max_iter);

  // Why a run's result is no solution: a component on too few rows or nearly singular; empty: it
  // is.
  std::string objection(const Run& run) const;

  // What a mixture of any family expects of the rows; false where a covariance is singular.
  // `halves`: also those of its components, for split().
  bool expect(const Parameters& parameters, Scatter kind, bool halves,
              Expectation* expectation) const;

  const Observations& data() const { return data_; }
  const EmOptions& options() const { return options_; }
  const Penalty& penalty() const { return penalty_; }
  Index n_components() const { return k_; }
  Index n_parameters() const;

 private:
  bool m_step(const Moments& moments, double noise, const Covariances* before, double tol,
              bool first, Frame* frame, std::string* collapse, Index* tied);
  Covariances estimate(const Moments& augmented, const Covariances* before, double tol) const;
  bool step(Run& run);
  void retreat(Run& run) const;
  void propose(Run& run, const Moments& from, double from_noise);
  bool is_converged(const Run& run) const;
  double effective_rows(double weight) const;
  double least_rows() const;
  double first_noise() const;
  Index tied_column(const Moments& moments, const Covariances& covariances) const;

  const Observations& data_;
  const Family& family_;
  const Index k_;
  const EmOptions& options_;
  const NoiseDensity noise_;
  const Penalty penalty_;
  Eigen::VectorXd common_units_;  // d: from standard units to common ones
  Workers& workers_;
  Monitor& monitor_;
};

}  // namespace gmvae

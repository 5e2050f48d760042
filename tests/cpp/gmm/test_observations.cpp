// The rows of a fit with other weights, against the same rows read anew.
#include "gmm/data/observations.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/rng.h"
#include "testing.h"

using namespace gmvae;

namespace {

constexpr Index n = 40, d = 3;

// Columns of n values; the last quarter of the rows has gaps where `gaps` is true.
std::vector<double> make_values(bool gaps) {
  RngStream rng(5, testing::purpose);
  std::vector<double> values(static_cast<std::size_t>(n * d));
  for (double& x : values) x = 3.0 + 2.0 * rng.normal();
  for (Index i = 3 * n / 4; i < n && gaps; ++i) {
    values[static_cast<std::size_t>((i % d) * n + i)] = std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

}  // namespace

TEST("Observations with other weights hold the rows that these leave") {
  Workers serial(1);
  for (const bool gaps : {false, true}) {
    const std::vector<double> values = make_values(gaps);
    const Source source{values.data(), n, d, 1, n};
    std::vector<double> before(n, 1.0), after(n, 0.0);
    before[3] = 0.0;
    for (Index i = 0; i < n; ++i) after[static_cast<std::size_t>(i)] = static_cast<double>(i % 3);
    after[3] = 0.0;
    RowFacts facts;
    facts.weights = before.data();
    const Observations all(source, facts, serial);
    const Observations some(all, after.data());
    facts.weights = after.data();
    const Observations anew(source, facts, serial);
    CHECK(some.rows() == anew.rows());
    CHECK(some.n_rows() == anew.n_rows());
    CHECK(some.n_complete() == anew.n_complete());
    CHECK(some.patterns().size() == anew.patterns().size());
    for (std::size_t p = 0; p < some.patterns().size(); ++p) {
      CHECK(some.patterns()[p].rows == anew.patterns()[p].rows);
      CHECK(some.patterns()[p].observed == anew.patterns()[p].observed);
    }
    CHECK_NEAR(some.total_weight(), anew.total_weight(), 1e-12);
    CHECK(some.centre() == all.centre());
    CHECK(some.scale() == all.scale());
    CHECK(some.centre() != anew.centre());
    // Values are the same in the units of the source.
    for (const Index row : some.rows()) {
      for (Index j = 0; j < d; ++j) {
        const double x = some.value(row, j) * some.scale()[j] + some.centre()[j];
        if (!std::isnan(x)) CHECK_NEAR(x, source(row, j), 1e-12);
      }
    }
  }
}

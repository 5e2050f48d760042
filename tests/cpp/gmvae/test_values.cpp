// What the values of a user are like.
#include <cmath>

#include "gmvae/data/values.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

TEST("value_traits(): extremes, fractions, zeros, what is not finite") {
  const double counts[] = {3, 1, 2}, mixed[] = {-1.5, NAN, 0, INFINITY, 1e300}, half[] = {0.5};
  const ValueTraits whole = value_traits(counts, 3);
  CHECK(whole.least == 1 && whole.largest == 3);
  CHECK(whole.finite && whole.whole && !whole.has_zero);
  const ValueTraits other = value_traits(mixed, 5);
  CHECK(other.least == -1.5 && other.largest == 1e300);
  CHECK(!other.finite && !other.whole && other.has_zero);
  CHECK(!value_traits(half, 1).whole);
  CHECK(value_traits(half, 1).least == 0.5);
  CHECK(value_traits(mixed + 4, 1).whole);  // from 2^52 on all are
  const ValueTraits none = value_traits(nullptr, 0);
  CHECK(none.finite && none.whole && !none.has_zero && none.least == 1 && none.largest == 1);
}

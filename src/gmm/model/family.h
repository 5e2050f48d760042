// The covariance families by name: the one place where a name becomes a type.
//
// Codes are those of Banfield & Raftery (1993, <doi:10.2307/2532201>) as completed by Celeux &
// Govaert (1995, <doi:10.1016/0031-3203(94)00125-6>): volume, shape and orientation of the
// components, each equal (E), varying (V) or the identity (I); Sigma_k = lambda_k D_k A_k D_k'
// with |A_k| = 1.
#pragma once

#include <string>

#include "core/eigen.h"
#include "core/error.h"
#include "gmm/model/common_orientation.h"
#include "gmm/model/diagonal.h"
#include "gmm/model/moments.h"
#include "gmm/model/own_orientation.h"
#include "gmm/model/spherical.h"

namespace gmvae {

// A family as a value.
struct Family {
  const char* code;
  const char* alias;  // "" where there is none
  Scatter scatter;    // what estimate() looks at
  Units units;
  bool one_covariance;                      // the same for all components: EII, EEI, EEE
  Index (*n_parameters)(Index k, Index d);  // of the covariances

  // Maximum likelihood: minimises sum_k n_k log|Sigma_k| + tr(Sigma_k^-1 W_k) over the family.
  // Iterative families begin at `before` where it isn't null (covariances of an earlier call for
  // the same K and d) and never end above its value; they stop where the log-likelihood of a row
  // has about `tol` to gain.  Where the scatter is singular the result may be too, or not be
  // finite: callers look.
  Covariances (*estimate)(const Moments& moments, const Covariances* before, double tol);
};

template <typename Policy>
constexpr Family family_of() {
  return {Policy::code,           Policy::alias,        Policy::scatter, Policy::units,
          Policy::one_covariance, Policy::n_parameters, Policy::estimate};
}

inline constexpr Family families[] = {
    family_of<EII>(), family_of<VII>(), family_of<EEI>(), family_of<VEI>(), family_of<EVI>(),
    family_of<VVI>(), family_of<EEE>(), family_of<VEE>(), family_of<EVE>(), family_of<VVE>(),
    family_of<EEV>(), family_of<VEV>(), family_of<EVV>(), family_of<VVV>()};

inline const Family& find_family(const std::string& name) {
  for (const Family& family : families) {
    if (name == family.code || (family.alias[0] != '\0' && name == family.alias)) return family;
  }
  throw std::invalid_argument("The model must be a known one: there is no '" + name + "'.");
}

}  // namespace gmvae

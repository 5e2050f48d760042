// The covariance families by name: the one place where a name becomes a type.
//
// Codes are those of Banfield & Raftery (1993, <doi:10.2307/2532201>) as completed by Celeux &
// Govaert (1995, <doi:10.1016/0031-3203(94)00125-6>): volume, shape and orientation of the
// components, each equal (E), varying (V) or the identity (I).
#pragma once

#include <Eigen/Core>
#include <string>

#include "core/error.h"
#include "gmm/diagonal.h"
#include "gmm/full.h"
#include "gmm/moments.h"
#include "gmm/spherical.h"
#include "gmm/tied.h"

namespace gmvae {

// A family as a value.  Covariances are laid out as the scatter that it asks for.
struct Family {
  const char* code;
  const char* alias;
  Scatter scatter;
  Units units;
  Index (*n_parameters)(Index k, Index d);              // of the covariances
  double (*fewest_rows)(Index d);                       // below, a component has collapsed
  Eigen::MatrixXd (*estimate)(const Moments& moments);  // maximum likelihood
};

template <typename Policy>
constexpr Family family_of() {
  return {Policy::code,         Policy::alias,       Policy::scatter, Policy::units,
          Policy::n_parameters, Policy::fewest_rows, Policy::estimate};
}

inline constexpr Family families[] = {family_of<Full>(), family_of<Tied>(), family_of<Diagonal>(),
                                      family_of<Spherical>()};

inline const Family& find_family(const std::string& name) {
  for (const Family& family : families) {
    if (name == family.code || name == family.alias) return family;
  }
  throw std::invalid_argument("The model must be a known one: there is no '" + name + "'.");
}

}  // namespace gmvae

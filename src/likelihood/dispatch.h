// The one place where a name becomes a type.
#pragma once

#include <string>

#include "core/error.h"
#include "likelihood/bernoulli.h"
#include "likelihood/gaussian.h"
#include "likelihood/negative_binomial.h"
#include "likelihood/poisson.h"
#include "likelihood/zinb.h"

namespace gmvae {

template <typename Fn>
auto with_likelihood(const std::string& name, Fn&& fn) {
  if (name == NegativeBinomial::name) return fn(NegativeBinomial{});
  if (name == ZeroInflatedNb::name) return fn(ZeroInflatedNb{});
  if (name == Poisson::name) return fn(Poisson{});
  if (name == Bernoulli::name) return fn(Bernoulli{});
  if (name == Gaussian::name) return fn(Gaussian{});
  throw std::invalid_argument("unknown likelihood '" + name + "'");
}

}  // namespace gmvae

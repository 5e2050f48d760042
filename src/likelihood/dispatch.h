// The one place where a likelihood's name becomes a type.
//
// To add a likelihood:
//   1  write its struct in a file of its own, like poisson.h: name, traits (traits.h), log p and
//      its slopes at zero and beyond (terms.h); zeros() and counts() may be the plain ones
//   2  name the struct in `Likelihoods` below
//   3  add a row to the table of likelihoods in ?gmvae (R/gmvae.R)
// Checks of values, choice of genes, inputs of the encoder, gradient tests and the tests against
// R's densities follow from the struct.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "likelihood/bernoulli.h"
#include "likelihood/gaussian.h"
#include "likelihood/negative_binomial.h"
#include "likelihood/poisson.h"
#include "likelihood/traits.h"
#include "likelihood/zinb.h"

namespace gmvae {

template <typename... Types>
struct TypeList {};

using Likelihoods = TypeList<NegativeBinomial, ZeroInflatedNb, Poisson, Bernoulli, Gaussian>;

template <typename... Types>
std::vector<LikelihoodTraits> traits_of_all(TypeList<Types...>) {
  return {traits_of<Types>()...};
}

// In the order of `Likelihoods`.
inline const std::vector<LikelihoodTraits>& likelihoods() {
  static const std::vector<LikelihoodTraits> all = traits_of_all(Likelihoods());
  return all;
}

inline const LikelihoodTraits& find_likelihood(const std::string& name) {
  for (const LikelihoodTraits& traits : likelihoods()) {
    if (traits.name == name) return traits;
  }
  throw std::invalid_argument("unknown likelihood '" + name + "'");
}

// fn(a value of the struct with that name)
template <typename Fn, typename... Types>
void with_likelihood(const std::string& name, Fn&& fn, TypeList<Types...>) {
  find_likelihood(name);
  ((name == Types::name ? fn(Types{}) : void()), ...);
}

template <typename Fn>
void with_likelihood(const std::string& name, Fn&& fn) {
  with_likelihood(name, fn, Likelihoods());
}

}  // namespace gmvae

// How EM searches mixtures of latent means.
#pragma once

#include <cstdint>

#include "gmm/search/search.h"

namespace gmvae {

// EM on latent means, with a small ridge in units of their variances.
inline SearchOptions latent_search(Index n_init, Index max_iter, double tol, std::uint64_t seed) {
  SearchOptions search;
  search.em.max_iter = max_iter;
  search.em.tol = tol;
  search.em.ridge = 1e-6;
  search.n_init = n_init;
  search.seed = seed;
  return search;
}

}  // namespace gmvae

# P-values for groups that were found on the counts that are tested: counts are
# divided into two halves, one finds the groups anew and the other is tested.
# ?markers says why, and where the methods are from.

# P-values (genes x groups) of each group against the others, NULL for "none".
# `group`: a factor with NA for cells that take no part. `group_of` for
# "split": the group of each cluster of the fit.
group_p_values <- function(fit, counts, group, p_values, call,
                           group_of = clusters_as_groups(fit, group)) {
  if (p_values == "none") return(NULL)
  size <- unname(fit$size_factors)
  strata <- interaction(fit$cluster, stratum_batch(fit), drop = TRUE)
  spread <- within_spread(fit, counts, size, strata)
  if (p_values == "direct") {
    tails <- group_tails(fit, counts, size, group, spread)
    return(pmin(2 * pmin(tails$lower, tails$upper), 1))
  }
  halves <- split_counts(fit, counts, spread)
  seeds <- c(draw_seed(), draw_seed())
  # Half of the counts has half of the dispersion, of the values half of the
  # variance: 1/theta is doubled, and so is sigma^2 / mu^2.
  tested <- lapply(1:2, function(i) {
    found <- recluster(fit, halves[[i]], seeds[i], call)
    group <- group_of[found]
    direction <- group_tails(fit, halves[[i]], size, group, 2 * spread)$excess
    tails <- group_tails(fit, halves[[3 - i]], size, group, 2 * spread)
    ifelse(direction >= 0, tails$upper, tails$lower)
  })
  fisher_combined(tested[[1]], tested[[2]])
}

clusters_as_groups <- function(fit, group) {
  factor(levels(fit$cluster), levels(group))
}

# Batches as strata of a test: one where there are none.
stratum_batch <- function(fit) {
  if (n_batches(fit$batch) > 0L) return(unname(fit$batch))
  factor(rep(1L, nrow(fit$latent)))
}

# Fisher's method for two independent p-values; one alone where the other is
# missing.
fisher_combined <- function(one, other) {
  both <- stats::pchisq(-2 * (log(one) + log(other)), 4, lower.tail = FALSE)
  ifelse(is.na(both), pmax(one, other, na.rm = TRUE), both)
}

# Spread of each gene within strata: for counts 1/theta, such that Var(x) = mu +
# mu^2 / theta on average over the cells, which makes the halves of the gene
# uncorrelated whatever the distribution; otherwise the variance.
within_spread <- function(fit, counts, size, strata) {
  traits <- likelihood_traits(fit$likelihood)
  if (!traits$whole) size <- rep(1, length(size))
  cells <- as.vector(table(strata))
  sum_of <- function(x) as.vector(rowsum(x, as.integer(strata)))
  weighted <- function(weights) {
    map_values(counts, function(v, cells) v * weights[cells])
  }
  rate <- sweep(group_sums(counts, strata), 2, sum_of(size), "/")
  squares <- group_sums(map_values(counts, function(v, cells) v^2), strata)
  cross <- group_sums(weighted(size), strata)
  size2 <- sum_of(size^2)
  residual <- squares - 2 * rate * cross + sweep(rate^2, 2, size2, "*")
  # The mean of a stratum is estimated from its cells.
  several <- cells > 1
  residual <- sweep(residual, 2, cells / pmax(cells - 1, 1), "*")
  residual <- unname(rowSums(residual[, several, drop = FALSE]))
  if (!traits$whole) return(residual / sum(cells[several]))
  expected <- sweep(rate, 2, sum_of(size), "*")
  expected <- rowSums(expected[, several, drop = FALSE])
  square <- sweep(rate^2, 2, size2, "*")
  square <- rowSums(square[, several, drop = FALSE])
  spread <- (residual - expected) / square
  pmin(pmax(ifelse(is.finite(spread), spread, 0), 1e-6), 1e3)
}

# Two independent halves of each value: of a count, given it, beta-binomial with
# both shapes theta / 2; of a measurement, half of it plus and minus normal
# noise of half of its standard deviation (Neufeld et al. 2024
# <https://arxiv.org/abs/2301.07276>).
split_counts <- function(fit, counts, spread) {
  genes <- genes_of(counts)
  if (likelihood_traits(fit$likelihood)$whole) {
    one <- map_values(counts, function(v, cells) {
      shape <- 0.5 / spread[genes]
      as.double(stats::rbinom(length(v), v, stats::rbeta(length(v), shape,
                                                         shape)))
    })
    return(list(drop0(one), drop0(counts - one)))
  }
  counts <- full_matrix(counts)
  noise <- stats::rnorm(length(values_of(counts)))
  noise <- noise * sqrt(spread[genes_of(counts)]) / 2
  list(map_values(counts, function(v, cells) v / 2 + noise),
       map_values(counts, function(v, cells) v / 2 - noise))
}

# A dgCMatrix that stores its zeros, too.
full_matrix <- function(counts) {
  n <- nrow(counts)
  Matrix::sparseMatrix(
    i = rep(seq_len(n), ncol(counts)), p = seq(0, length(counts), by = n),
    x = as.vector(counts), dims = dim(counts), dimnames = dimnames(counts)
  )
}

# Cells that train the networks of a half: more cost time, and the networks
# need only find the clusters again.
most_recluster_cells <- 3000L

# New networks with the options of the fit, on half of its counts, and the
# cluster of the fit that each of their clusters is taken for: an integer for
# each cell.
recluster <- function(fit, counts, seed, call) {
  control <- fitted_control(fit)
  n <- ncol(counts)
  trained <- spread_out(seq_len(n), most_recluster_cells)
  # A subset has fewer steps per epoch.
  if (length(trained) < n) control["epochs"] <- list(NULL)
  control <- resolve_control(control, length(trained), fit$likelihood)
  given <- if (fit$size_source == "user") fit$size_factors
  size <- cell_sizes(counts, fit$likelihood, given)
  model <- list(likelihood = fit$likelihood, covariance = fit$covariance,
                size_reference = size$reference)
  core <- with_core_errors(
    train_networks(counts[, trained, drop = FALSE], size$factors[trained],
                   fit$batch[trained], model, fit$k, control, seed, NULL),
    call = call
  )
  posterior <- core$posterior
  if (length(trained) < n) {
    state <- network_state(c(core, model, list(control = control,
                                               batch = fit$batch)))
    posterior <- with_core_errors(cpp_gmvae_encode(
      state, counts, size$factors, NULL, NULL, 0L, TRUE, control$n_threads, NULL
    ), call = call)$posterior
  }
  found <- max.col(posterior, ties.method = "first")
  shared <- table(factor(found, seq_len(fit$k)), fit$cluster)
  unname(max.col(shared, ties.method = "first")[found])
}

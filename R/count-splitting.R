# P-values for groups that were found on the counts that are tested: counts are
# divided into independent parts, of which all but one tell the group of a cell
# and that one is tested. ?markers says why, and where the methods are from.

# P-values (genes x groups) of each group against the others, NULL for "none".
# `group`: a factor with NA for cells that take no part. `group_of` for
# "split": the group of each cluster of the fit; and `values` those of proteins,
# if it has any. Proteins are not divided: they are no part of what is tested.
group_p_values <- function(fit, counts, group, p_values, call,
                           group_of = clusters_as_groups(fit, group),
                           values = NULL) {
  if (p_values == "none") return(NULL)
  size <- unname(fit$size_factors)
  strata <- interaction(fit$cluster, stratum_batch(fit), drop = TRUE)
  spread <- within_spread(fit, counts, size, strata)
  tails <- if (p_values == "direct") {
    group_tails(fit, counts, size, group, spread)
  } else {
    sums <- sums_of_parts(fit, counts, values, group_of, spread, call)
    # A part of a count has that share of theta.
    tails_of_sums(fit, sums, n_parts * spread)
  }
  pmin(2 * pmin(tails$lower, tails$upper), 1)
}

clusters_as_groups <- function(fit, group) {
  factor(levels(fit$cluster), levels(group))
}

# Batches as strata of a test: one where there are none.
stratum_batch <- function(fit) {
  if (n_batches(fit$batch) > 0L) return(unname(fit$batch))
  factor(rep(1L, nrow(fit$latent)))
}

# Spread of each gene within strata: for counts 1/theta, such that Var(x) = mu +
# mu^2 / theta on average over the cells, which makes the parts of the gene
# uncorrelated whatever the distribution; otherwise the variance.
within_spread <- function(fit, counts, size, strata) {
  traits <- likelihood_traits(fit$likelihood)
  if (!traits$whole) size <- rep(1, length(size))
  cells <- as.vector(table(strata))
  sum_of <- function(x) as.vector(rowsum(x, as.integer(strata)))
  rate <- sweep(group_sums(counts, strata), 2, sum_of(size), "/")
  squares <- group_sums(counts, strata, function(v, cells) v^2)
  cross <- group_sums(counts, strata, function(v, cells) v * size[cells])
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

# More parts leave more of the counts to tell the groups. In sets like those of
# tests/bench/markers.R, sixteen parts find 1% more of the planted genes than
# eight, and two find 12% fewer.
n_parts <- 8L

# Sums (see sums_in_batches()) of each part of the counts, by the groups that
# the other parts of the same cells show, for each batch.
sums_of_parts <- function(fit, counts, values, group_of, spread, call) {
  folds <- network_folds(ncol(counts))
  networks <- lapply(seq_len(max(folds)), function(f) {
    trained <- spread_out(which(folds != f), most_recluster_cells)
    retrain(fit, counts, values, trained, draw_seed(), call)
  })
  sums <- vector("list", n_parts)
  # In memory as on disk, so that both have the same draws.
  for_cell_blocks(counts, function(some, cells) {
    parts <- split_counts(fit, some, spread)
    for (j in seq_len(n_parts)) {
      found <- integer(length(cells))
      others <- drop0(some - parts[[j]])
      for (f in unique(folds[cells])) {
        tested <- which(folds[cells] == f)
        found[tested] <- clusters_of_part(
          fit, networks[[f]], others[, tested, drop = FALSE], values,
          cells[tested], call
        )
      }
      of_part <- sums_in_batches(fit, parts[[j]], fit$size_factors,
                                 group_of[found], cells)
      sums[[j]] <<- add_sums(sums[[j]], of_part)
    }
  })
  unlist(sums, recursive = FALSE)
}

# Independent parts of each value, whose sum it is: of a count, given it,
# beta-binomial with shapes theta / n_parts and those of all later parts; of a
# measurement, its share plus normal noise of the variance that the share would
# have, less the noise's mean over the parts (Neufeld et al. 2024
# <https://arxiv.org/abs/2301.07276>).
split_counts <- function(fit, counts, spread) {
  whole <- likelihood_traits(fit$likelihood)$whole
  rest <- if (whole) counts else full_matrix(counts)
  parts <- vector("list", n_parts)
  for (j in seq_len(n_parts - 1L)) {
    later <- n_parts - j
    genes <- genes_of(rest)
    parts[[j]] <- map_values(rest, function(v, cells) {
      if (whole) {
        shape <- 1 / (n_parts * spread[genes])
        share <- stats::rbeta(length(v), shape, later * shape)
        return(as.double(stats::rbinom(length(v), v, share)))
      }
      variance <- spread[genes] / n_parts * later / (later + 1)
      v / (later + 1) + stats::rnorm(length(v)) * sqrt(variance)
    })
    rest <- map_values(rest, function(v, cells) v - values_of(parts[[j]]))
    if (whole) {
      parts[[j]] <- drop0(parts[[j]])
      rest <- drop0(rest)
    }
  }
  parts[[n_parts]] <- rest
  parts
}

# A dgCMatrix that stores its zeros, too.
full_matrix <- function(counts) {
  n <- nrow(counts)
  Matrix::sparseMatrix(
    i = rep(seq_len(n), ncol(counts)), p = seq(0, length(counts), by = n),
    x = as.vector(counts), dims = dim(counts), dimnames = dimnames(counts)
  )
}

# Cells that train one network: more cost time, and it need only find the
# clusters again.
most_recluster_cells <- 3000L

# Cells are in folds: networks with the options of the fit that are trained on
# the whole counts of the other folds encode the parts of a cell, so that the
# counts that are tested have no part in its group. Of few cells, networks need
# nearly all.
network_folds <- function(n) {
  n_folds <- if (n < 500L) 10L else if (n < 1000L) 4L else 2L
  sample(rep_len(seq_len(n_folds), n))
}

# `state` of new networks, `scale` of their sizes, and `cluster`, the cluster of
# the fit for each of theirs.
retrain <- function(fit, counts, values, cells, seed, call) {
  control <- fitted_control(fit)
  # Fewer cells have fewer steps per epoch.
  if (ncol(counts) > most_recluster_cells) control["epochs"] <- list(NULL)
  control <- resolve_control(control, length(cells), fit$likelihood)
  counts <- in_memory(counts[, cells, drop = FALSE])
  given <- if (fit$size_source == "user") fit$size_factors[cells]
  size <- cell_sizes(counts, fit$likelihood, given)
  model <- list(likelihood = fit$likelihood, covariance = fit$covariance,
                size_reference = size$reference,
                beside = modalities_beside(fit$proteins, control))
  design <- design_of(fit, list(batch = fit$batch[cells],
                                covariates = rows_of(fit$covariates, cells)))
  known <- list(size = core_sizes(size$factors, fit$proteins), design = design)
  n_components <- length(fit$mixture$weights)
  core <- with_core_errors(
    train_networks(with_proteins(counts, cells_of(values, cells)), known, model,
                   n_components, control, seed, NULL),
    call = call
  )
  found <- max.col(core$posterior, ties.method = "first")
  shared <- table(factor(found, seq_len(n_components)), fit$cluster[cells])
  list(
    state = network_state(c(
      core[c("parameters", "mixture", "seed")], model,
      split_input(core$input, fit$proteins, nrow(counts)),
      list(control = control, batch = fit$batch, covariates = fit$covariates)
    )),
    scale = size$scale,
    cluster = unname(max.col(shared, ties.method = "first"))
  )
}

# The cluster of the fit of each of `cells`, of which `counts` are all parts but
# one: that of the fit's clusters that most cells of the network's cluster are
# in.
clusters_of_part <- function(fit, network, counts, values, cells, call) {
  share <- 1 - 1 / n_parts
  given <- if (fit$size_source == "user") fit$size_factors[cells] * share
  # Parts of a measurement have a share of its value, not of its size.
  if (!likelihood_traits(fit$likelihood)$whole) counts <- counts / share
  size <- cell_sizes(counts, fit$likelihood, given, network$scale)
  posterior <- with_core_errors(cpp_gmvae_encode(
    network$state, with_proteins(counts, cells_of(values, cells)),
    core_sizes(size$factors, fit$proteins), NULL, NULL, 0L, TRUE,
    fit$control$n_threads, NULL
  ), call = call)$posterior
  network$cluster[max.col(posterior, ties.method = "first")]
}

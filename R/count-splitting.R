# P-values for groups that were found on the counts that are tested: counts are
# divided into two halves, of which one tells the group of a cell and the other
# is tested. ?markers says why, and where the methods are from.

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
  if (p_values == "direct") {
    tails <- group_tails(fit, counts, size, group, spread)
    return(pmin(2 * pmin(tails$lower, tails$upper), 1))
  }
  halves <- split_counts(fit, counts, spread)
  on.exit(lapply(halves, discard_cells))
  found <- recluster(fit, counts, halves, values, call)
  # Half of the counts has half of theta.
  tested <- lapply(1:2, function(i) {
    group <- group_of[found[, i]]
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

# Two independent halves of each value: of a count, given it, beta-binomial with
# both shapes theta / 2; of a measurement, half of it plus and minus normal
# noise of half of its standard deviation (Neufeld et al. 2024
# <https://arxiv.org/abs/2301.07276>).
split_counts <- function(fit, counts, spread) {
  if (is_cell_file(counts)) return(split_file(fit, counts, spread))
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

# The same of a file, block by block: two more files.
split_file <- function(fit, counts, spread) {
  folder <- dirname(attr(counts, "file"))
  paths <- tempfile(c("gmvae-cells-", "gmvae-cells-"), folder)
  on.exit(unlink(paste0(paths, ".part")))  # if they are not finished
  whole <- likelihood_traits(fit$likelihood)$whole
  writers <- lapply(paths, cpp_cell_file_create, nrow(counts), whole)
  for_file_blocks(counts, function(some, block) {
    halves <- split_counts(fit, some, spread)
    for (i in 1:2) cpp_cell_file_add(writers[[i]], halves[[i]])
  })
  lapply(1:2, function(i) {
    cpp_cell_file_finish(writers[[i]])
    open_cells(paths[i], rownames(counts), colnames(counts), NULL, FALSE,
               file_owner(paths[i]))
  })
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

# Clusters of the fit (cells x 2) that each half of the counts of a cell shows.
# Cells are in folds; networks with the options of the fit, trained on the other
# folds, encode the half, and each of their clusters is taken for that cluster
# of the fit that most of its trained cells are in. So the other half of the
# cell's counts has no part in its clusters, and the networks see whole counts.
recluster <- function(fit, counts, halves, values, call) {
  n <- ncol(counts)
  n_folds <- if (n < 1000L) 4L else 2L
  fold <- sample(rep_len(seq_len(n_folds), n))
  found <- matrix(NA_integer_, n, 2)
  for (f in seq_len(n_folds)) {
    trained <- spread_out(which(fold != f), most_recluster_cells)
    tested <- which(fold == f)
    network <- retrain(fit, counts, values, trained, draw_seed(), call)
    # Of a file, as many at a time as memory holds.
    size <- if (is_cell_file(counts)) cells_per_block(dim(counts)) else n
    for (from in seq(1, length(tested), by = size)) {
      some <- tested[from:min(from + size - 1, length(tested))]
      for (i in 1:2) {
        half <- halves[[i]][, some, drop = FALSE]
        found[some, i] <- clusters_of_half(fit, network, half, values, some,
                                           call)
      }
    }
  }
  found
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

clusters_of_half <- function(fit, network, half, values, cells, call) {
  given <- if (fit$size_source == "user") fit$size_factors[cells] / 2
  half <- in_memory(half)
  # Half of a measurement has twice its value, not twice its size.
  if (!likelihood_traits(fit$likelihood)$whole) half <- 2 * half
  size <- cell_sizes(half, fit$likelihood, given, network$scale)
  posterior <- with_core_errors(cpp_gmvae_encode(
    network$state, with_proteins(half, cells_of(values, cells)),
    core_sizes(size$factors, fit$proteins), NULL, NULL, 0L, TRUE,
    fit$control$n_threads, NULL
  ), call = call)$posterior
  network$cluster[max.col(posterior, ties.method = "first")]
}

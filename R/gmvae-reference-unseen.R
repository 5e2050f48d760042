# Kinds of cells that a reference lacks: how far a cell of the query is from the
# clusters, how badly it is reconstructed, and what the cells around it have in
# common that the decoder does not explain.

# Mahalanobis distances from the nearest component (m).
latent_distances <- function(latent, mixture) {
  d <- ncol(latent)
  squares <- vapply(seq_along(mixture$weights), function(component) {
    stats::mahalanobis(latent, mixture$means[component, ],
                       matrix(mixture$covariances[, , component], d))
  }, numeric(nrow(latent)))
  sqrt(apply(matrix(squares, nrow(latent)), 1L, min))
}

# Scores and p-values of cells. The score is the largest of two or three, each
# in standard deviations of held-out cells: the distance, `elbo_score` and,
# unless it is NULL, that of `score_pool`, see neighbourhood_scorer(). Where few
# cells were held out (or an older fit has no scores of them), and in new
# batches, whose shifts the others depend on, the distance alone.
outlier_p_values <- function(model, cells, known, elbo_score, score_pool) {
  fit <- model$fit
  usual <- spread_out(fit$heldout)
  by_elbo <- length(usual) >= 19L && length(known$heldout) == length(usual)
  if (length(usual) < 19L) usual <- seq_len(nrow(fit$latent))
  of_usual <- latent_distances(known$latent[usual, , drop = FALSE],
                               fit$mixture)
  standard <- function(scores, usual) {
    (scores - stats::median(usual)) / max(stats::mad(usual), 1e-8)
  }
  score <- standard(unname(latent_distances(cells$latent, fit$mixture)),
                    of_usual)
  of_usual <- standard(of_usual, of_usual)
  p_value <- conformal_p_values(-score, -of_usual)
  if (!by_elbo) return(list(score = score, p_value = p_value))
  of_usual <- pmax(of_usual, standard(known$heldout, known$heldout))
  for (pool in pools_of(cells, model)) {
    score[pool] <- pmax(score[pool], standard(elbo_score[pool], known$heldout))
    of_pool <- of_usual
    if (!is.null(score_pool)) {
      around <- score_pool(pool)
      score[pool] <- pmax(score[pool], standard(around$query, around$usual))
      of_pool <- pmax(of_usual, standard(around$usual, around$usual))
    }
    p_value[pool] <- conformal_p_values(-score[pool], -of_pool)
  }
  list(score = score, p_value = p_value)
}

# The cells of batches that the fit knows, at most so many at a time, each time
# some of all parts of the query.
most_in_pool <- 4000

pools_of <- function(cells, model) {
  known <- seq_len(nrow(cells$latent))
  if (!is.null(cells$batch)) known <- which(!cells$batch %in% model$new)
  n_pools <- ceiling(length(known) / most_in_pool)
  split(known, (seq_along(known) - 1) %% n_pools)
}

# Neighbourhoods ---------------------------------------------------------------

# A function of a pool of the query's cells that returns a list of scores:
# `query` of these, `usual` of the held-out cells. NULL without the counts of
# the reference, where few cells were held out, or where all are of new batches.
#
# A score is the sum over the genes of the squared mean Pearson residual of a
# cell and its nearest neighbours. Where the decoder knows a kind, residuals are
# noise, which the mean removes; what a kind has that the decoder does not know
# stays. Neighbours are sought among the pool and the held-out cells together,
# so that if both are alike, their scores are exchangeable and the p-values
# conformal (Marandon et al. 2024, section 3).
neighbourhood_scorer <- function(model, cells, counts, size_factors, reference,
                                 call) {
  fit <- model$fit
  usual <- spread_out(fit$heldout)
  if (is.null(reference)) return(NULL)
  known <- reference_counts(reference, fit, call)  # checked if not used, too
  on.exit(discard_cells(known))
  if (length(usual) < 19L) return(NULL)
  if (length(pools_of(cells, model)) == 0L) return(NULL)
  trained <- spread_out(setdiff(seq_len(nrow(fit$latent)), fit$heldout))
  seen <- seen_cells(model, known, trained, call)
  usual <- seen_cells(model, known, usual, call)
  spread <- gene_spread(model, seen, call)
  query <- c(cells[c("latent", "batch")], list(
    counts = counts, size = sizes_in(model, counts, size_factors, call)$factors
  ))
  function(pool) {
    both <- joined_cells(part_of_query(query, pool), usual)
    score <- residuals_around(model, both, spread, call)
    at <- seq_along(pool)
    list(query = score[at], usual = score[-at])
  }
}

# Cells of the reference, in the form of a query: their counts, latent means,
# size factors and batches.
seen_cells <- function(model, known, i, call) {
  fit <- model$fit
  counts <- in_memory(known[, i, drop = FALSE])[model$present, , drop = FALSE]
  user <- sizes_of_user(fit)[i]
  mapped <- map_cells(model, counts, user, fit$batch[i], call)
  list(latent = mapped$latent, batch = mapped$batch, counts = counts,
       size = sizes_in(model, counts, user, call)$factors)
}

part_of_query <- function(cells, i) {
  list(latent = cells$latent[i, , drop = FALSE], batch = cells$batch[i],
       counts = in_memory(cells$counts[, i, drop = FALSE]),
       size = cells$size[i])
}

joined_cells <- function(a, b) {
  batch <- if (!is.null(a$batch)) c(as.character(a$batch),
                                    as.character(b$batch))
  list(latent = rbind(a$latent, b$latent), batch = batch,
       counts = cbind(a$counts, b$counts), size = c(a$size, b$size))
}

# A list of fn(counts, expected, genes) for blocks of the genes, matrices of the
# genes of a block x cells, so that these are small.
by_gene_blocks <- function(model, cells, fn, call) {
  n_genes <- sum(model$present)
  blocks <- split(seq_len(n_genes), (seq_len(n_genes) - 1) %/% 1000)
  lapply(blocks, function(genes) {
    expected <- with_core_errors(cpp_gmvae_decode(
      model$state, unname(cells$latent), cells$size,
      mapping_design(model, cells$batch), genes,
      model$fit$control$n_threads, progress_reporter(FALSE)
    ), call = call)
    fn(as.matrix(cells$counts[genes, , drop = FALSE]), pmax(expected, 1e-6),
       genes)
  })
}

# Of each gene: the variance of measurements, or what the variance of counts of
# expectation m has beyond m, over m^2 (the method of moments).
gene_spread <- function(model, cells, call) {
  dense <- likelihood_traits(model$fit$likelihood)$dense
  unlist(by_gene_blocks(model, cells, function(x, expected, genes) {
    squares <- rowSums((x - expected)^2)
    if (dense) return(pmax(squares / ncol(x), 1e-12))
    pmax((squares - rowSums(expected)) / rowSums(expected^2), 0)
  }, call), use.names = FALSE)
}

# The scores, see neighbourhood_scorer(), of all the cells.
residuals_around <- function(model, cells, spread, call) {
  dense <- likelihood_traits(model$fit$likelihood)$dense
  near <- neighbourhoods(cells$latent, model$fit$mixture)
  Reduce(`+`, by_gene_blocks(model, cells, function(x, expected, genes) {
    variance <- if (dense) spread[genes] else
      expected + spread[genes] * expected^2
    # A single count where none was expected is not to outweigh all others.
    residual <- pmin((x - expected) / sqrt(variance), 10)
    colSums(as.matrix(residual %*% near)^2)
  }, call))
}

n_neighbours <- 50

# Of each cell its nearest cells in units of the mixture's covariance, itself
# among them: a sparse matrix, a column for each cell with equal shares.
neighbourhoods <- function(latent, mixture) {
  n <- nrow(latent)
  k <- min(n_neighbours, ceiling(n / 5))
  root <- chol(within_components(mixture))
  points <- t(backsolve(root, t(latent), transpose = TRUE))
  lengths <- rowSums(points^2)
  near <- unlist(lapply(split(seq_len(n), (seq_len(n) - 1) %/% 500),
                        function(cells) {
    squares <- outer(lengths, lengths[cells], `+`) -
      2 * tcrossprod(points, points[cells, , drop = FALSE])
    apply(squares, 2L, function(d) order(d)[seq_len(k)])
  }), use.names = FALSE)
  Matrix::sparseMatrix(i = near, j = rep(seq_len(n), each = k), x = 1 / k,
                       dims = c(n, n))
}

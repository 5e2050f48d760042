# How unlike the cells of the fit a new cell is: its ELBO beside that of cells
# of the fit with the same depth and clusters.
#
# The ELBO alone is no measure. It falls with the number of counts, and it
# differs between clusters, whatever the cell; so both are regressed out (on
# cells of the fit), and the residual is divided by its standard deviation at
# that depth. Held-out cells show how much lower the ELBO is for cells that the
# networks have not seen.

# What predict(type = "outlier") compares with, a small list:
#   centre, scale   of the log depth
#   level           coefficients of the ELBO: 1, depth, depth^2, clusters,
#                   columns of the design
#   spread          coefficients of the log standard deviation: 1, depth
#   scores          sorted, of cells like those of the fit; n how many they
#                   stand for
# `heldout`: scores of (at most 2,000 of) the held-out cells, in their order.
# `counts` are those of the genes used, `proteins` the values of proteins or
# NULL, `size` the cells' size factors.
outlier_reference <- function(fit, counts, proteins, size, call) {
  trained <- spread_out(setdiff(seq_len(ncol(counts)), fit$heldout))
  unseen <- spread_out(fit$heldout)
  cells <- c(trained, unseen)
  sample <- counts[, cells, drop = FALSE]
  known <- design_matrix(fit$batch[cells], rows_of(fit$covariates, cells),
                         fit$covariates)
  core <- with_core_errors(cpp_gmvae_encode(
    network_state(fit),
    with_proteins(sample, cells_of(proteins, cells)),
    core_sizes(size[cells], fit$proteins), known, NULL, elbo_draws, TRUE,
    fit$control$n_threads, NULL
  ), call = call)
  compare_elbos(core$elbo, core$posterior, log_depth(sample, fit$likelihood),
                design_rows(known), seq_along(trained))
}

# The same from cells whose ELBOs are known; `seen` are those of training, the
# others were held out. `known`: a row for each cell and a column for each of
# the design, or NULL.
compare_elbos <- function(elbo, posterior, depth, known, seen) {
  reference <- list(centre = mean(depth[seen]), scale = stats::sd(depth[seen]))
  if (!is.finite(reference$scale) || reference$scale == 0) reference$scale <- 1
  design <- outlier_design(depth, posterior, known, reference)
  reference$level <- ridge(design[seen, , drop = FALSE], elbo[seen])
  residual <- abs(elbo - design %*% reference$level)[seen]
  floor <- 1e-3 * mean(residual) + .Machine$double.eps
  reference$spread <- ridge(design[seen, 1:2, drop = FALSE],
                            log(residual + floor))
  # From the mean logarithm of absolute values to a standard deviation: the
  # former is (log 2 + digamma(1/2)) / 2 where the latter is 1, normal errors.
  reference$spread[1] <- reference$spread[1] - (log(2) + digamma(0.5)) / 2
  scores <- outlier_scores(depth, posterior, known, elbo, reference)
  gap <- if (length(seen) < length(scores)) {
    stats::median(scores[-seen]) - stats::median(scores[seen])
  } else {
    0
  }
  reference$n <- length(seen)
  reference$scores <- sort(scores[seen]) + gap
  list(reference = reference, heldout = scores[-seen])
}

# Antithetic draws of the latent point that the ELBO of a cell is averaged
# over: on PBMC it differs by 1.5 from pair to pair, by 250 from cell to cell.
elbo_draws <- 2L

# Up to `n` of some cells, evenly spread.
spread_out <- function(cells, n = 2000L) {
  if (length(cells) <= n) return(cells)
  cells[round(seq(1, length(cells), length.out = n))]
}

# Measurements have no depth. `totals` of the cells, where they are known.
log_depth <- function(counts, likelihood, totals = NULL) {
  if (likelihood_traits(likelihood)$dense) return(rep(0, ncol(counts)))
  if (is.null(totals)) totals <- cell_totals(counts)
  log(pmax(totals, 1))
}

outlier_design <- function(depth, posterior, known, reference) {
  d <- (depth - reference$centre) / reference$scale
  cbind(1, d, d^2, unname(posterior), known)
}

# A row for each cell, where there is something to explain.
design_rows <- function(design) if (!is.null(design)) t(as.matrix(design))

# How much of each batch of the fit a cell is (m x batches): all of its own, or,
# in a batch that the fit has not seen, as much as the mean cell of the fit.
# NULL where the fit has no batches.
batch_shares <- function(batch, fit) {
  if (n_batches(fit$batch) == 0L) return(NULL)
  shares <- outer(as.character(batch), levels(fit$batch), `==`) + 0
  unseen <- rowSums(shares) == 0
  usual <- as.vector(table(fit$batch)) / length(fit$batch)
  shares[unseen, ] <- rep(usual, each = sum(unseen))
  shares
}

# How far the ELBO is below the expected one, in standard deviations.
outlier_scores <- function(depth, posterior, known, elbo, reference) {
  design <- outlier_design(depth, posterior, known, reference)
  expected <- design %*% reference$level
  spread <- exp(design[, 1:2, drop = FALSE] %*% reference$spread)
  as.vector((expected - elbo) / spread)
}

# Ridge regression whose penalty on each coefficient but the intercept weighs as
# much as one cell, so that clusters of few cells, or none, have the common
# level.
ridge <- function(design, y) {
  penalty <- diag(c(0, rep(1, ncol(design) - 1L)), ncol(design))
  middle <- mean(y)
  solved <- solve(crossprod(design) + penalty, crossprod(design, y - middle))
  c(solved[1] + middle, solved[-1])
}

# Score and p-value of new cells: the share of cells like those of the fit with
# a score as high, one more counted (Davison and Hinkley 1997, section 4.2.3).
outlier_table <- function(reference, posterior, depth, known, elbo, call) {
  if (is.null(reference)) {
    gmvae_abort(c(
      "The fit must hold the ELBOs of its own cells.",
      x = "An older version of gmvae made it, which did not store them.",
      i = "Fit again."
    ), "input", call = call)
  }
  score <- outlier_scores(depth, posterior, known, elbo, reference)
  below <- findInterval(score, reference$scores, left.open = TRUE)
  data.frame(score = score,
             p_value = (1 + reference$n - below) / (1 + reference$n),
             row.names = make.unique(rownames(posterior)))
}

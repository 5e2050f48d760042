# Whether the likelihood of a fit describes counts: tests of the variance and of
# zeros.

# One row for each check that says something about the likelihood.
check_tests <- function(fit, decoded, compared, all_cells, nsim, call) {
  likelihood <- fit$likelihood
  variance <- variance_test(fit, decoded, compared, nsim, call)
  # A fitted dispersion or variance takes up what is beyond a mean; only the
  # error of the decoder for cells that it has not seen is left.
  limit <- if (likelihood == "poisson") 0.2 else 1
  if (likelihood == "poisson") {
    # Around the means of clusters: no decoder that may be wrong.
    clusters <- cluster_means(fit, all_cells, call)
    around <- mean(variance_ratios(clusters$counts, clusters$expected,
                                   clusters$expected, clusters$group) - 1,
                   trim = 0.1, na.rm = TRUE)
    variance$excess <- min(variance$excess, around)
  }
  variance$flagged <- variance$p_value < 0.01 && variance$excess > limit
  zeros <- if (likelihood == "nb") {
    zero_inflation_test(cluster_means(fit, all_cells, call))
  } else if (likelihood == "gaussian") {
    share <- sum(decoded$sums$zeros) /
      (as.double(length(decoded$group)) * length(fit$features))
    data.frame(check = "zeros", excess = share, statistic = NA_real_,
               p_value = NA_real_, flagged = share > 0.05)
  }
  rbind(variance, zeros)
}

# Squared differences within groups, each about its mean difference, relative to
# the expected variance: one number for each gene.
variance_ratio <- function(sums, group) {
  n <- tabulate(group, ncol(sums$squares))
  difference <- sums$observed - sums$expected
  within <- sweep(sums$squares - sweep(difference^2, 2, n, `/`), 2,
                  n / pmax(n - 1, 1), `*`)
  counted <- n > 1
  rowSums(within[, counted, drop = FALSE]) /
    rowSums(sums$variance[, counted, drop = FALSE])
}

variance_test <- function(fit, decoded, cells, nsim, call) {
  centre <- function(decoded) {
    mean(variance_ratio(decoded$sums, decoded$group) - 1, trim = 0.1,
         na.rm = TRUE)
  }
  simulated <- vapply(seq_len(nsim), function(i) {
    spread <- decoded$latent_sd *
      matrix(stats::rnorm(length(decoded$latent)), nrow(decoded$latent))
    drawn <- cells
    values <- draw_counts(fit, decoded$latent + spread, cells$size, cells,
                          draw_seed(), call)
    genes <- seq_along(fit$features)
    drawn$counts <- values[genes, , drop = FALSE]
    if (!is.null(fit$proteins)) drawn$proteins <- values[-genes, , drop = FALSE]
    if (fit$size_source == "library") {
      drawn$size <- new_sizes(drawn$counts, fit, NULL, call)$factors
    }
    centre(decoded_sums(fit, drawn, call))
  }, 0)
  excess <- centre(decoded) - mean(simulated)
  statistic <- excess / (stats::sd(simulated) * sqrt(1 + 1 / nsim))
  data.frame(check = "variance", excess = excess, statistic = statistic,
             p_value = stats::pt(statistic, nsim - 1, lower.tail = FALSE),
             flagged = FALSE)
}

# Expected counts (G x m) where every cell of a cluster and batch has the same
# shares of genes.
cluster_means <- function(fit, cells, call) {
  posterior <- encode_for_check(fit, cells, call)$posterior
  group <- strata(factor(max.col(posterior, ties.method = "first")),
                  cells$batch)
  counts <- as.matrix(cells$counts)
  share <- rowsum_columns(counts, group) /
    rep(rowsum(cells$size, as.integer(group))[, 1], each = nrow(counts))
  expected <- share[, as.integer(group), drop = FALSE] *
    rep(cells$size, each = nrow(counts))
  list(counts = counts, expected = pmax(expected, 1e-8), group = group)
}

rowsum_columns <- function(x, group) {
  t(rowsum(t(x), as.integer(group)))
}

variance_ratios <- function(counts, expected, variance, group) {
  sums <- list(observed = rowsum_columns(counts, group),
               expected = rowsum_columns(expected, group),
               squares = rowsum_columns((counts - expected)^2, group),
               variance = rowsum_columns(variance, group))
  variance_ratio(sums, group)
}

# The score test of zero inflation of each gene: efficient, with the means of
# groups and the dispersion as nuisance parameters. The score of the zero
# inflation is 1{x = 0} / p0 - 1, where p0 = P(x = 0), here with p0 of at least
# 0.02, so that one unlikely zero does not decide alone.
zero_inflation_test <- function(clusters) {
  x <- clusters$counts
  mu <- clusters$expected
  theta <- fit_dispersion(x, mu)
  share <- theta / (theta + mu)
  p0 <- share^theta
  weight <- 1 / pmax(p0, 0.02)
  zero <- x == 0
  by_group <- function(values) rowsum_columns(values, clusters$group)
  scale_scores <- dispersion_scores(x, mu, theta)
  # Covariances with the scores of the log mean and the log dispersion.
  with_mean <- by_group(-weight * p0 * mu * share)
  information <- pmax(by_group(mu * share), 1e-8)
  with_scale <- rowSums(weight * p0 * theta * (log(share) + 1 - share))
  scale_information <- pmax(rowSums(scale_scores^2), 1e-8)
  total <- rowSums(weight^2 * p0 * (1 - p0))
  score <- rowSums(weight * (zero - p0)) -
    rowSums(with_mean / information * by_group((x - mu) * share)) -
    with_scale / scale_information * rowSums(scale_scores)
  variance <- total - rowSums(with_mean^2 / information) -
    with_scale^2 / scale_information
  # Genes whose zeros say more than their mean and dispersion do.
  informative <- variance > 0.02 * total & rowSums(zero) > 2 &
    rowSums(!zero) > 10
  z <- pmax(pmin(score[informative] / sqrt(variance[informative]), 5), -5)
  statistic <- sum(z) / sqrt(max(length(z), 1L))
  p_value <- stats::pnorm(statistic, lower.tail = FALSE)
  data.frame(check = "zeros", excess = if (length(z) > 0L) mean(z) else 0,
             statistic = statistic, p_value = p_value,
             flagged = p_value < 0.01)
}

# Inverse dispersions of the rows by maximum likelihood: Fisher scoring of their
# logarithms from the moments.
fit_dispersion <- function(x, mu, n_steps = 8L) {
  moment <- rowSums(mu^2) / pmax(rowSums((x - mu)^2 - mu), 1e-3)
  log_theta <- log(pmin(pmax(moment, 0.02), 1e4))
  for (step in seq_len(n_steps)) {
    scores <- dispersion_scores(x, mu, exp(log_theta))
    change <- rowSums(scores) / pmax(rowSums(scores^2), 1e-8)
    log_theta <- pmin(pmax(log_theta + pmin(pmax(change, -1), 1), log(0.02)),
                      log(1e4))
  }
  exp(log_theta)
}

# Derivatives of the log-density by log(theta).
dispersion_scores <- function(x, mu, theta) {
  theta * (digamma(x + theta) - digamma(theta) + log(theta / (theta + mu)) +
             1 - (x + theta) / (mu + theta))
}

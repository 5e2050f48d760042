negative_binomial <- function(n = 2000, theta = 2, size = rep(1, n)) {
  mu <- rep(size, each = 5) * c(0.2, 1, 5, 20, 100)
  x <- matrix(rnbinom(5 * n, size = theta, mu = mu), 5)
  dimnames(x) <- list(paste0("g", 1:5), paste0("c", seq_len(n)))
  methods::as(x, "CsparseMatrix")
}

one_stratum <- function(n) factor(rep(1, n))

test_that("the spread within strata is the inverse dispersion", {
  set.seed(1)
  size <- exp(rnorm(2000, sd = 0.4))
  x <- negative_binomial(size = size)
  fit <- made_up_fit(2000)
  spread <- within_spread(fit, x, size, one_stratum(2000))
  expect_lt(max(abs(spread[-1] - 0.5)), 0.1)
  # Differences between strata are none within.
  shifted <- cbind(x, x)
  shifted[, 1:2000] <- 3 * shifted[, 1:2000]
  strata <- factor(rep(1:2, each = 2000))
  fit <- made_up_fit(4000)
  found <- within_spread(fit, cbind(x, negative_binomial(size = 3 * size)),
                         c(size, size), strata)
  expect_lt(max(abs(found[-1] - 0.5)), 0.1)
})

expect_uncorrelated <- function(parts, genes, most) {
  for (g in genes) {
    values <- vapply(parts, function(part) as.vector(part[g, ]),
                     numeric(ncol(parts[[1]])))
    others <- rowSums(values) - values
    for (j in seq_along(parts)) {
      expect_lt(abs(cor(values[, j], others[, j])), most)
    }
  }
}

test_that("parts of counts add up to them and are uncorrelated", {
  set.seed(2)
  for (theta in c(0.3, 2, 1e8)) {
    x <- negative_binomial(theta = theta)
    fit <- made_up_fit(2000)
    spread <- within_spread(fit, x, rep(1, 2000), one_stratum(2000))
    parts <- split_counts(fit, x, spread)
    expect_length(parts, n_parts)
    expect_equal(Reduce(`+`, parts), x)
    for (part in parts) {
      expect_true(all(values_of(part) == round(values_of(part))))
      expect_gte(min(values_of(part)), 0)
      shares <- Matrix::rowMeans(part) / Matrix::rowMeans(x)
      expect_lt(max(abs(shares - 1 / n_parts)), 0.08)
    }
    expect_uncorrelated(parts, 1:5, 4.5 / sqrt(2000))
  }
})

test_that("parts of zero-inflated counts are uncorrelated, too", {
  set.seed(3)
  x <- negative_binomial(n = 4000, theta = 3)
  x <- x * (matrix(runif(length(x)), 5) < 0.6)
  fit <- made_up_fit(4000, likelihood = "zinb")
  spread <- within_spread(fit, x, rep(1, 4000), one_stratum(4000))
  expect_uncorrelated(split_counts(fit, x, spread), 2:5, 0.06)
})

test_that("parts of measurements are independent", {
  set.seed(4)
  x <- matrix(rnorm(5 * 2000, sd = c(1, 2, 3, 4, 5)), 5)
  dimnames(x) <- list(paste0("g", 1:5), NULL)
  x <- methods::as(x, "CsparseMatrix")
  fit <- made_up_fit(2000, likelihood = "gaussian")
  spread <- within_spread(fit, x, rep(1, 2000), one_stratum(2000))
  expect_equal(spread, unname(apply(as.matrix(x), 1, var)), tolerance = 1e-6)
  parts <- split_counts(fit, x, spread)
  expect_equal(as.matrix(Reduce(`+`, parts)), as.matrix(x))
  for (part in parts) {
    expect_equal(unname(apply(as.matrix(part), 1, var)), spread / n_parts,
                 tolerance = 0.15)
  }
  expect_uncorrelated(parts, 1:5, 4.5 / sqrt(2000))
})

test_that("sums of two sets of cells are those of all", {
  set.seed(5)
  x <- negative_binomial(n = 60)
  batch <- factor(rep(c("x", "y"), c(20, 40)))
  group <- factor(rep(c("a", "b", NA), 20))
  size <- runif(60, 0.5, 2)
  for (likelihood in c("nb", "gaussian")) {
    fit <- made_up_fit(60, likelihood = likelihood, batch = batch)
    sums_of <- function(cells) {
      sums_in_batches(fit, x[, cells], size, group[cells], cells)
    }
    # No cell of the second batch is in the first set.
    expect_equal(add_sums(sums_of(1:15), sums_of(16:60)), sums_of(1:60))
  }
})

two_kinds <- function(n = 200, changed = 0) {
  mean <- rgamma(100, 1, 0.5)
  size <- exp(rnorm(n, sd = 0.3))
  change <- 2^outer(c(rep(1.5, changed), rep(0, 100 - changed)),
                    rep(c(-1, 1), n / 2))
  mu <- outer(mean, size) * change
  x <- matrix(rnbinom(length(mu), size = 2, mu = mu), 100)
  dimnames(x) <- list(paste0("g", 1:100), paste0("c", seq_len(n)))
  list(x = methods::as(x, "CsparseMatrix"), size = size)
}

test_that("p-values of one kind of cells, cut in two, are uniform", {
  cut_in_two <- function(x, like = NULL) {
    first <- prcomp(t(log1p(as.matrix(x))))$x[, 1]
    if (!is.null(like)) first <- first * sign(cor(first, as.integer(like)))
    factor(1 + (first > median(first)), 1:2)
  }
  set.seed(6)
  p <- unlist(lapply(1:6, function(i) {
    data <- two_kinds()
    fit <- made_up_fit(200)
    group <- cut_in_two(data$x)
    spread <- within_spread(fit, data$x, data$size, group)
    parts <- split_counts(fit, data$x, spread)
    sums <- lapply(parts, function(part) {
      found <- cut_in_two(data$x - part, group)
      sums_in_batches(fit, part, data$size, found)[[1]]
    })
    tails <- tails_of_sums(fit, sums, n_parts * spread)
    pmin(2 * pmin(tails$lower, tails$upper), 1)[, 1]
  }))
  p <- p[!is.na(p)]  # genes without a count
  expect_gt(length(p), 500)
  expect_lt(mean(p < 0.05), 0.08)
  expect_lt(mean(p < 0.01), 0.025)
  expect_lt(abs(mean(p < 0.5) - 0.5), 0.08)
})

test_that("clusters that other counts do not show are no finding", {
  set.seed(7)
  data <- two_kinds()
  fit <- quick_fit(data$x, 2)
  fit$cluster[] <- rep(c("1", "2"), 100)
  found <- markers(fit, data$x)
  expect_lte(sum(found$fdr < 0.05, na.rm = TRUE), 10)
})

test_that("genes that differ between real clusters are found", {
  set.seed(8)
  data <- two_kinds(changed = 20)
  fit <- without_cautions(gmvae(data$x, 2, control = gmvae_control(
    epochs = 60, verbose = FALSE
  )))
  expect_gt(adjusted_rand_index(fit$cluster, rep(1:2, 100)), 0.9)
  found <- markers(fit, data$x)
  found <- found[found$cluster == "1", ]
  planted <- found$gene %in% paste0("g", 1:20)
  expect_gt(mean(found$fdr[planted] < 0.05), 0.8)
})

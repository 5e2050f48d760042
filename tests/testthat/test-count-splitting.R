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

test_that("halves of counts add up to them and are uncorrelated", {
  set.seed(2)
  for (theta in c(0.3, 2, 1e8)) {
    x <- negative_binomial(theta = theta)
    fit <- made_up_fit(2000)
    spread <- within_spread(fit, x, rep(1, 2000), one_stratum(2000))
    halves <- split_counts(fit, x, spread)
    expect_equal(halves[[1]] + halves[[2]], x)
    expect_true(all(values_of(halves[[1]]) == round(values_of(halves[[1]]))))
    for (g in 1:5) {
      together <- cor(as.vector(halves[[1]][g, ]), as.vector(halves[[2]][g, ]))
      expect_lt(abs(together), 4 / sqrt(2000))
    }
    expect_equal(Matrix::rowMeans(halves[[1]]) / Matrix::rowMeans(x),
                 c(g1 = 0.5, g2 = 0.5, g3 = 0.5, g4 = 0.5, g5 = 0.5),
                 tolerance = 0.15)
  }
})

test_that("halves of zero-inflated counts are uncorrelated, too", {
  set.seed(3)
  x <- negative_binomial(n = 4000, theta = 3)
  x <- x * (matrix(runif(length(x)), 5) < 0.6)
  fit <- made_up_fit(4000, likelihood = "zinb")
  spread <- within_spread(fit, x, rep(1, 4000), one_stratum(4000))
  halves <- split_counts(fit, x, spread)
  for (g in 2:5) {
    together <- cor(as.vector(halves[[1]][g, ]), as.vector(halves[[2]][g, ]))
    expect_lt(abs(together), 0.06)
  }
})

test_that("halves of measurements are independent", {
  set.seed(4)
  x <- matrix(rnorm(5 * 2000, sd = c(1, 2, 3, 4, 5)), 5)
  dimnames(x) <- list(paste0("g", 1:5), NULL)
  x <- methods::as(x, "CsparseMatrix")
  fit <- made_up_fit(2000, likelihood = "gaussian")
  spread <- within_spread(fit, x, rep(1, 2000), one_stratum(2000))
  expect_equal(spread, unname(apply(as.matrix(x), 1, var)), tolerance = 1e-6)
  halves <- split_counts(fit, x, spread)
  expect_equal(as.matrix(halves[[1]] + halves[[2]]), as.matrix(x))
  for (g in 1:5) {
    together <- cor(as.vector(halves[[1]][g, ]), as.vector(halves[[2]][g, ]))
    expect_lt(abs(together), 4 / sqrt(2000))
  }
})

test_that("Fisher's method combines two p-values, or takes the one there is", {
  expect_equal(fisher_combined(c(0.01, NA, NA), c(0.2, 0.3, NA)),
               c(pchisq(-2 * log(0.002), 4, lower.tail = FALSE), 0.3, NA))
  set.seed(5)
  p <- fisher_combined(runif(1e4), runif(1e4))
  expect_gt(ks.test(p, "punif")$p.value, 0.001)
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
  cut_in_two <- function(x) {
    factor(kmeans(prcomp(t(log1p(as.matrix(x))))$x[, 1:2], 2)$cluster, 1:2)
  }
  set.seed(6)
  p <- unlist(lapply(1:6, function(i) {
    data <- two_kinds()
    fit <- made_up_fit(200)
    spread <- within_spread(fit, data$x, data$size, cut_in_two(data$x))
    halves <- split_counts(fit, data$x, spread)
    group <- cut_in_two(halves[[1]])
    found <- group_tails(fit, halves[[1]], data$size, group, 2 * spread)
    tails <- group_tails(fit, halves[[2]], data$size, group, 2 * spread)
    ifelse(found$excess >= 0, tails$upper, tails$lower)[, 1]
  }))
  p <- p[!is.na(p)]  # genes without a count in one half
  expect_gt(length(p), 500)
  expect_lt(mean(p < 0.05), 0.08)
  expect_lt(mean(p < 0.01), 0.025)
  expect_lt(abs(mean(p < 0.5) - 0.5), 0.08)
})

test_that("clusters that half of the counts do not show have no p-value", {
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

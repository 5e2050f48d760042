select <- function(x, features, likelihood = "nb") {
  suppressMessages(select_features(as_counts(x), likelihood, features))
}

test_that("select_features() takes names, rows, logical, \"all\" and numbers", {
  x <- tiny_counts()
  expect_identical(select(x, "all")$index, 1:8)
  expect_identical(select(x, 2000)$index, 1:8)
  expect_length(select(x, 3)$index, 3)
  expect_identical(select(x, c("g5", "g2", "g5"))$index, c(2L, 5L))
  expect_identical(select(x, c(7, 1, 2))$index, c(1L, 2L, 7L))
  expect_identical(select(x, rep(c(TRUE, FALSE), 4))$index, c(1L, 3L, 5L, 7L))
})

test_that("select_features() drops genes without counts and says so", {
  x <- tiny_counts()
  x[c(2, 3), ] <- 0
  expect_message(
    chosen <- select_features(as_counts(x), "nb", 2000),
    "Dropped 2 genes", class = "gmvae_message"
  )
  expect_identical(chosen$index, c(1L, 4:8))
  expect_message(select_features(as_counts(x), "nb", c("g1", "g2", "g4")),
                 "Dropped 1 gene ")
  expect_silent(select_features(as_counts(x), "nb", c("g1", "g4")))
  expect_error(select(x, c("g2", "g4")), class = "gmvae_error_data")
  expect_error(select(x[2:4, ], "all"), class = "gmvae_error_data")
})

test_that("select_features() finds the genes that vary between groups", {
  set.seed(1)
  n <- 200
  genes <- 600
  mean <- 10^runif(genes, -0.5, 1)
  group <- rep(1:2, n / 2)
  fold <- c(rep(4, 40), rep(1, genes - 40))
  mu <- outer(mean, rep(1, n)) * ifelse(outer(fold, group == 1), fold, 1)
  x <- matrix(rnbinom(genes * n, size = 5, mu = mu), genes)
  x <- x[, colSums(x) > 0]
  chosen <- select(x, 60, "poisson")
  expect_gt(mean(1:40 %in% chosen$index), 0.7)
  expect_gt(mean(which(mean[1:40] > 1) %in% chosen$index), 0.8)
  # Not by the mean alone
  table <- chosen$table
  expect_lt(abs(cor(table$score[-(1:40)], log(table$mean[-(1:40)]),
                    method = "spearman", use = "complete")), 0.5)
})

test_that("the score of RNA counts is the Poisson deviance", {
  set.seed(2)
  x <- matrix(rpois(50 * 80, 0.4), 50)
  x[1:5, ] <- rpois(5 * 80, rep(c(0, 2), each = 200))
  by_hand <- vapply(1:50, function(g) {
    fit <- glm(x[g, ] ~ 1 + offset(log(colSums(x))), family = poisson)
    deviance(fit) / ncol(x)
  }, 0)
  table <- select(x, "all")$table
  expect_equal(table$score, by_hand, tolerance = 1e-8)
  expect_true(all(1:5 %in% order(-table$score)[1:10]))
})

test_that("in sparse counts the genes chosen hold most of the counts", {
  set.seed(3)
  mean <- 10^runif(3000, -4, 0)
  x <- matrix(rpois(3000 * 100, mean), 3000)
  chosen <- select(x, 500)$index
  most <- sum(sort(rowSums(x), decreasing = TRUE)[1:500])
  expect_gt(sum(x[chosen, ]), 0.95 * most)
})

test_that("the table of genes has one row each and says which are used", {
  x <- tiny_counts()
  chosen <- select(x, 3)
  expect_named(chosen$table, c("gene", "mean", "variance", "n_cells", "score",
                               "used"))
  expect_identical(chosen$table$gene, rownames(x))
  expect_identical(which(chosen$table$used), chosen$index)
  size <- colSums(x) / median(colSums(x))
  values <- log1p(sweep(x, 2, size, "/"))
  expect_equal(chosen$table$mean, unname(rowMeans(values)))
  expect_equal(chosen$table$variance, unname(apply(values, 1, var)))
  expect_equal(chosen$table$n_cells, unname(rowSums(x > 0)))
})

test_that("variance_beyond_trend() is zero on the trend, and survives oddity", {
  mean <- seq(0.1, 3, length.out = 200)
  variance <- exp(-1 + 2 * mean - 0.5 * mean^2)
  all_genes <- rep(TRUE, 200)
  beyond <- variance_beyond_trend(mean, variance, all_genes)
  expect_lt(max(abs(beyond / variance)), 1e-6)
  variance[100] <- 3 * variance[100]
  expect_identical(which.max(variance_beyond_trend(mean, variance, all_genes)),
                   100L)

  # Constant genes, few genes, one mean for all: still finite
  variance[1:50] <- 0
  expect_true(all(is.finite(variance_beyond_trend(mean, variance, all_genes))))
  expect_identical(variance_beyond_trend(1:5, 2:6, rep(TRUE, 5)), 2:6)
  same <- runif(200)
  expect_identical(variance_beyond_trend(rep(1, 200), same, all_genes), same)
})

test_that("gaussian features are those of largest variance", {
  set.seed(1)
  x <- matrix(rnorm(200), 10) * 1:10
  expect_identical(select(x, 3, "gaussian")$index, 8:10)
})

test_that("binary features are chosen without a warning", {
  set.seed(1)
  x <- simulate_counts("bernoulli", n = 80, genes = 200)$counts
  x <- x[, colSums(x) > 0]
  expect_length(select(x, 50, "bernoulli")$index, 50)
})

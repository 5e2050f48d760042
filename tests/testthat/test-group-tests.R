# A fit of which only cells, clusters, batches and likelihood matter.
counts_fit <- function(n, likelihood = "nb", batch = NULL) {
  fit <- made_up_fit(n, likelihood = likelihood, batch = batch)
  fit$features <- paste0("g", seq_len(5))
  fit
}

sparse <- function(x) {
  dimnames(x) <- list(paste0("g", seq_len(nrow(x))),
                      paste0("c", seq_len(ncol(x))))
  methods::as(x, "CsparseMatrix")
}

test_that("tails of the beta-binomial are sums of its density", {
  cases <- expand.grid(n = c(1, 7, 60), share = c(0, 0.3, 0.9, 1),
                       a = c(0.2, 3, 1e6), b = c(0.5, 40))
  x <- round(cases$n * cases$share)
  tails <- cpp_beta_binomial_tails(x, cases$n, cases$a, cases$b)
  for (i in seq_len(nrow(cases))) {
    case <- cases[i, ]
    y <- 0:case$n
    density <- exp(lchoose(case$n, y) - lbeta(case$a, case$b) +
                     lbeta(y + case$a, case$n - y + case$b))
    expect_equal(tails$lower[i], sum(density[y <= x[i]]), tolerance = 1e-7)
    expect_equal(tails$upper[i], sum(density[y >= x[i]]), tolerance = 1e-7)
  }
})

test_that("small tails keep their digits", {
  tails <- cpp_beta_binomial_tails(50, 50, 1e10, 1e10)
  expect_equal(log(tails$upper), 50 * log(0.5), tolerance = 1e-6)
})

test_that("Poisson counts of equal cells have the binomial test", {
  set.seed(1)
  x <- matrix(rpois(5 * 40, 2), 5)
  group <- factor(rep(c("a", "b"), c(10, 30)))
  tails <- group_tails(counts_fit(40), sparse(x), rep(1, 40), group,
                       rep(1e-6, 5))
  own <- rowSums(x[, 1:10])
  total <- rowSums(x)
  expect_equal(unname(tails$lower[, "a"]), pbinom(own, total, 0.25),
               tolerance = 1e-4)
  expect_equal(unname(tails$upper[, "a"]),
               pbinom(own - 1, total, 0.25, lower.tail = FALSE),
               tolerance = 1e-4)
  expect_equal(unname(tails$excess[, "a"]), own - total / 4)
  expect_equal(tails$lower[, "a"], tails$upper[, "b"], tolerance = 1e-10)
})

test_that("the test has its level for negative binomial counts of any size", {
  set.seed(2)
  n <- 60
  genes <- 2000
  size <- exp(rnorm(n, sd = 0.5))
  batch <- factor(rep(c("x", "y", "y"), length.out = n))
  group <- factor(rep(c("a", "b", "b", "b"), length.out = n))
  level <- 4 * (1 + 2 * (batch == "y"))
  mu <- rep(size * level, each = genes)
  x <- matrix(rnbinom(genes * n, size = 2, mu = mu), genes)
  tails <- group_tails(counts_fit(n, batch = batch), sparse(x), size, group,
                       rep(0.5, genes))
  for (side in c("lower", "upper")) {
    p <- tails[[side]][, "a"]
    expect_lt(abs(mean(p < 0.05) - 0.05), 0.02)
    expect_lt(mean(p < 0.001), 0.005)
  }
})

test_that("measurements have Welch's test", {
  set.seed(3)
  x <- matrix(rnorm(5 * 30), 5) * rep(c(1, 3), c(50, 100))
  group <- factor(rep(c("a", "b", "c"), each = 10))
  tails <- group_tails(counts_fit(30, "gaussian"), sparse(x), rep(1, 30), group,
                       rep(1, 5))
  for (g in 1:5) {
    test <- t.test(x[g, 1:10], x[g, 11:30], alternative = "greater")
    expect_equal(tails$upper[[g, "a"]], test$p.value)
    expect_equal(tails$lower[[g, "a"]], 1 - test$p.value)
    expect_equal(tails$excess[[g, "a"]], unname(-diff(test$estimate)))
  }
})

test_that("batches in which a group is alone tell nothing", {
  set.seed(4)
  x <- matrix(rpois(5 * 40, 3), 5)
  batch <- factor(rep(c("x", "y"), each = 20))
  group <- factor(c(rep(c("a", "b"), 10), rep("b", 20)))
  both <- group_tails(counts_fit(40, batch = batch), sparse(x), rep(1, 40),
                      group, rep(0.1, 5))
  one <- group_tails(counts_fit(20), sparse(x[, 1:20]), rep(1, 20),
                     group[1:20], rep(0.1, 5))
  expect_equal(both, one)
  alone <- group_tails(counts_fit(40, batch = batch), sparse(x), rep(1, 40),
                       factor(as.integer(batch)), rep(0.1, 5))
  expect_true(all(is.na(alone$lower)))
})

# Counts of `n_tags` tags, each of which marks the cells of one kind.
tagged_cells <- function(n_tags, each = 30, signal = 1000) {
  kind <- rep(seq_len(n_tags), each = each)
  mu <- matrix(signal / 100, n_tags, n_tags)
  diag(mu) <- signal
  counts <- matrix(rnbinom(n_tags * length(kind), size = 4, mu = mu[, kind]),
                   n_tags)
  list(counts = counts, kind = kind)
}

informed <- function(x, likelihood = "nb", size = rep(1, ncol(x))) {
  informative_features(as_counts(x), size, likelihood)
}

test_that("informative_features() is the formula of its page", {
  set.seed(1)
  x <- matrix(rpois(400, 1), 20)
  size <- runif(20, 0.5, 2)
  by_hand <- function(input) {
    d <- input - rowMeans(input)
    median(colSums(d^2)^2 / colSums(d^4))
  }
  expect_equal(informed(x, size = size),
               by_hand(log1p(sweep(x, 2, size, "/"))))
  expect_equal(informed(pmin(x, 1), "bernoulli"), by_hand(pmin(x, 1)))
})

test_that("a tag counts as one feature, however many others there are", {
  set.seed(1)
  for (n_tags in c(4, 12, 40)) {
    expect_lt(informed(tagged_cells(n_tags, 10)$counts), 5)
  }
  # Independent values of one distribution: nearly all count
  x <- matrix(rpois(6e4, 100), 200)
  expect_gt(informed(x), 50)
  expect_lt(informed(x), 100)  # a third, for normal differences
  # Equal cells have no differences to count
  expect_identical(informed(matrix(5, 4, 6)), Inf)
})

test_that("few informative ones of few features are narrow panels", {
  expect_identical(vapply(c(1, 30, 45, 60, Inf), narrowness, 0, 250),
                   c(1, 1, 0.5, 0, 0))
  expect_equal(narrowness(57.5, 100), 1 / 12)
  # Many features of which a cell shows few
  expect_identical(vapply(c(250, 375, 500, 2000), narrowness, 0,
                          informative = 20), c(1, 0.5, 0, 0))
})

test_that("gmvae() finds the groups of narrow panels", {
  for (n_tags in c(4, 12)) {
    set.seed(4)
    data <- tagged_cells(n_tags)
    for (seed in 1:2) {
      set.seed(seed)
      fit <- without_cautions(gmvae(
        data$counts, k = n_tags,
        control = gmvae_control(n_threads = 1, verbose = FALSE)
      ))
      expect_gt(adjusted_rand_index(fit$cluster, data$kind), 0.98)
    }
  }
  # Ten proteins, 80 counts where they are present and 6 elsewhere
  set.seed(1)
  present <- vapply(1:5, function(kind) seq_len(10) %in% c(kind, 5 + kind),
                    logical(10))
  kind <- rep(1:5, 60)
  x <- matrix(rnbinom(3000, size = 5, mu = ifelse(present, 80, 6)[, kind]), 10)
  set.seed(1)
  fit <- without_cautions(gmvae(
    x, k = 5, control = gmvae_control(n_threads = 1, verbose = FALSE)
  ))
  expect_gt(adjusted_rand_index(fit$cluster, kind), 0.95)
})

test_that("a collapsed fit is warned of and never called stable", {
  set.seed(4)
  x <- tagged_cells(8)$counts
  set.seed(1)
  others <- paste0("gmvae_warning_", c("unstable", "not_converged"))
  expect_warning(
    suppressWarnings(classes = others, fit <- gmvae(
      x, 8, control = gmvae_control(mask = 0.5, learning_rate = 1e-3,
                                    epochs = 60, n_threads = 1, verbose = FALSE)
    )),
    class = "gmvae_warning_collapsed"
  )
  expect_identical(fit$control$mask, 0.5)
  expect_identical(sum(table(fit$cluster) > 0), 1L)
  expect_identical(fit$stability, 0)
  expect_output(print(fit), "Stability +none, as all cells are in one cluster")
})

# The reference has three of four kinds. The fourth is like the first, but for
# other counts of ten of 100 genes: its single cells hardly stand out.
unseen_kind <- function(likelihood = "nb", n = 900) {
  set.seed(6)
  data <- simulate_counts(likelihood, n, k = 3, depth = 30)
  x <- data$counts
  kind <- c("alpha", "beta", "delta")[data$cluster]
  kind[kind == "alpha" & seq_len(n) %% 6 == 1] <- "gamma"
  changed <- order(-rowMeans(x))[11:20]
  new <- kind == "gamma"
  x[changed, new] <- if (likelihood == "bernoulli") {
    1 - x[changed, new]
  } else if (likelihood == "gaussian") {
    x[changed, new] + 1
  } else {
    3 * x[changed, new]
  }
  list(x = x, kind = kind,
       seen = which(!new & seq_len(n) %% 4 != 0))
}

fit_seen <- function(data, ...) {
  set.seed(1)
  without_cautions(gmvae(data$x[, data$seen], 3, ..., control = gmvae_control(
    n_latent = 4, hidden = 32, epochs = 30, heldout = 0.25, verbose = FALSE
  )))
}

data <- unseen_kind()
fit <- fit_seen(data)
query <- setdiff(seq_along(data$kind), data$seen)
new <- data$kind[query] == "gamma"

# The chance that a cell of the new kind has the higher score.
area <- function(cells) {
  score <- cells$outlier_score
  mean(outer(score[new], score[!new], ">"))
}

test_that("neighbourhoods tell a new kind that single cells do not", {
  alone <- map_to_reference(fit, data$x[, query])$cells
  mapped <- map_to_reference(fit, data$x[, query],
                             reference = data$x[, data$seen])$cells
  expect_lt(area(alone), 0.6)
  expect_gt(area(mapped), 0.85)
  expect_gt(mean(mapped$outlier_p_value[new] < 0.05), 0.4)
  others <- setdiff(names(alone), c("outlier_score", "outlier_p_value"))
  expect_identical(mapped[others], alone[others])
  expect_gte(min(mapped$outlier_score - alone$outlier_score), 0)
})

test_that("cells like those of the reference have uniform p-values", {
  p <- map_to_reference(fit, data$x[, query[!new]],
                        reference = data$x[, data$seen])$cells$outlier_p_value
  expect_lt(abs(mean(p) - 0.5), 0.1)
  expect_lt(mean(p < 0.05), 0.1)
})

test_that("a large query is compared in parts of all of it", {
  cells <- list(latent = matrix(0, 9001, 2), batch = rep(c("a", "b", "c"),
                                                         length.out = 9001))
  pools <- pools_of(cells, list(new = "c"))
  expect_length(pools, 2)
  expect_setequal(unlist(pools), which(cells$batch != "c"))
  expect_lte(max(lengths(pools)), most_in_pool)
  expect_gt(min(table(cells$batch[pools[[2]]])), 1000)
  expect_length(pools_of(cells["latent"], list(new = "c")), 3)
  expect_length(pools_of(cells, list(new = c("a", "b", "c"))), 0)
})

test_that("cells of a new batch are compared alone, others with neighbours", {
  batch <- rep(c("one", "two"), length.out = length(data$seen))
  fit <- fit_seen(data, batch = batch)
  theirs <- rep(c("one", "three"), length.out = length(query))
  mapped <- lapply(list(NULL, data$x[, data$seen]), function(reference) {
    map_to_reference(fit, data$x[, query], batch = theirs,
                     reference = reference)$cells
  })
  unseen <- theirs == "three"
  expect_identical(mapped[[1]][unseen, ], mapped[[2]][unseen, ])
  moved <- mapped[[2]]$outlier_score > mapped[[1]]$outlier_score
  expect_gt(mean(moved[!unseen & new]), 0.5)
})

test_that("every likelihood has them", {
  for (likelihood in c("zinb", "poisson", "bernoulli", "gaussian")) {
    data <- unseen_kind(likelihood, 600)
    query <- setdiff(seq_along(data$kind), data$seen)
    new <- data$kind[query] == "gamma"
    cells <- map_to_reference(
      fit_seen(data, likelihood = likelihood), data$x[, query],
      reference = data$x[, data$seen]
    )$cells
    score <- cells$outlier_score
    expect_gt(mean(outer(score[new], score[!new], ">")), 0.7,
              label = likelihood)
    expect_lt(mean(cells$outlier_p_value[!new] < 0.05), 0.2)
  }
})

test_that("neighbourhoods are of the nearest cells", {
  set.seed(1)
  latent <- matrix(rnorm(400), 200)
  mixture <- list(weights = 1, means = matrix(0, 1, 2),
                  covariances = array(c(4, 1, 1, 1), c(2, 2, 1)))
  near <- as.matrix(neighbourhoods(latent, mixture))
  expect_equal(colSums(near), rep(1, 200))
  expect_true(all(diag(near) > 0))
  distances <- mahalanobis(latent, latent[7, ], mixture$covariances[, , 1])
  expect_setequal(which(near[, 7] > 0), order(distances)[1:40])
})

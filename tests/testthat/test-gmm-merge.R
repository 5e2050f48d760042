# A cross of two components, and a third component apart.
crosses <- function(n = 300) {
  set.seed(5)
  arm <- function(n, x, y, sx, sy) cbind(rnorm(n, x, sx), rnorm(n, y, sy))
  rbind(arm(n / 3, 0, 0, 2, 0.3), arm(n / 3, 0, 0, 0.3, 2),
        arm(n / 3, 9, 9, 1, 1))
}
x <- crosses()
fit <- gmm_fit(x, 3, "VVV", start = rep(1:3, each = 100), control = quiet())

test_that("merge_components() joins the arms of a cross by each method", {
  for (method in c("entropy", "overlap", "modes")) {
    merged <- merge_components(fit, method)
    expect_s3_class(merged, "gmm_merged")
    expect_identical(merged$n_clusters, 2L, info = method)
    truth <- rep(1:2, c(200, 100))
    expect_gt(adjusted_rand_index(merged$cluster, truth), 0.95)
    expect_equal(rowSums(merged$posterior), rep(1, 300))
    expect_equal(sum(merged$weights), 1)
    expect_equal(unname(merged$uncertainty),
                 1 - apply(merged$posterior, 1, max))
  }
})

test_that("the steps have the entropies and confusions of their definitions", {
  z <- fit$posterior
  entropy <- function(z) -sum(ifelse(z > 0, z * log(z), 0))
  merged <- merge_components(fit)
  expect_equal(merged$steps$entropy[1], entropy(z))
  for (k in 2:1) {
    sums <- t(rowsum(t(z), merged$tree[, k]))
    row <- match(k, merged$steps$n_clusters)
    expect_equal(merged$steps$entropy[row], entropy(sums))
    expect_equal(merged$steps$value[row],
                 merged$steps$entropy[row - 1] - merged$steps$entropy[row])
  }
  # No other pair lowers the entropy more.
  pairs <- utils::combn(3, 2)
  falls <- apply(pairs, 2, function(pair) {
    entropy(z) - entropy(cbind(z[, -pair], rowSums(z[, pair])))
  })
  expect_equal(merged$steps$value[2], max(falls))

  confusion <- function(i, j) sum(z[z[, i] >= z[, j], j]) / sum(z[, j])
  found <- apply(pairs, 2, function(pair) {
    max(confusion(pair[1], pair[2]), confusion(pair[2], pair[1]))
  })
  expect_equal(merge_components(fit, "overlap")$steps$value[2], max(found))
})

test_that("merge_components() gives mclust's tree, entropies and elbow", {
  sets <- mclust_data("Baudry_etal_2010_JCGS_examples")
  for (name in c("ex4.1", "ex4.4.1", "ex4.4.2")) {
    set <- sets[[name]]
    m <- mclust_fit(set, 6, "VVV")
    theirs <- mclust::clustCombi(m)
    ours <- merge_components(fit_of_mclust(m, set))
    entropy <- vapply(theirs$combiz, function(z) {
      -sum(ifelse(z > 0, z * log(z), 0))
    }, 0)
    expect_equal(rev(ours$steps$entropy), entropy, tolerance = 1e-8)
    for (k in 1:6) {
      expect_identical(unname(predict(ours, n_clusters = k)),
                       as.integer(theirs$classification[[k]]))
    }
    chosen <- mclust::clustCombiOptim(theirs)
    expect_identical(ours$n_clusters, as.integer(chosen$numClusters.combi))
    expect_equal(unname(ours$posterior), unname(chosen$z.combi),
                 tolerance = 1e-8)
  }
})

test_that("the number of clusters can be asked for, in one step or later", {
  merged <- merge_components(fit)
  for (k in 1:3) {
    asked <- merge_components(fit, n_clusters = k)
    expect_identical(asked$n_clusters, k)
    expect_identical(predict(merged, n_clusters = k), asked$cluster)
    expect_equal(predict(merged, x, "posterior", n_clusters = k),
                 asked$posterior)
  }
  expect_identical(merge_components(fit, "overlap", cutoff = 1)$n_clusters, 3L)
  expect_identical(merge_components(fit, "overlap", cutoff = 0)$n_clusters, 1L)
})

test_that("the elbow is the least-squares break of two lines", {
  steps <- data.frame(n_clusters = 6:1, rows = c(0, 10, 20, 30, 40, 50),
                      entropy = c(90, 60, 30, 2, 1, 0))
  found <- find_elbow(steps, "clusters")
  expect_identical(found$at, 3L)
  line <- stats::lm(entropy ~ n_clusters, steps[4:6, ])
  expect_equal(c(found$intercept[1], found$slope[1]), unname(coef(line)))
  # The position of a number of clusters is how many rows were merged before.
  expect_equal(find_elbow(steps, "rows")$x, cumsum(c(0, 50, 40, 30, 20, 10)))
  expect_null(find_elbow(steps[1:2, ], "clusters"))
})

test_that("predict() assigns new rows to clusters", {
  merged <- merge_components(fit)
  expect_equal(predict(merged, x), merged$cluster)
  expect_equal(predict(merged, x, "posterior"), merged$posterior)
  expect_equal(predict(merged, x, "uncertainty"), merged$uncertainty)
  modes <- merge_components(fit, "modes")
  expect_error(predict(modes, n_clusters = 1), class = "gmvae_error_option")
})

test_that("rows count by their weights, and rows left out not at all", {
  weights <- rep(c(1, 3), 150)
  weighted <- gmm_fit(x, 3, "VVV", weights = weights,
                      start = rep(1:3, each = 100), control = quiet())
  merged <- merge_components(weighted)
  z <- weighted$posterior
  expect_equal(merged$steps$entropy[1],
               -sum(weights * ifelse(z > 0, z * log(z), 0)))
  expect_equal(merge_components(weighted, weights = weights), merged)
  expect_error(merge_components(weighted, weights = 1:300),
               class = "gmvae_error_input")
  rm(weights)
  expect_error(merge_components(weighted), class = "gmvae_error_input")

  gaps <- replace(x, c(1, 150, 450), NA)
  omitted <- gmm_fit(gaps, 3, "VVV", na_action = "omit", control = quiet())
  merged <- merge_components(omitted)
  expect_identical(unname(which(is.na(merged$cluster))), c(1L, 150L))
  z <- omitted$posterior[-c(1, 150), ]
  expect_equal(merged$steps$entropy[1],
               -sum(ifelse(z > 0, z * log(z), 0)))

  empty <- rbind(gaps, NA)
  used <- gmm_fit(empty, 3, "VVV", na_action = "em", control = quiet())
  merged <- merge_components(used)
  z <- used$posterior[-c(150, 301), ]
  expect_equal(merged$steps$entropy[1],
               -sum(ifelse(z > 0, z * log(z), 0)))
})

test_that("noise stays apart", {
  set.seed(6)
  noisy <- rbind(x, cbind(runif(20, -30, 40), runif(20, -30, 40)))
  found <- gmm_fit(noisy, 3, "VVV", noise = 0.05, control = quiet())
  for (method in c("entropy", "overlap", "modes")) {
    merged <- merge_components(found, method)
    expect_identical(merged$cluster == 0L, found$cluster == 0L)
    expect_identical(colnames(merged$posterior),
                     c(as.character(seq_len(merged$n_clusters)), "noise"))
    expect_equal(merged$posterior[, "noise"], found$posterior[, "noise"])
    expect_equal(predict(merged, noisy), merged$cluster)
  }
})

test_that("one column, one component, labels, and fits without posterior", {
  line <- gmm_fit(x[, 1], 3, "V", control = quiet())
  for (method in c("entropy", "overlap", "modes")) {
    expect_s3_class(merge_components(line, method), "gmm_merged")
    one <- merge_components(gmm_fit(x, 1, "VVV", control = quiet()), method)
    expect_identical(one$n_clusters, 1L)
    expect_identical(unname(one$cluster), rep(1L, 300))
  }
  labels <- replace(rep(NA, 300), c(1, 101), c("wide", "tall"))
  bare <- function(keep) {
    gmm_fit(x, 3, "VVV", labels = labels, keep_posterior = keep,
            keep_data = TRUE, control = quiet())
  }
  set.seed(1)
  kept <- merge_components(bare(TRUE))
  set.seed(1)
  dropped <- merge_components(bare(FALSE))
  expect_equal(dropped$posterior, kept$posterior)
  expect_true("tall" %in% kept$steps$first || "tall" %in% kept$steps$second)
})

test_that("print() shows clusters, steps and modes", {
  expect_snapshot({
    merge_components(fit)
    merge_components(fit, "overlap")
    merge_components(gmm_fit(x, 1, "VVV", control = quiet()))
  })
  expect_output(print(merge_components(fit, "modes")), "Modes of the density")
})

test_that("merge_components() says what is wrong", {
  expect_snapshot(error = TRUE, {
    merge_components(1)
    merge_components(fit, "icl")
    merge_components(fit, n_clusters = 4)
    merge_components(fit, "modes", n_clusters = 2)
    merge_components(fit, cutoff = 2)
    merge_components(fit, "entropy", 2)
  })
  expect_null(unclassed(few_odd_values, function(v) merge_components(v)))
  for (name in c("method", "n_clusters", "cutoff", "elbow", "data",
                 "weights")) {
    expect_null(unclassed(few_odd_values, function(v) {
      do.call(merge_components, c(list(fit), stats::setNames(list(v), name)),
              quote = TRUE)
    }), info = name)
  }
})

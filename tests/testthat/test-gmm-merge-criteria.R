# Numbers of package diptest 0.76 and fpc 2.2-10, which has the methods of
# Hennig (2010).

dip_of <- function(x, weights = rep(1, length(x)), n_samples = 0L) {
  cpp_dip_test(x, weights, n_samples, 1, 1)
}

test_that("the dip is that of package diptest, with ties and weights", {
  expect_equal(dip_of(faithful$eruptions)[1], 0.0923810263068759)
  expect_equal(dip_of(faithful$waiting)[1], 0.041436887254902)
  expect_equal(dip_of(iris$Petal.Length)[1], 0.118974358974359)
  expect_equal(dip_of(iris$Sepal.Width)[1], 0.0466666666666667)
  expect_equal(dip_of(rev(precip))[1], 0.0357142857142857)
  expect_equal(dip_of(iris$Petal.Length, rep(1:3, 50))[1], 0.118024691358025)
  # A row of weight 2 is two rows, and a row of weight 0 is none.
  w <- rep(c(0, 1, 2), length.out = 272)
  expect_equal(dip_of(faithful$waiting, w),
               dip_of(rep(faithful$waiting, w)))
})

test_that("p-values of the dip are those of uniform samples", {
  expect_lt(dip_of(faithful$eruptions, n_samples = 1999L)[2], 0.001)
  # diptest: 0.0011, 0.019, 0.780 and 0.955 by 20,000 samples.
  found <- vapply(list(faithful$waiting, iris$Sepal.Width, precip, islands),
                  function(x) dip_of(x, n_samples = 1999L)[2], 0)
  expect_true(all(abs(found - c(0.0011, 0.019, 0.780, 0.955)) <
                    c(0.004, 0.012, 0.04, 0.02)))
  # Few or equal values do not dip.
  expect_identical(dip_of(c(1, 5, 9), n_samples = 99L)[2], 1)
  expect_identical(dip_of(rep(1, 50), n_samples = 99L)[2], 1)
  set.seed(2)
  x <- rnorm(400)
  expect_identical(cpp_dip_test(x, rep(1, 400), 500L, 1, 1),
                   cpp_dip_test(x, rep(1, 400), 500L, 1, 2))
  # The level holds for uniform samples.
  p <- replicate(200, dip_of(runif(60), n_samples = 199L)[2])
  # These are multiples of 1 / 200, which ks.test() warns of.
  expect_gt(suppressWarnings(stats::ks.test(p, "punif"))$p.value, 0.001)
})

normal_pair <- function(mean, weights = c(0.6, 0.4)) {
  list(
    list(weight = weights[1], mean = c(0, 0),
         covariance = matrix(c(1, 0.4, 0.4, 1.5), 2)),
    list(weight = weights[2], mean = mean,
         covariance = matrix(c(1.6, -0.5, -0.5, 0.7), 2))
  )
}

test_that("the Bhattacharyya bound is that of fpc", {
  bound <- function(mean) {
    pair <- normal_pair(mean)
    merge_criteria$bhattacharyya$value(pair[[1]], pair[[2]])
  }
  expect_equal(c(bound(c(1, 1)), bound(c(3, 1)), bound(c(5, 2))),
               c(0.6987064163, 0.317710179, 0.04547585892), tolerance = 1e-8)
})

test_that("the ridgeline holds the modes and the saddle of the density", {
  density_of <- function(pair) {
    function(x) {
      sum(vapply(pair, function(one) {
        one$weight * exp(-sum((x - one$mean) *
                                solve(one$covariance, x - one$mean)) / 2) /
          sqrt(det(one$covariance))
      }, 0))
    }
  }
  climb_from <- function(pair) {
    density <- density_of(pair)
    top <- function(start) {
      stats::optim(start, function(x) -log(density(x)),
                   control = list(reltol = 1e-14))
    }
    lapply(pair, function(one) top(one$mean))
  }
  for (mean in list(c(3, 1), c(5, 2), c(4, -4))) {
    pair <- normal_pair(mean)
    # The path leaves out a factor of both.
    modes <- vapply(climb_from(pair), function(top) exp(-top$value), 0) *
      sqrt(det(pair[[1]]$covariance))
    path <- ridgeline(pair[[1]], pair[[2]])
    values <- exp(path(seq(0, 1, by = 1e-5)))
    bottom <- which.min(values[20001:80001]) + 20000
    expect_equal(max(values), max(modes), tolerance = 1e-6)
    expect_equal(ridgeline_ratio(pair[[1]], pair[[2]]),
                 values[bottom] / min(modes), tolerance = 1e-6)
    # The order of the two is of no account.
    expect_equal(ridgeline_ratio(pair[[2]], pair[[1]]),
                 ridgeline_ratio(pair[[1]], pair[[2]]), tolerance = 1e-8)
  }
  one <- normal_pair(c(1, 0.5))
  expect_identical(ridgeline_ratio(one[[1]], one[[2]]), 1)
  # A small cluster beside a large one, in one column and far out.
  line <- function(mean, sd, weight) {
    list(weight = weight, mean = mean, covariance = matrix(sd^2))
  }
  ratio <- ridgeline_ratio(line(0, 1, 0.5), line(1e4, 1e-3, 0.5))
  expect_gte(ratio, 0)
  expect_lt(ratio, 1e-12)
  expect_equal(ridgeline_ratio(line(0, 1, 0.5), line(4, 1, 0.5)),
               2 * dnorm(2) / (dnorm(0) + dnorm(4)), tolerance = 1e-3)
})

test_that("two clusters together have their moments", {
  pair <- normal_pair(c(3, 1))
  pair <- lapply(pair, c, list(posterior = 1))
  joined <- join_clusters(pair[[1]], pair[[2]])
  set.seed(1)
  n <- 4e5
  first <- runif(n) < 0.6
  x <- matrix(rnorm(2 * n), n)
  x <- ifelse(first, 1, 0) * (x %*% chol(pair[[1]]$covariance)) +
    ifelse(first, 0, 1) * sweep(x %*% chol(pair[[2]]$covariance), 2, c(3, 1),
                                "+")
  expect_equal(joined$mean, colMeans(x), tolerance = 0.02)
  expect_equal(joined$covariance, cov(x), tolerance = 0.02,
               ignore_attr = TRUE)
})

test_that("closeness, ridgeline and dip join the halves of a ball", {
  set.seed(4)
  x <- rbind(matrix(rnorm(600), 300), matrix(rnorm(400, 7), 200))
  half <- ifelse(x[1:300, 1] < 0, 1L, 2L)
  fit <- gmm_fit(x, 3, "EEE", start = c(half, rep(3L, 200)), control = quiet())
  for (method in c("bhattacharyya", "ridgeline", "dip")) {
    merged <- merge_components(fit, method)
    expect_identical(merged$n_clusters, 2L, info = method)
    expect_identical(merged$cutoff, merge_criteria[[method]]$cutoff)
    expect_equal(adjusted_rand_index(merged$cluster, rep(1:2, c(300, 200))), 1)
    expect_identical(merge_components(fit, method, n_clusters = 3)$n_clusters,
                     3L)
    expect_equal(predict(merged, x), merged$cluster)
    expect_output(print(merged), "cutoff")
  }
  expect_gt(merge_components(fit, "dip")$steps$value[2], 0.05)
  expect_lt(merge_components(fit, "dip")$steps$value[3], 0.001)
})

test_that("criteria take weights, gaps, noise, labels, and one column", {
  set.seed(4)
  x <- rbind(matrix(rnorm(300), 150), matrix(rnorm(200, 7), 100),
             matrix(runif(20, -20, 30), 10))
  gaps <- replace(x, sample(length(x), 40), NA)
  labels <- replace(rep(NA, 260), c(1, 200), c("here", "there"))
  w <- rep(1:2, 130)
  fits <- list(
    weights = gmm_fit(x, 3, "VVV", weights = w, control = quiet(),
                      keep_data = TRUE),
    gaps = gmm_fit(gaps, 3, "VVV", na_action = "em", control = quiet(),
                   keep_data = TRUE),
    omitted = gmm_fit(gaps, 3, "VVV", na_action = "omit", control = quiet(),
                      keep_data = TRUE),
    noise = gmm_fit(x, 3, "VVV", noise = 0.05, control = quiet(),
                    keep_data = TRUE),
    labels = gmm_fit(x, 3, "VVV", labels = labels, control = quiet(),
                     keep_data = TRUE),
    column = gmm_fit(x[, 1], 3, control = quiet(), keep_data = TRUE),
    single = gmm_fit(x, 1, control = quiet(), keep_data = TRUE)
  )
  for (name in names(fits)) {
    for (method in c("bhattacharyya", "ridgeline", "dip")) {
      merged <- merge_components(fits[[name]], method)
      expect_s3_class(merged, "gmm_merged")
      expect_true(all(merged$steps$value[-1] >= 0 &
                        merged$steps$value[-1] <= 1),
                  label = paste(name, method))
    }
  }
  # The test needs rows.
  bare <- gmm_fit(rbind(x), 3, control = quiet())
  expect_s3_class(merge_components(bare, "ridgeline"), "gmm_merged")
  expect_error(merge_components(bare, "dip", data = x[-1, ]),
               class = "gmvae_error_input")
})

flowers <- iris[, 1:4]
fit <- gmm_fit(flowers, 3, "VEV", start = iris$Species, keep_data = TRUE,
               control = quiet())

test_that("discriminant_coordinates() gives mclust's directions and values", {
  skip_if_not_installed("mclust")
  for (model in c("EEE", "VEV", "VVI")) {
    m <- mclust_fit(flowers, 3, model)
    shell <- fit_of_mclust(m, flowers)
    for (lambda in c(1, 0.5, 0)) {
      if (model == "EEE" && lambda == 0) next
      theirs <- mclust::MclustDR(m, lambda = lambda)
      ours <- discriminant_coordinates(shell, lambda = lambda)
      numdir <- seq_len(theirs$numdir)
      expect_equal(unname(ours$values), theirs$evalues[numdir],
                   tolerance = 1e-8)
      expect_equal(abs(unname(ours$directions)), abs(unname(theirs$basis)),
                   tolerance = 1e-6)
      expect_equal(abs(unname(ours$coordinates)), abs(unname(theirs$dir)),
                   tolerance = 1e-6)
      expect_equal(unname(predict(ours, type = "posterior")),
                   predict(theirs)$z, tolerance = 1e-6)
      if (lambda < 1) {
        parts <- in_mclust(plotEvalues.MclustDR(theirs), theirs = theirs)
        expect_equal(unname(ours$from_means), parts$mean.contrib,
                     tolerance = 1e-6)
        expect_equal(unname(ours$from_covariances), parts$var.contrib,
                     tolerance = 1e-6)
      }
    }
  }
})

test_that("directions of the means are those of discriminant analysis", {
  skip_if_not_installed("MASS")
  classes <- gmm_classify(flowers, iris$Species, model = "EEE",
                          control = quiet())
  ours <- discriminant_coordinates(classes)
  theirs <- MASS::lda(flowers, iris$Species)$scaling
  theirs <- sweep(theirs, 2, sqrt(colSums(theirs^2)), "/")
  expect_equal(abs(unname(ours$directions)), abs(unname(theirs)))
  expect_identical(ours$groups, levels(iris$Species))
  expect_identical(levels(predict(ours, type = "cluster")),
                   levels(iris$Species))
})

test_that("values and loadings do not depend on units", {
  units <- c(10, 1e-3, 1, 1e4)
  scaled <- sweep(as.matrix(flowers), 2, units, "*")
  other <- gmm_fit(scaled, 3, "VVV", start = iris$Species, keep_data = TRUE,
                   control = quiet())
  same <- gmm_fit(flowers, 3, "VVV", start = iris$Species, keep_data = TRUE,
                  control = quiet())
  for (lambda in c(0.5, 1)) {
    a <- discriminant_coordinates(same, lambda = lambda)
    b <- discriminant_coordinates(other, lambda = lambda)
    parts <- c("values", "loadings", "importance", "from_means")
    expect_equal(a[parts], b[parts], tolerance = 1e-6)
  }
})

test_that("parts add up, importance too, and coordinates are projections", {
  found <- discriminant_coordinates(fit, lambda = 0.4)
  expect_equal(found$from_means + found$from_covariances, found$values)
  expect_equal(sum(found$importance), 1)
  share <- found$values / sum(found$values)
  expect_equal(unname(found$importance),
               unname(colSums(share * t(found$loadings^2))))
  expect_equal(colSums(found$directions^2), c(DC1 = 1, DC2 = 1, DC3 = 1,
                                              DC4 = 1))
  projected <- scale(as.matrix(flowers), scale = FALSE) %*% found$directions
  expect_equal(found$coordinates, projected, ignore_attr = TRUE)
  expect_equal(predict(found, flowers), found$coordinates,
               ignore_attr = TRUE)
  expect_equal(dim(predict(found, flowers[1:3, ], n_coordinates = 2)),
               c(3L, 2L))
  # With all directions nothing is lost.
  expect_equal(unname(predict(found, type = "posterior")),
               unname(fit$posterior), tolerance = 1e-6)
  expect_equal(found$covariances[, , 2],
               t(found$directions) %*% fit$covariances[, , 2] %*%
                 found$directions)
})

test_that("the total of the mixture is its covariance", {
  # For VVV the mixture has the covariance of the data.
  full <- gmm_fit(flowers, 3, "VVV", start = iris$Species, keep_data = TRUE,
                  control = quiet(tol = 1e-13))
  expect_equal(discriminant_coordinates(full, total = "mixture")$values,
               discriminant_coordinates(full, total = "data")$values,
               tolerance = 1e-5)
})

test_that("weights are repetitions", {
  set.seed(1)
  weights <- sample(0:2, 150, replace = TRUE)
  rows <- rep(1:150, weights)
  start <- coef(fit)
  weighted <- gmm_fit(flowers, 3, "VVV", weights = weights, start = start,
                      control = quiet())
  repeated <- gmm_fit(flowers[rows, ], 3, "VVV", start = start,
                      control = quiet())
  parts <- c("values", "directions", "centre", "importance")
  expect_equal(discriminant_coordinates(weighted)[parts],
               discriminant_coordinates(repeated)[parts], tolerance = 1e-5)
})

test_that("noise, missing values, merged clusters, one column", {
  set.seed(2)
  noisy <- rbind(as.matrix(flowers), matrix(runif(40, 0, 10), 10))
  with_noise <- gmm_fit(noisy, 2, "EEE", noise = 0.05, control = quiet())
  found <- discriminant_coordinates(with_noise)
  expect_identical(found$total, "mixture")
  expect_identical(found$group, with_noise$cluster)

  gaps <- with_gaps(as.matrix(flowers), 0.1)
  gappy <- gmm_fit(gaps, 3, "VVV", start = iris$Species, na_action = "em",
                   control = quiet())
  found <- discriminant_coordinates(gappy)
  expect_identical(found$total, "mixture")
  expected <- sweep(predict(gappy, gaps, "imputed"), 2, found$centre) %*%
    found$directions
  expect_equal(found$coordinates, expected, ignore_attr = TRUE)
  expect_false(anyNA(predict(found, gaps[1:20, ], "cluster")))
  omitted <- gmm_fit(gaps, 3, "EEE", na_action = "omit", control = quiet())
  found <- discriminant_coordinates(omitted)
  complete <- stats::complete.cases(gaps)
  expect_identical(unname(is.na(found$coordinates[, 1])), !complete)
  expect_equal(unname(found$centre),
               unname(colMeans(gaps[complete, ])))

  merged <- merge_components(gmm_fit(flowers, 4, "VVI", keep_data = TRUE,
                                     control = quiet()), n_clusters = 2)
  found <- discriminant_coordinates(merged, data = flowers)
  expect_identical(found$groups, c("1", "2"))
  expect_identical(ncol(predict(found, type = "posterior")), 2L)

  line <- gmm_fit(flowers[, 3], 2, "V", control = quiet())
  expect_equal(unname(discriminant_coordinates(line)$directions), matrix(1))
})

test_that("columns that others determine get a direction all the same", {
  twice <- cbind(flowers, Sum = flowers[[1]] + flowers[[2]])
  diagonal <- gmm_fit(twice, 2, "VVI", control = quiet())
  found <- discriminant_coordinates(diagonal)
  expect_identical(length(found$values), 1L)
  expect_true(all(is.finite(found$directions)))
})

test_that("print() shows values, loadings and importance", {
  expect_snapshot(discriminant_coordinates(fit, lambda = 0.5))
})

test_that("discriminant_coordinates() says what is wrong", {
  one <- gmm_fit(flowers, 1, "VVV", control = quiet())
  equal <- gmm_fit(flowers, 2, "EEE", control = quiet())
  expect_snapshot(error = TRUE, {
    discriminant_coordinates(1)
    discriminant_coordinates(one)
    discriminant_coordinates(equal, lambda = 0)
    discriminant_coordinates(fit, lambda = 2)
    discriminant_coordinates(fit, total = "rows")
    discriminant_coordinates(fit, data = flowers[150:1, ])
    predict(discriminant_coordinates(fit), n_coordinates = 9)
  })
  for (name in c("lambda", "total", "data", "weights")) {
    expect_null(unclassed(few_odd_values, function(value) {
      do.call(discriminant_coordinates,
              c(list(fit), stats::setNames(list(value), name)), quote = TRUE)
    }), info = name)
  }
})

test_that("many columns of different units can be predicted from", {
  set.seed(3)
  d <- 30
  class <- rep(1:2, each = 200)
  latent <- matrix(rnorm(400 * 6), 400) + class
  x <- latent %*% matrix(rnorm(6 * d), 6) + 0.02 * matrix(rnorm(400 * d), 400)
  x <- sweep(x, 2, 10^seq(-4, 3, length.out = d), "*")
  fit <- gmm_classify(x, class, model = "VVV", control = quiet())
  for (lambda in c(0, 0.5)) {
    found <- discriminant_coordinates(fit, lambda = lambda, data = x)
    expect_true(all(apply(found$covariances, 3, isSymmetric)))
    posterior <- predict(found, type = "posterior", n_coordinates = 2)
    expect_equal(unname(rowSums(posterior)), rep(1, 400))
  }
})

fit <- made_up_fit(k = 3)

test_that("without joined clusters components are clusters", {
  expect_identical(component_clusters(fit), 1:3)
  expect_identical(component_indicators(fit), diag(3))
  expect_equal(cluster_weights(fit), fit$mixture$weights)
  expect_identical(component_posterior(fit, NULL), fit$posterior)
  expect_identical(cluster_posterior(fit, unname(fit$posterior)),
                   `rownames<-`(fit$posterior, NULL))
})

test_that("probabilities of components are those of the encoder", {
  set.seed(1)
  x <- simulate_counts(n = 60, genes = 30)$counts
  fit <- quick_fit(x, 3)
  two <- cut_clusters(fit, k = 2)
  expect_equal(component_posterior(two, NULL), fit$posterior)
  expect_equal(cluster_posterior(two, fit$posterior), two$posterior)
})

test_that("components that are no parts of clusters are told", {
  two <- cut_clusters(fit, k = 2)
  for (bad in list(NULL, 1:2, c(1, 1, 1), c(1, 2, 3), c(0, 1, 2), "a")) {
    broken <- two
    broken["components"] <- list(bad)
    expect_error(predict(broken), class = "gmvae_error_input")
  }
})

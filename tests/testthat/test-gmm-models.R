test_that("the core and R know the same models", {
  core <- cpp_gmm_models()
  expect_identical(core$code, gmm_models()$code)
  expect_identical(core$alias, gmm_models()$alias)
})

test_that("gmm_models() says what the letters mean", {
  models <- gmm_models()
  expect_named(models, c("code", "alias", "type", "volume", "shape",
                         "orientation", "parameters"))
  vei <- models[models$code == "VEI", ]
  expect_identical(unlist(vei[3:6], use.names = FALSE),
                   c("diagonal", "varying", "equal", "identity"))
  expect_identical(as.vector(table(models$type)), c(4L, 8L, 2L))
  expect_identical(gmm_models(d = 1)$code, c("E", "V"))
  expect_identical(describe_model("EVE"), paste(
    "ellipsoidal, equal volume and orientation, varying shape"
  ))
})

test_that("gmm_models() counts parameters as gmm_fit() does", {
  x <- three_groups()$x
  for (k in 2:3) {
    models <- gmm_models(d = 3, k = k)
    search <- gmm_fit(x, k, control = quiet(n_init = 1))$search
    expect_equal(models$n_parameters + 3 * k + k - 1, search$df)
    line <- gmm_models(d = 1, k = k)
    search <- gmm_fit(x[, 1], k, control = quiet(n_init = 1))$search
    expect_equal(line$n_parameters + k + k - 1, search$df)
  }
})

test_that("gmm_models() refuses numbers that are none", {
  expect_error(gmm_models(d = 0), class = "gmvae_error_option")
  expect_error(gmm_models(k = "a"), class = "gmvae_error_option")
})

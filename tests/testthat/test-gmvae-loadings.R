set.seed(1)
x <- simulate_counts(n = 200, genes = 60, depth = 60)$counts
linear_fit <- function(x, likelihood = "nb", ..., epochs = 30) {
  set.seed(2)
  without_cautions(gmvae(x, 3, likelihood, ..., control = quick_control(
    epochs, hidden_decoder = integer()
  )))
}
fit <- linear_fit(x)

test_that("loadings are what the decoder does", {
  weights <- loadings(fit)
  expect_identical(dim(weights), c(length(fit$features), 3L))
  expect_identical(dimnames(weights), list(fit$features, c("z1", "z2", "z3")))
  expect_equal(unname(colMeans(weights)), c(0, 0, 0))
  log_mean <- log(predict(fit, type = "normalized"))
  centred <- function(values) sweep(values, 2L, colMeans(values))
  # Up to a number for each gene, the bias.
  expected <- centred(tcrossprod(weights, fit$latent))
  difference <- centred(log_mean) - expected
  expect_lt(max(abs(difference - rowMeans(difference))), 1e-4)
})

test_that("loadings of measurements are in standard deviations", {
  set.seed(3)
  values <- simulate_counts("gaussian", n = 200, genes = 60)$counts
  fit <- linear_fit(values, "gaussian")
  expected <- tcrossprod(loadings(fit), fit$latent) / fit$input$scale
  difference <- predict(fit, type = "mean") - expected
  expect_lt(max(abs(difference - rowMeans(difference))), 1e-4)
})

test_that("linear decoders go with every likelihood, batches and covariates", {
  for (likelihood in likelihood_names()) {
    set.seed(4)
    values <- simulate_counts(likelihood, n = 120, genes = 40)$counts
    values <- values[, colSums(values) != 0]
    n <- ncol(values)
    fit <- linear_fit(values, likelihood, batch = rep_len(c("a", "b"), n),
                      covariates = data.frame(z = rnorm(n)), epochs = 3)
    expect_true(all(is.finite(loadings(fit))))
    expect_true(all(is.finite(predict(fit, type = "normalized"))))
  }
})

test_that("the decoder may have layers of its own", {
  set.seed(5)
  fit <- without_cautions(gmvae(x, 3, control = quick_control(
    2, hidden_decoder = c(5, 7)
  )))
  layers <- fit$layout[startsWith(fit$layout$name, "decoder"), ]
  expect_identical(layers$rows[layers$cols > 1], c(5, 7, length(fit$features)))
  expect_identical(fit$control$hidden_decoder, c(5L, 7L))
  again <- without_cautions(update(fit, k = 3, x = x))
  expect_identical(again$control$hidden_decoder, c(5L, 7L))
  # By default those of the encoder in reverse.
  set.seed(5)
  one <- quick_fit(x, 3, epochs = 2)
  set.seed(5)
  two <- without_cautions(gmvae(x, 3, control = quick_control(
    2, hidden_decoder = 16
  )))
  expect_identical(one$parameters, two$parameters)
  expect_error(gmvae_control(hidden_decoder = 0), class = "gmvae_error_option")
})

test_that("top_genes() lists the largest loadings", {
  top <- top_genes(fit, n = 4)
  expect_identical(nrow(top), 24L)
  weights <- loadings(fit)
  up <- top[top$dimension == "z2" & top$direction == "up", ]
  expect_identical(up$gene, names(sort(-weights[, "z2"]))[1:4])
  expect_identical(up$loading, unname(weights[up$gene, "z2"]))
  down <- top[top$dimension == "z2" & top$direction == "down", ]
  expect_identical(down$gene, names(sort(weights[, "z2"]))[1:4])
  expect_identical(down$rank, 1:4)
  expect_true(all(top_genes(fit, n = 1000)$loading[1:10] > 0))
})

test_that("R's loadings() serves, and no function of R is masked", {
  expect_identical(loadings, stats::loadings)
  expect_null(loadings(made_up_fit()))
  expect_identical(dim(loadings(fit)), c(length(fit$features), 3L))
  exported <- getNamespaceExports("gmvae")
  for (package in c("base", "stats", "utils", "methods", "graphics")) {
    expect_identical(intersect(exported, getNamespaceExports(package)),
                     character(), info = package)
  }
})

test_that("top_genes() says what it needs", {
  components <- princomp(iris[1:4])
  other <- made_up_fit()
  expect_snapshot(error = TRUE, {
    top_genes(other)
    top_genes(components)
    top_genes(fit, n = 0)
  })
})

test_that("plot(type = \"loadings\") shows the largest loadings", {
  skip_if_not_installed("ggplot2")
  drawn <- plot(fit, "loadings")
  shown <- ggplot2::layer_data(drawn)
  expect_identical(nrow(shown), 36L)
  expect_error(plot(made_up_fit(), "loadings"), class = "gmvae_error_input")
})

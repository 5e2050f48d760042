test_that("simulate() draws cells in the form of the package's data", {
  data <- simulate_batches(n = 120, genes = 30)
  fit <- quick_fit(data$counts, batch = data$batch)
  new <- simulate(fit, 50, seed = 3)
  expect_s4_class(new$counts, "dgCMatrix")
  expect_true(methods::validObject(new$counts))
  expect_identical(dim(new$counts), c(length(fit$features), 50L))
  expect_identical(rownames(new$counts), fit$features)
  expect_identical(colnames(new$counts), rownames(new$cells))
  expect_named(new$cells, c("cluster", "size_factor", "batch"))
  expect_identical(levels(new$cells$cluster), levels(fit$cluster))
  expect_identical(levels(new$cells$batch), c("a", "b"))
  expect_true(all(new$cells$size_factor %in% fit$size_factors))
  expect_identical(simulate(fit, 50, seed = 3), new)
  expect_false(identical(simulate(fit, 50, seed = 4)$counts, new$counts))
  expect_identical(ncol(simulate(fit, seed = 1)$counts), 120L)
  in_b <- simulate(fit, 20, seed = 1, batch = "b", size_factors = 2)
  expect_true(all(in_b$cells$batch == "b" & in_b$cells$size_factor == 2))
})

test_that("the seed is handled as the methods of package stats do", {
  fit <- made_up_fit()
  set.seed(9)
  before <- .Random.seed
  drawn <- simulate(fit, 5, seed = 1)
  expect_identical(.Random.seed, before)
  expect_identical(attr(drawn, "seed"),
                   structure(1, kind = as.list(RNGkind())))
  set.seed(9)
  first <- simulate(fit, 5)
  set.seed(9)
  expect_identical(simulate(fit, 5), first)
  expect_false(identical(simulate(fit, 5)$counts, first$counts))
})

test_that("threads don't change the bits", {
  fit <- made_up_fit(n = 300)
  fit$control$n_threads <- 1L
  one <- simulate(fit, 600, seed = 1)
  fit$control$n_threads <- 2L
  expect_identical(simulate(fit, 600, seed = 1), one)
})

test_that("clusters come with their shares, posterior cells as they are", {
  data <- simulate_counts(n = 120, genes = 30)
  fit <- quick_fit(data$counts)
  clusters <- table(simulate(fit, 4000, seed = 1)$cells$cluster)
  expect_equal(as.vector(clusters) / 4000, unname(fit$mixture$weights),
               tolerance = 0.1)
  cells <- simulate(fit, seed = 1, latent = "posterior")
  expect_identical(cells$cells$source, 1:120)
  expect_identical(cells$cells$size_factor, unname(fit$size_factors))
  expect_identical(cells$cells$cluster, unname(fit$cluster))
  some <- simulate(fit, 10, seed = 1, latent = "posterior")
  expect_identical(some$cells$size_factor,
                   unname(fit$size_factors[some$cells$source]))
})

# Cells of a fit at one latent point, with the parameters that its networks have
# for each gene.
at_one_point <- function(likelihood, n = 4000) {
  set.seed(1)
  data <- simulate_counts(likelihood, n = 100, genes = 20, depth = 50)
  traits <- likelihood_traits(likelihood)
  control <- if (traits$zero_inflation) {
    quick_control(zero_inflation = "gene")
  } else {
    quick_control()
  }
  fit <- without_cautions(gmvae(data$counts, 2, likelihood = likelihood,
                                control = control))
  latent <- fit$latent[rep(1, n), ]
  counts <- draw_counts(fit, latent, rep(1, n), NULL, 1, NULL)
  of_gene <- function(name) {
    place <- fit$layout[match(name, fit$layout$name), ]
    if (is.na(place$offset)) return(NULL)
    fit$parameters[place$offset + seq_len(place$rows)]
  }
  list(values = as.matrix(counts), fit = fit,
       mean = decode_cells(fit, latent[1, , drop = FALSE], 1, NULL,
                           seq_along(fit$features), NULL)[, 1],
       scale = if (traits$scale != "") exp(of_gene("decoder.log_scale.bias")),
       zero_inflation = of_gene("decoder.zero_inflation.bias"))
}

# Moments and zeros of the distributions that dnbinom() and others have.
expect_moments <- function(values, mean, variance, zeros) {
  n <- ncol(values)
  expect_lt(max(abs(rowMeans(values) - mean) / sqrt(variance / n)), 4.5)
  expect_lt(max(abs(rowMeans(values == 0) - zeros) /
                  sqrt(pmax(zeros * (1 - zeros), 1e-4) / n)), 4.5)
  expect_equal(mean(apply(values, 1, var) / variance), 1, tolerance = 0.05)
}

test_that("simulated values have the moments of R's densities", {
  poisson <- at_one_point("poisson")
  expect_moments(poisson$values, poisson$mean, poisson$mean,
                 dpois(0, poisson$mean))
  nb <- at_one_point("nb")
  expect_moments(nb$values, nb$mean, nb$mean + nb$mean^2 / nb$scale,
                 dnbinom(0, size = nb$scale, mu = nb$mean))
  bernoulli <- at_one_point("bernoulli")
  p <- bernoulli$mean
  expect_true(all(bernoulli$values %in% 0:1))
  expect_moments(bernoulli$values, p, p * (1 - p), 1 - p)
  gaussian <- at_one_point("gaussian")
  variance <- gaussian$scale / gaussian$fit$input$scale^2
  expect_moments(gaussian$values, gaussian$mean, variance, 0)
})

test_that("zero inflation: the moments of a mixture with dnbinom", {
  zinb <- at_one_point("zinb")
  extra <- plogis(zinb$zero_inflation)
  mu <- zinb$mean / (1 - extra)
  expect_gt(max(extra), 0.05)
  expect_moments(
    zinb$values, zinb$mean,
    (1 - extra) * (mu + mu^2 / zinb$scale) + extra * (1 - extra) * mu^2,
    extra + (1 - extra) * dnbinom(0, size = zinb$scale, mu = mu)
  )
})

test_that("errors name what is wrong", {
  fit <- made_up_fit()
  expect_error(simulate(fit, 0), class = "gmvae_error_option")
  expect_error(simulate(fit, 5, seed = "a"), class = "gmvae_error_option")
  expect_error(simulate(fit, 5, latent = "prior"),
               class = "gmvae_error_option")
  expect_error(simulate(fit, 5, size_factors = 1:3),
               class = "gmvae_error_option")
  expect_error(simulate(fit, 5, batch = "a"), class = "gmvae_error_option")
  expect_error(simulate(fit, 5, sizes = 3), class = "gmvae_error_option")
})

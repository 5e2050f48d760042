# Random configurations on data that strain the arithmetic: each fit is finite
# throughout, or ends in an error that says why. A sample of 25 by default; the
# environment variable GMVAE_STRESS says how many, from the first on.

# Counts (genes x cells), none of whose cells is empty.
stress_data <- list(
  huge_counts = function(n, genes) {
    x <- matrix(rpois(n * genes, 3), genes)
    x[sample(length(x), n)] <- 1e6
    x
  },
  one_gene_per_cell = function(n, genes) {
    x <- matrix(0, genes, n)
    x[cbind(sample(genes, n, replace = TRUE), seq_len(n))] <- rpois(n, 5) + 1
    x
  },
  duplicate_cells = function(n, genes) {
    x <- matrix(rpois(5 * genes, 2), genes)
    x[, rep_len(1:5, n)]
  },
  one_count_in_a_cell = function(n, genes) {
    x <- matrix(rnbinom(n * genes, 1, mu = 20), genes)
    x[, 1] <- 0
    x[1, 1] <- 1
    x
  },
  k_near_n = function(n, genes) {
    matrix(rnbinom(n * genes, 1, mu = 3), genes)
  },
  five_decades_of_depth = function(n, genes) {
    depth <- 10^seq(0, 5, length.out = n) / genes
    matrix(rnbinom(n * genes, 1, mu = rep(depth, each = genes)), genes)
  }
)

pick <- function(values) values[[sample.int(length(values), 1L)]]

# The configuration of number `i`, the same whichever others are drawn.
stress_case <- function(i) {
  set.seed(i)
  data <- names(stress_data)[(i - 1L) %% length(stress_data) + 1L]
  near <- data == "k_near_n"
  n <- if (near) pick(5:12) else pick(30:120)
  likelihood <- pick(likelihood_names())
  sized <- likelihood_traits(likelihood)$size_factors && pick(1:4) == 1L
  list(
    data = data, n = n, genes = pick(5:60),
    k = if (near) n - pick(0:2) else pick(1:8),
    likelihood = likelihood, size_factors = if (sized) 10^runif(n, -5, 5),
    covariance = pick(c("tied", "diag", "full", "spherical")),
    control = gmvae_control(
      n_latent = pick(c(1, 2, 5, 10, 20)),
      hidden = pick(list(4, 32, 128, c(32, 16), c(16, 16, 16))),
      epochs = pick(2:12), batch_size = pick(c(2, 7, 32, 500)),
      learning_rate = 10^runif(1, -4, 0), mask = pick(c(0, 0.5, 0.95)),
      heldout = pick(c(0, 0.1, 0.5)), damping = pick(c(0.01, 0.05, 1)),
      n_init = 2, max_iter = 50, verbose = FALSE
    )
  )
}

stress_counts <- function(case) {
  x <- stress_data[[case$data]](case$n, case$genes)
  empty <- colSums(x) == 0
  x[1, empty] <- 1
  switch(case$likelihood,
    bernoulli = (x > 0) + 0,
    gaussian = x * rnorm(length(x)),
    x
  )
}

# Names of the parts of a fit that hold a number which is not finite. The
# ELBO of held-out cells is NaN where there are none.
not_finite <- function(fit, x, size_factors) {
  heldout <- if (length(fit$heldout) > 0L) c("train", "heldout") else "train"
  parts <- list(
    posterior = fit$posterior, latent = fit$latent, sd = fit$latent_sd,
    mixture = unlist(fit$mixture), parameters = fit$parameters,
    history = fit$history[c("elbo", "reconstruction", "kl")],
    elbo = fit$elbo[heldout, ], mean = predict(fit, type = "mean"),
    elbo_of_cells = predict(fit, x, "elbo", size_factors = size_factors),
    outlier = predict(fit, x, "outlier", size_factors = size_factors)
  )
  finite <- vapply(parts, function(part) all(is.finite(unlist(part))), NA)
  names(parts)[!finite]
}

# What happened: "finite", a class of error, or what must not be.
stress_outcome <- function(case) {
  x <- stress_counts(case)
  tryCatch(
    without_cautions({
      fit <- gmvae(x, case$k, case$likelihood, covariance = case$covariance,
                   size_factors = case$size_factors, control = case$control)
      bad <- not_finite(fit, x, case$size_factors)
      if (length(bad) == 0L) "finite" else paste("not finite:", toString(bad))
    }),
    gmvae_error = function(cnd) class(cnd)[1],
    error = function(cnd) paste("no class:", conditionMessage(cnd))
  )
}

n_stress <- as.integer(Sys.getenv("GMVAE_STRESS", "25"))

test_that("training under stress is finite, or says why it is not", {
  outcomes <- vapply(seq_len(n_stress), function(i) {
    stress_outcome(stress_case(i))
  }, "")
  expected <- c("finite", "gmvae_error_data", "gmvae_error_numerical")
  wrong <- which(!outcomes %in% expected)
  expect_identical(paste(wrong, outcomes[wrong])[seq_along(wrong)],
                   character())
  # An error is the exception: most of these data can be described.
  expect_gte(mean(outcomes == "finite"), 0.8)
})

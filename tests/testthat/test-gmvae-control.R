test_that("gmvae_control() prints every option", {
  expect_output(print(gmvae_control()), "epochs +chosen from the data")
})

test_that("resolve_control() leaves nothing to choose", {
  for (n in c(2, 200, 1e4, 1e6)) {
    control <- resolve_control(gmvae_control(), n, "nb")
    expect_false(any(vapply(without_checkpoint(control), is.null, NA)))
    expect_true(control$epochs >= 2)
  }
  given <- gmvae_control(epochs = 7, warmup = TRUE, mask = 0.2,
                         learning_rate = 0.01, hidden_decoder = 64,
                         protein_weight = 3, n_pcs = 5, n_latent = 7)
  for (informative in c(2, Inf)) {
    expect_identical(resolve_control(given, 1e3, "nb", informative), given)
    expect_identical(resolve_control(given, 1e3, "gaussian", informative),
                     given)
  }
  chosen <- function(likelihood) {
    resolve_control(gmvae_control(), 1e3, likelihood)[c("warmup", "mask")]
  }
  expect_identical(chosen("zinb"), list(warmup = TRUE, mask = 0.5))
  expect_identical(chosen("bernoulli"), list(warmup = FALSE, mask = 0.5))
  expect_identical(chosen("gaussian"), list(warmup = FALSE, mask = 0))
  by_width <- function(informative, likelihood = "nb") {
    control <- resolve_control(gmvae_control(), 1e3, likelihood, informative,
                               n_features = 250)
    unlist(control[c("epochs", "learning_rate", "mask")])
  }
  expect_equal(by_width(Inf), c(epochs = 120, learning_rate = 1e-3, mask = 0.5))
  expect_identical(by_width(60), by_width(Inf))
  expect_equal(by_width(45), c(epochs = 170, learning_rate = 1e-3 * sqrt(3),
                               mask = 0.25))
  expect_equal(by_width(2), c(epochs = 240, learning_rate = 3e-3, mask = 0))
  expect_identical(by_width(2, "gaussian"), by_width(Inf, "gaussian"))
  by_reliability <- function(reliability, informative = Inf,
                             likelihood = "nb") {
    control <- resolve_control(
      gmvae_control(), 1e3, likelihood, informative, n_features = 250,
      list(overall = reliability, components = rep(c(0.5, 0.1, 0), c(9, 3, 9)))
    )
    c(control$mask, control$n_pcs, control$n_latent)
  }
  expect_identical(by_reliability(0.76), c(0.5, 0, 10))
  expect_identical(by_reliability(NaN), c(0.5, 0, 10))
  expect_identical(by_reliability(0.74), c(0.1, 0.7, 12, 12))
  expect_identical(by_reliability(-0.1, 45), c(0.05, 0.35, 0, 10))
  expect_identical(by_reliability(0.74, likelihood = "gaussian"), c(0, 0, 10))
})

test_that("the epochs follow the number of cells", {
  epochs <- function(n) resolve_control(gmvae_control(), n, "nb")$epochs
  cells <- c(1e3, 2e4, 1e5, 4e5, 8e5, 1e6, 1e8)
  expect_identical(vapply(cells, epochs, 1L),
                   c(120L, 64L, 20L, 20L, 10L, 8L, 4L))
})

test_that("training_phases() gives every phase at least one epoch", {
  for (epochs in c(2, 3, 7, 200)) {
    phases <- training_phases(epochs, warmup = TRUE)
    expect_true(all(unlist(phases) >= 1))
    expect_equal(phases$epochs_warmup + phases$epochs_joint, epochs)
    phases <- training_phases(epochs, warmup = FALSE)
    expect_equal(phases$epochs_warmup, 0)
    expect_equal(phases$epochs_joint, epochs)
    expect_gte(phases$epochs_pretrain, 1)
  }
})

test_that("a control object can be used again", {
  set.seed(1)
  x <- simulate_counts(n = 40, genes = 20)$counts
  fit <- quick_fit(x, 2)
  again <- without_cautions(gmvae(x, 2, control = fit$control))
  expect_identical(again$control, fit$control)
})

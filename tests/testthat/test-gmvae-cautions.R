# A fit with nothing to warn of, but for `...`, parts of it.
doubtful_fit <- function(..., k = 3, batch = NULL, batch_source = "user") {
  utils::modifyList(made_up_fit(k = k, batch = batch,
                                batch_source = batch_source), list(...))
}

in_clusters <- function(sizes) {
  k <- length(sizes)
  list(cluster = factor(rep(seq_len(k), sizes), seq_len(k)),
       posterior = diag(k)[rep(seq_len(k), sizes), ])
}

# Fits with one caution each, named by it, and in the order of print().
doubtful <- list(
  rollbacks = doubtful_fit(n_rollbacks = 3L),
  not_converged = doubtful_fit(converged = FALSE),
  collapsed = doubtful_fit(active_units = 1L),
  one_cluster = do.call(doubtful_fit, in_clusters(c(0, 60, 0))),
  empty = do.call(doubtful_fit, in_clusters(c(30, 30, 0))),
  unstable = doubtful_fit(stability = 0.596),
  some_unstable = doubtful_fit(cluster_stability = c("1" = 0.9, "2" = 0.5,
                                                     "3" = 0.2)),
  continuum = doubtful_fit(k = 1, k_path = data.frame(
    k = 1:2, stability = c(1, 0.9), stability_sd = c(0, 0.1),
    shared = c(0, 0.6), shared_sd = c(0, 0.1), p = c(0.5, NA),
    p_unseen = c(1e-8, NA)
  )),
  batches_found = doubtful_fit(
    batch = factor(rep(c("found1", "found1", "found2"), 20)),
    batch_source = "found", cluster = factor(rep(1:3, each = 20))
  ),
  one_batch = doubtful_fit(batch = factor(rep(c("a", "a", "b"), 20))),
  wrong_labels = doubtful_fit(labels = factor(rep(1:3, 20)), label_noise = 0.6),
  lost_classes = do.call(doubtful_fit, c(in_clusters(c(0, 30, 30)), list(
    labels = factor(rep(c("9", NA, NA), 20)), label_noise = 0.1
  ))),
  networks = doubtful_fit(networks = data.frame(
    seed = 1:2, elbo = -58, elbo_heldout = -59, stability = 0.9,
    agreement = c(0.3, 0.4), kept = c(FALSE, TRUE)
  )),
  overlap = doubtful_fit(posterior = cbind(rep(0.6, 60), 0.4, 0))
)

heard_from <- function(expr) {
  heard <- character()
  withCallingHandlers(expr, gmvae_warning = function(cnd) {
    heard <<- c(heard, sub("gmvae_warning_", "", class(cnd)[1]))
    rlang::cnd_muffle(cnd)
  })
  heard
}

test_that("each caution is shown for its fit and for no other", {
  expect_named(doubtful, names(cautions))
  for (name in names(doubtful)) {
    expect_named(fit_cautions(doubtful[[name]]), name)
  }
  expect_length(fit_cautions(doubtful_fit()), 0)
  expect_snapshot(for (fit in doubtful) {
    cat(summary(fit)$cautions, sep = "\n")
  })
})

test_that("cautions of which users must hear are warnings, with advice", {
  warned <- lapply(doubtful, function(fit) {
    heard_from(warn_cautions(fit, NULL))
  })
  expect_identical(unlist(warned), c(
    not_converged = "not_converged", collapsed = "collapsed",
    one_cluster = "collapsed", unstable = "unstable",
    some_unstable = "unstable", batches_found = "batches"
  ))
  expect_snapshot(for (fit in doubtful) warn_cautions(fit, quote(gmvae())))
  chosen <- doubtful$unstable
  chosen$k_path <- data.frame(k = 3)
  expect_snapshot(warn_cautions(chosen, quote(gmvae())))
})

test_that("a fit warns once for each class", {
  fit <- doubtful_fit(converged = FALSE, active_units = 0L, stability = 0.1,
                      cluster_stability = c("1" = 0.1, "2" = 0.9, "3" = 0.9))
  expect_identical(heard_from(warn_cautions(fit, NULL)),
                   c("not_converged", "collapsed", "unstable"))
  expect_identical(heard_from(warn_cautions(fit, NULL, heard = "unstable")),
                   c("not_converged", "collapsed"))
  expect_snapshot(print(fit))
})

test_that("texts agree with how many things they are about", {
  one <- doubtful_fit(n_rollbacks = 1L, cluster_stability = c("2" = 0.1))
  expect_match(fit_cautions(one)["rollbacks"], "in 1 epoch and repeated it ")
  expect_match(fit_cautions(one)["some_unstable"], "^Cluster 2 is not stable")
  expect_match(fit_cautions(doubtful$some_unstable),
               "^Clusters 2 and 3 are not stable")
})

test_that("a short joint phase is not said to have failed", {
  fit <- doubtful$not_converged
  fit$control$epochs <- 18L  # nine of them joint
  expect_match(fit_cautions(fit), "joint phase had 9 epochs, too few to tell")
  fit$control$epochs <- 20L
  expect_match(fit_cautions(fit), "did not converge in 8 epochs")
})

test_that("one component has nothing to be unstable or to overlap", {
  fit <- made_up_fit(k = 1, stability = 0.1)
  expect_length(fit_cautions(fit), 0)
})

test_that("gmvae() and update() warn once, whatever the networks and the k", {
  set.seed(5)
  x <- simulate_counts(n = 60, genes = 30)$counts
  short <- quick_control(2, n_networks = 2)
  count_of <- function(expr) sum(heard_from(expr) == "not_converged")
  expect_identical(count_of(fit <- gmvae(x, 2:4, control = short)), 1L)
  expect_identical(count_of(update(fit, k = 2)), 1L)
  cnd <- rlang::catch_cnd(gmvae(x, 2, control = short), "gmvae_warning")
  expect_s3_class(cnd, "gmvae_warning_not_converged")
  expect_identical(cnd$call, quote(gmvae()))
})

test_that("enough epochs on separated clusters leave nothing to warn of", {
  set.seed(3)
  x <- simulate_counts(n = 300, k = 3, depth = 60, separation = 10)$counts
  set.seed(1)
  control <- gmvae_control(n_latent = 3, hidden = 32, epochs = 300,
                           verbose = FALSE)
  expect_no_warning(fit <- gmvae(x, 3, control = control))
  expect_length(fit_cautions(fit), 0)
})

test_that("a knitted document has each warning once", {
  skip_if_not_installed("knitr")
  rmd <- c(
    "```{r}",
    "library(gmvae)",
    "fit <- gmvae(x, 2, control = quick_control(2))",
    "```"
  )
  set.seed(5)
  values <- list2env(list(
    x = simulate_counts(n = 60, genes = 30)$counts,
    quick_control = quick_control
  ))
  text <- knitr::knit(text = rmd, quiet = TRUE, envir = values)
  found <- gregexpr("too few to tell whether", text, fixed = TRUE)[[1]]
  expect_length(found[found > 0], 1)
})

test_that("a class whose cluster has another name is not lost", {
  fit <- doubtful_fit(labels = factor(rep(c("a", NA, "b"), 20)),
                      label_noise = 0.1)
  expect_length(fit_cautions(fit), 0)
  expect_length(fit_cautions(cut_clusters(fit, k = 2)), 0)
})

# What must hold for every covariance model, whatever the data.

models <- gmm_models()$code
groups <- three_groups()$group
x <- three_groups()$x
gaps <- with_gaps(x, 0.1)
set.seed(5)
row_weights <- sample(c(0, 0.5, 1, 2, 3), 240, replace = TRUE)
scattered <- rbind(x, matrix(runif(36, -6, 25), 12))

# From the true groups, so that no search is involved.
from_groups <- function(model, data = x, ..., start = groups) {
  gmm_fit(data, 3, model, start = start, ..., control = quiet())
}

expect_monotone <- function(fit, label) {
  expect_true(all(diff(fit$history) >= 0), label = label)
  expect_equal(fit$history[length(fit$history)], fit$objective,
               tolerance = 1e-10, label = label)
}

test_that("what EM maximises never falls, with any option", {
  settings <- list(
    plain = list(x),
    weights = list(x, weights = row_weights),
    missing = list(gaps, na_action = "em"),
    noise = list(scattered, noise = 0.05, start = c(groups, rep(0, 12))),
    prior = list(x, prior = TRUE),
    labels = list(x, labels = replace(groups, -(1:30), NA)),
    ridge = list(x, control = quiet(ridge = 0.01)),
    all = list(with_gaps(scattered, 0.1), weights = c(row_weights, rep(1, 12)),
               na_action = "em", noise = 0.05, prior = TRUE,
               labels = replace(c(groups, rep(NA, 12)), -(1:30), NA),
               start = c(groups, rep(0, 12)))
  )
  for (name in names(settings)) {
    for (model in models) {
      arguments <- utils::modifyList(
        list(k = 3, model = model, start = groups, control = quiet()),
        settings[[name]][-1]
      )
      fit <- do.call(gmm_fit, c(settings[[name]][1], arguments))
      expect_monotone(fit, paste(model, name))
      if (name %in% c("plain", "weights", "missing", "noise", "labels")) {
        expect_equal(fit$objective, fit$loglik, tolerance = 1e-12)
      }
    }
  }
})

test_that("probabilities sum to one and weights are their means", {
  for (model in models) {
    fit <- from_groups(model)
    expect_equal(unname(rowSums(fit$posterior)), rep(1, 240))
    expect_equal(sum(fit$weights), 1)
    expect_equal(colMeans(fit$posterior), fit$weights, tolerance = 1e-4)
    expect_false(is.unsorted(rev(fit$weights)))
  }
})

test_that("a fit is a fixed point of EM", {
  for (model in models) {
    fit <- from_groups(model)
    again <- from_groups(model, start = coef(fit))
    expect_equal(again$loglik, fit$loglik, tolerance = 1e-8)
    expect_equal(again$means, fit$means, tolerance = 1e-3)
  }
})

test_that("relabelling a start relabels nothing but the start", {
  for (model in models) {
    a <- from_groups(model)
    b <- from_groups(model, start = c(2, 3, 1)[groups])
    expect_equal(b$means, a$means, tolerance = 1e-8)
    expect_equal(b$loglik, a$loglik, tolerance = 1e-10)
    expect_identical(b$cluster, a$cluster)
  }
})

test_that("restrictions cost likelihood", {
  loglik <- vapply(models, function(model) from_groups(model)$loglik, 0)
  # Each model and those that it is a special case of.
  within <- list(
    EII = c("VII", "EEI"), VII = "VEI", EEI = c("VEI", "EVI", "EEE"),
    VEI = c("VVI", "VEE"), EVI = c("VVI", "EVE"), VVI = "VVE",
    EEE = c("VEE", "EVE", "EEV"), VEE = c("VVE", "VEV"), EVE = c("VVE", "EVV"),
    VVE = "VVV", EEV = c("VEV", "EVV"), VEV = "VVV", EVV = "VVV"
  )
  for (special in names(within)) {
    for (general in within[[special]]) {
      expect_gt(loglik[[general]], loglik[[special]],
                label = paste(general, "against", special))
    }
  }
})

test_that("covariances are what the letters of the model say", {
  for (model in models) {
    covariances <- unname(from_groups(model)$covariances)
    letters <- strsplit(model, "")[[1]]
    volume <- apply(covariances, 3, det)^(1 / 3)
    shape <- apply(covariances, 3, function(s) {
      values <- eigen(s, symmetric = TRUE, only.values = TRUE)$values
      values / prod(values)^(1 / 3)
    })
    one <- covariances[, , 1]
    two <- covariances[, , 2]
    commute <- max(abs(one %*% two - two %*% one)) < 1e-6 * max(one, two)
    same_volume <- diff(range(volume)) < 1e-6 * max(volume)
    same_shape <- max(abs(shape[, 1] - shape)) < 1e-6

    expect_identical(same_volume, letters[1] == "E", label = model)
    expect_identical(same_shape, letters[2] != "V", label = model)
    expect_identical(max(abs(shape - 1)) < 1e-6, letters[2] == "I")
    diagonal <- all(covariances[cbind(c(1, 1, 2), c(2, 3, 3), 2)] == 0)
    expect_identical(diagonal, letters[3] == "I", label = model)
    expect_identical(commute, letters[3] != "V", label = model)
    if (letters[2] == "E" && letters[3] != "V") {
      expect_equal(one / volume[1], two / volume[2], tolerance = 1e-6)
    }
    expect_true(all(apply(covariances, 3, isSymmetric)))
  }
})

test_that("parameters are counted as by hand", {
  # k = 3, d = 3: 2 weights, 9 means; k = 2: 1 weight, 6 means.
  three <- 11 + c(EII = 1, VII = 3, EEI = 3, VEI = 5, EVI = 7, VVI = 9, EEE = 6,
                  VEE = 8, EVE = 10, VVE = 12, EEV = 12, VEV = 14, EVV = 16,
                  VVV = 18)
  two <- 7 + c(EII = 1, VII = 2, EEI = 3, VEI = 4, EVI = 5, VVI = 6, EEE = 6,
               VEE = 7, EVE = 8, VVE = 9, EEV = 9, VEV = 10, EVV = 11, VVV = 12)
  some <- pmin(groups, 2)
  for (model in models) {
    df_of <- function(...) from_groups(model, ...)$df
    expect_identical(df_of(), as.integer(three[[model]]), label = model)
    expect_identical(
      gmm_fit(x, 2, model, start = some, control = quiet())$df,
      as.integer(two[[model]]), label = model
    )
    shares <- gmm_fit(x, 3, model, start = groups,
                      control = quiet(equal_weights = TRUE))
    expect_identical(shares$df, as.integer(three[[model]]) - 2L)
    expect_equal(unname(shares$weights), rep(1 / 3, 3))
  }
  noisy <- gmm_fit(scattered, 3, "VVV", noise = 0.1, control = quiet())
  expect_identical(noisy$df, 31L)
  given <- gmm_fit(scattered, 3, "VVV", noise = 0.1,
                   control = quiet(noise_density = 1e-4))
  expect_identical(given$df, 30L)
  line <- gmm_fit(faithful$waiting, 2, control = quiet())$search
  expect_identical(line$df, c(4L, 5L))
})

test_that("k = 1 is the sample's mean and covariance", {
  for (model in c("EEE", "VVV", "EVE")) {
    fit <- gmm_fit(x, 1, model, control = quiet())
    expect_equal(fit$means[1, ], colMeans(x))
    expect_equal(fit$covariances[, , 1], cov(x) * 239 / 240)
    expect_identical(fit$df, 9L)
    expect_identical(fit$bic, fit$icl)
  }
  weighed <- gmm_fit(x, 1, "VVV", weights = row_weights, control = quiet())
  by_hand <- cov.wt(x, row_weights / sum(row_weights), method = "ML")
  expect_equal(weighed$covariances[, , 1], by_hand$cov)
})

test_that("weight 2 is the row twice, weight 0 is no row", {
  weights <- rep_len(c(1, 2, 0, 3), 240)
  rows <- rep(1:240, weights)
  # Where parameters differ by the root of the machine's precision, 1.5e-8,
  # their likelihoods do not, and EM may stop at either.
  for (model in models) {
    weighed <- from_groups(model, weights = weights)
    repeated <- from_groups(model, x[rows, ], start = groups[rows])
    expect_equal(weighed$loglik, repeated$loglik, tolerance = 1e-10)
    expect_equal(weighed$means, repeated$means, tolerance = 1e-7)
    expect_equal(weighed$covariances, repeated$covariances, tolerance = 1e-7)
    expect_equal(weighed$bic, repeated$bic, tolerance = 1e-10)
    expect_equal(weighed$icl, repeated$icl, tolerance = 1e-10)
    expect_identical(unname(weighed$cluster[rows]), unname(repeated$cluster))
    expect_equal(nobs(weighed), 360)
  }
  # Also without a start, and with values missing.
  junk <- rbind(gaps, matrix(c(1e6, -1e6, NA), 20, 3, byrow = TRUE))
  set.seed(2)
  plain <- gmm_fit(gaps, 3, "VVV", na_action = "em", control = quiet())
  set.seed(2)
  more <- gmm_fit(junk, 3, "VVV", weights = rep(1:0, c(240, 20)),
                  na_action = "em", control = quiet())
  expect_equal(more$loglik, plain$loglik, tolerance = 1e-8)
  expect_identical(more$cluster[1:240], plain$cluster)
  expect_false(anyNA(more$cluster))
})

test_that("units and offsets do not matter", {
  for (model in models) {
    plain <- from_groups(model)
    tiny <- from_groups(model, x * 1e-7)
    expect_identical(tiny$cluster, plain$cluster)
    expect_equal(tiny$loglik, plain$loglik - 720 * log(1e-7),
                 tolerance = 1e-10)
    expect_equal(tiny$means * 1e7, plain$means, tolerance = 1e-6)

    for (unit in c(1e-120, 1e120)) {
      scaled <- from_groups(model, x * unit)
      expect_identical(scaled$cluster, plain$cluster)
      expect_equal(scaled$loglik, plain$loglik - 720 * log(unit),
                   tolerance = 1e-10)
      apart <- predict(scaled, x * unit, "uncertainty") - plain$uncertainty
      expect_lt(max(abs(apart)), 1e-8)
    }

    far <- from_groups(model, x + 1e8)
    expect_identical(far$cluster, plain$cluster)
    expect_equal(far$loglik, plain$loglik, tolerance = 1e-6)
  }
})

test_that("the units of single columns do not matter to models without them", {
  for (model in c("EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV")) {
    plain <- from_groups(model)
    mixed <- from_groups(model, sweep(x, 2, c(1, 1e8, 1), "*"))
    expect_identical(mixed$cluster, plain$cluster)
    expect_equal(mixed$loglik, plain$loglik - 240 * log(1e8),
                 tolerance = 1e-10)
    expect_equal(mixed$covariances["b", "b", ],
                 1e16 * plain$covariances["b", "b", ], tolerance = 1e-6)
  }
})

test_that("a search finds the same in other units", {
  flowers <- as.matrix(iris[, 1:4])
  set.seed(1)
  plain <- gmm_fit(flowers, 1:3, control = quiet())
  for (other in list(flowers * 1e-7, flowers + 1e8)) {
    set.seed(1)
    fit <- gmm_fit(other, 1:3, control = quiet())
    expect_identical(fit$model, plain$model)
    expect_identical(fit$cluster, plain$cluster)
  }
})

test_that("the order of rows and columns does not matter", {
  rows <- sample(240)
  for (model in models) {
    plain <- from_groups(model)
    turned <- from_groups(model, x[, c("c", "a", "b")])
    expect_equal(turned$loglik, plain$loglik, tolerance = 1e-10)
    expect_equal(turned$means[, c("a", "b", "c")], plain$means,
                 tolerance = 1e-5)
    shuffled <- from_groups(model, x[rows, ], start = groups[rows])
    expect_equal(shuffled$loglik, plain$loglik, tolerance = 1e-10)
    expect_identical(shuffled$cluster, plain$cluster[rows])
  }
})

test_that("fits have the same bits for 1, 2 and 3 threads", {
  set.seed(6)
  big <- x[rep(1:240, 6), ] + rnorm(240 * 6 * 3, sd = 0.1)
  fit_by <- function(n_threads, ...) {
    set.seed(3)
    fit <- gmm_fit(..., control = quiet(n_threads = n_threads, n_init = 2))
    unclass(fit)[setdiff(names(fit), c("control", "call"))]
  }
  for (model in models) {
    one <- fit_by(1, big, 3, model)
    expect_identical(fit_by(2, big, 3, model), one)
    expect_identical(fit_by(3, big, 3, model), one)
  }
  rough <- with_gaps(big, 0.1)
  all <- function(n_threads) {
    fit_by(n_threads, rough, 1:3, c("VVE", "VVV"), noise = 0.02, prior = TRUE,
           na_action = "em", weights = rep_len(1:3, nrow(big)))
  }
  expect_identical(all(2), all(1))
})

test_that("one draw is taken from R's generator", {
  set.seed(8)
  gmm_fit(x, 1:3, c("VVV", "EEE"), control = quiet())
  after <- .Random.seed
  set.seed(8)
  sample.int(.Machine$integer.max, 1L)
  expect_identical(after, .Random.seed)
  set.seed(8)
  first <- gmm_fit(x, 4, "VVV", control = quiet())
  set.seed(8)
  expect_identical(gmm_fit(x, 4, "VVV", control = quiet())$means, first$means)
})

test_that("more starts are never worse", {
  for (seed in 1:3) {
    set.seed(seed)
    a <- gmm_fit(iris[, 1:4], 4, "VVV", control = quiet(n_init = 1))
    set.seed(seed)
    b <- gmm_fit(iris[, 1:4], 4, "VVV", control = quiet(n_init = 12))
    expect_gte(b$loglik, a$loglik - 1e-4)
  }
})

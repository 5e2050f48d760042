flowers <- iris[, 1:4]
species <- iris$Species
lda <- gmm_classify(flowers, species, model = "EEE", control = quiet())

# -- EDDA ---------------------------------------------------------------------

test_that("gmm_classify() gives mclust's EDDA for each model", {
  skip_if_not_installed("mclust")
  # mclust's inner iterations for EVE and VVE stop before the maximum.
  models <- setdiff(gmm_models()$code, c("EVE", "VVE"))
  for (model in models) {
    ours <- gmm_classify(flowers, species, model = model, control = quiet())
    theirs <- in_mclust(
      MclustDA(flowers, species, modelNames = model, modelType = "EDDA",
               control = emControl(tol = c(1e-5, 1e-14),
                                   itmax = c(1000, 1000)), verbose = FALSE),
      flowers = flowers, species = species, model = model
    )
    scores <- summary(theirs)
    expect_equal(c(ours$bic, ours$loglik, ours$df, ours$error, ours$brier),
                 c(-theirs$bic, theirs$loglik, theirs$df, scores$ce,
                   scores$brier), tolerance = 1e-6, info = model)
    expect_equal(unname(ours$posterior), unname(predict(theirs)$z),
                 tolerance = 1e-6, info = model)
  }
  best <- gmm_classify(flowers, species, control = quiet())
  theirs <- in_mclust(
    MclustDA(flowers, species, modelType = "EDDA", verbose = FALSE),
    flowers = flowers, species = species
  )
  expect_identical(best$models$model, rep("VEV", 3))
  expect_equal(best$bic, -theirs$bic, tolerance = 1e-8)
  expect_identical(unclass(best$confusion)[1:9],
                   as.numeric(summary(theirs)$tab))
})

test_that("the table of models has what each model has alone", {
  all <- gmm_classify(flowers, species, control = quiet())$search
  expect_identical(all$model, gmm_models()$code)
  for (row in seq_len(nrow(all))) {
    one <- gmm_classify(flowers, species, model = all$model[row],
                        control = quiet())
    expect_equal(c(all$loglik[row], all$df[row], all$bic[row], all$aic[row]),
                 c(one$loglik, one$df, one$bic, one$aic), tolerance = 1e-8,
                 info = all$model[row])
  }
})

test_that("EEE and VVV are linear and quadratic discriminant analysis", {
  skip_if_not_installed("MASS")
  n <- nrow(flowers)
  # MASS divides by n - C and by n_c - 1, so its densities are wider.
  wide <- lda
  wide$covariances <- lda$covariances * n / (n - 3)
  theirs <- predict(MASS::lda(flowers, species))$posterior
  expect_equal(class_posterior(wide, as.matrix(flowers)), theirs,
               ignore_attr = TRUE)
  qda <- gmm_classify(flowers, species, model = "VVV", control = quiet())
  qda$covariances <- qda$covariances * 50 / 49
  theirs <- predict(MASS::qda(flowers, species))$posterior
  expect_equal(class_posterior(qda, as.matrix(flowers)), theirs,
               ignore_attr = TRUE)
})

test_that("weights are repetitions, and criteria choose the smallest", {
  set.seed(1)
  weights <- sample(0:3, 150, replace = TRUE)
  rows <- rep(1:150, weights)
  weighted <- gmm_classify(flowers, species, weights = weights,
                           control = quiet())
  repeated <- gmm_classify(flowers[rows, ], species[rows], control = quiet())
  parts <- c("loglik", "df", "bic", "aic", "shares", "error", "brier",
             "n_obs")
  expect_equal(weighted[parts], repeated[parts])
  expect_equal(weighted$confusion, repeated$confusion)
  by_aic <- gmm_classify(flowers, species, criterion = "aic",
                         control = quiet())
  expect_identical(by_aic$models$model[1],
                   by_aic$search$model[which.min(by_aic$search$aic)])
})

test_that("missing values, one column, one class, two rows of a class", {
  gaps <- with_gaps(as.matrix(flowers), 0.1)
  found <- gmm_classify(gaps, species, model = c("EEE", "VVV"),
                        na_action = "em", control = quiet())
  expect_lt(found$error, 0.1)
  expect_equal(predict(found, gaps, "posterior"), found$posterior)
  # As gmm_fit() with all rows labelled.
  fit <- gmm_fit(gaps, 3, found$models$model[1], labels = species,
                 na_action = "em", control = quiet())
  expect_equal(found$means, fit$means, tolerance = 1e-5)
  omitted <- gmm_classify(gaps, species, model = "EEE", na_action = "omit",
                          control = quiet())
  complete <- stats::complete.cases(gaps)
  alone <- gmm_classify(gaps[complete, ], species[complete], model = "EEE",
                        control = quiet())
  expect_equal(omitted[c("bic", "error", "brier")],
               alone[c("bic", "error", "brier")])
  expect_identical(unname(is.na(omitted$predicted)), !complete)
  expect_error(gmm_classify(gaps, species, control = quiet()),
               class = "gmvae_error_data")

  line <- gmm_classify(flowers[, 3], species, control = quiet())
  expect_identical(line$search$model, c("E", "V"))
  one <- gmm_classify(flowers, rep("all", 150), control = quiet())
  expect_identical(one$error, 0)
  expect_identical(levels(predict(one, flowers)), "all")
  small <- gmm_classify(flowers[c(1:50, 51:52), ], species[c(1:50, 51:52)],
                        control = quiet())
  expect_true(all(is.na(small$search$bic) == !is.na(small$search$reason)))
  expect_identical(small$classes, c("setosa", "versicolor"))
})

# -- Mixtures -----------------------------------------------------------------

test_that("a mixture for each class is a fit of each class", {
  set.seed(2)
  found <- gmm_classify(flowers, species, "mixture", c("EEE", "VVV"), 1:2,
                        control = quiet())
  for (class in levels(species)) {
    rows <- species == class
    fit <- gmm_fit(flowers[rows, ], 1:2, c("EEE", "VVV"), control = quiet())
    row <- found$models[found$models$class == class, ]
    expect_identical(row$k, fit$k)
    expect_identical(row$model, fit$model)
    own <- found$component_class == match(class, levels(species))
    expect_equal(unname(found$means[own, ]), unname(fit$means[, ]),
                 ignore_attr = TRUE, tolerance = 1e-5)
  }
  density <- vapply(1:3, function(i) {
    own <- found$component_class == i
    rowSums(vapply(which(own), function(j) {
      gap <- t(flowers) - found$means[j, ]
      s <- found$covariances[, , j]
      found$weights[j] *
        exp(-colSums(gap * solve(s, gap)) / 2) / sqrt(det(2 * pi * s))
    }, numeric(150)))
  }, numeric(150))
  expect_equal(found$loglik, sum(log(rowSums(density))))
  expect_equal(unname(found$posterior), density / rowSums(density))
  expect_equal(found$bic, -2 * found$loglik + log(150) * found$df)
  expect_equal(sum(found$weights), 1)
})

test_that("classes have their own k and models where lists say so", {
  found <- gmm_classify(
    flowers, species, "mixture", k = list(1, 2, 1),
    model = list(virginica = "VVV", setosa = "EEE", versicolor = "EII"),
    control = quiet()
  )
  expect_identical(found$models$k, c(1L, 2L, 1L))
  expect_identical(found$models$model, c("EEE", "EII", "VVV"))
  expect_identical(names(found$weights),
                   c("setosa:1", "versicolor:1", "versicolor:2",
                     "virginica:1"))
})

test_that("gmm_classify() scores mclust's mixtures as mclust does", {
  bank <- mclust_data("banknote")$banknote
  theirs <- in_mclust(
    MclustDA(bank[, -1], bank$Status, G = 2, modelNames = "VVE",
             verbose = FALSE),
    bank = bank
  )
  ours <- classifier_of_mclust(theirs)
  expect_equal(ours$loglik, theirs$loglik, tolerance = 1e-8)
  expect_equal(ours$bic, -theirs$bic, tolerance = 1e-8)
  scores <- summary(theirs)
  expect_equal(c(ours$error, ours$brier), c(scores$ce, scores$brier),
               tolerance = 1e-6)
  expect_equal(unname(ours$posterior), unname(predict(theirs)$z),
               tolerance = 1e-6)
})

# -- Predictions --------------------------------------------------------------

test_that("predict() weighs classes by their proportions", {
  new <- flowers[c(1, 60, 130), ]
  base <- predict(lda, new, "posterior")
  p <- c(virginica = 6, setosa = 1, versicolor = 3)
  found <- predict(lda, new, "posterior", proportions = p)
  expected <- sweep(base, 2, p[levels(species)], "*")
  expect_equal(found, expected / rowSums(expected))
  refit <- gmm_classify(flowers, species, model = "EEE", proportions = p,
                        control = quiet())
  expect_equal(predict(refit, new, "posterior"), found)
  expect_equal(refit$loglik, lda$loglik)
  expect_equal(refit$proportions, p[levels(species)] / 10)
})

test_that("predictions have the smallest expected cost", {
  cost <- matrix(c(0, 1, 20, 5, 0, 40, 1, 1, 0), 3,
                 dimnames = rep(list(levels(species)), 2))
  costly <- gmm_classify(flowers, species, model = "EEE",
                         cost = cost[c(3, 1, 2), c(3, 1, 2)],
                         control = quiet())
  expect_equal(costly$posterior, lda$posterior)
  expected <- costly$posterior %*% cost
  expect_equal(predict(costly, type = "cost"), expected, ignore_attr = TRUE)
  expect_identical(as.integer(costly$predicted),
                   unname(apply(expected, 1, which.min)))
  expect_equal(costly$mean_cost,
               mean(cost[cbind(as.integer(species),
                               as.integer(costly$predicted))]))
  expect_identical(predict(lda, cost = cost), costly$predicted)
  expect_equal(predict(lda, type = "cost"), 1 - lda$posterior)
})

test_that("predict() gives each type with the names of the rows", {
  new <- flowers[c(3, 77), ]
  for (type in c("class", "posterior", "uncertainty", "cost")) {
    found <- predict(lda, new, type)
    names <- if (is.matrix(found)) rownames(found) else names(found)
    expect_identical(names, c("3", "77"), info = type)
  }
  expect_identical(predict(lda, new, "prob"), predict(lda, new, "posterior"))
  expect_identical(predict(lda), lda$predicted)
  # The call of the fit finds its data.
  expect_identical(predict(lda, type = "posterior", proportions = 1:3),
                   predict(lda, flowers, "posterior", proportions = 1:3))
  expect_error(predict(lda, new, "prob_density"), class = "gmvae_error_option")
})

test_that("summary() scores new rows; logLik() and nobs() serve AIC and BIC", {
  odd <- seq(1, 150, 2)
  half <- gmm_classify(flowers[odd, ], species[odd], model = "EEE",
                       control = quiet())
  found <- summary(half, newdata = flowers[-odd, ], class = species[-odd])
  guess <- predict(half, flowers[-odd, ])
  expect_equal(found$test$error, mean(guess != species[-odd]))
  z <- predict(half, flowers[-odd, ], "posterior")
  y <- outer(as.integer(species[-odd]), 1:3, "==")
  expect_equal(found$test$brier, sum((y - z)^2) / (2 * 75))
  expect_error(summary(half, newdata = flowers, class = rep("rose", 150)),
               class = "gmvae_error_option")
  expect_equal(BIC(half), half$bic)
  expect_equal(AIC(half), half$aic)
  expect_identical(nobs(half), 75L)
})

test_that("print() and summary() show the fit", {
  expect_snapshot({
    lda
    summary(gmm_classify(flowers, species, model = c("EEE", "VVV", "VEV"),
                         cost = 2 - 2 * diag(3), control = quiet()))
  })
})

test_that("gmm_classify() says what is wrong", {
  expect_snapshot(error = TRUE, {
    gmm_classify(flowers)
    gmm_classify(flowers, replace(species, 1:3, NA))
    gmm_classify(flowers, species[1:10])
    gmm_classify(flowers, species, "lda")
    gmm_classify(flowers, species, criterion = "icl")
    gmm_classify(flowers, species, proportions = c(1, 0, 1))
    gmm_classify(flowers, species, cost = diag(3))
    gmm_classify(flowers, species, "mixture", k = list(1, 2))
    gmm_classify(flowers, species, model = list("EEE"))
    gmm_classify(flowers, species, G = 2)
    gmm_classify(flowers[c(1:50, 51), ], species[c(1:50, 51)], "mixture",
                 control = quiet())
  })
})

test_that("any value for any argument is taken or refused", {
  some <- c(1:15, 51:65)
  for (name in setdiff(names(formals(gmm_classify)), c("x", "...",
                                                       "control"))) {
    expect_null(unclassed(few_odd_values, function(value) {
      arguments <- list(flowers[some, ], as.character(species[some]),
                        model = "EEE", k = 1, control = quiet())
      names(arguments)[1:2] <- c("x", "class")
      arguments[name] <- list(value)
      do.call(gmm_classify, arguments, quote = TRUE)
    }), info = name)
  }
  for (name in c("newdata", "type", "proportions", "cost")) {
    expect_null(unclassed(few_odd_values, function(value) {
      do.call(predict, c(list(lda), stats::setNames(list(value), name)),
              quote = TRUE)
    }), info = name)
  }
})

# -- What no class holds ------------------------------------------------------

test_that("the log-density of a classifier is that of its classes together", {
  far <- flowers[1:3, ]
  far[2, ] <- 40
  found <- predict(lda, far, "logdensity")
  density <- vapply(seq_len(3), function(i) {
    sum(vapply(seq_len(3), function(k) {
      apart <- unlist(far[i, ]) - lda$means[k, ]
      s <- lda$covariances[, , k]
      lda$weights[[k]] * exp(-sum(apart * solve(s, apart)) / 2) /
        sqrt(det(2 * pi * s))
    }, 0))
  }, 0)
  expect_equal(unname(found[-2]), log(density[-2]))
  expect_lt(found[[2]], min(found[-2]) - 100)
  expect_equal(sum(predict(lda, type = "logdensity")), lda$loglik)
  expect_equal(predict(lda, far, "density"), exp(found))
  other <- predict(lda, far, "logdensity", proportions = c(8, 1, 1))
  expect_gt(other[[1]], found[[1]])
})

test_that("gmm_classify() says why it has no noise", {
  expect_snapshot(error = TRUE, {
    gmm_classify(flowers, species, noise = 0.05)
  })
})

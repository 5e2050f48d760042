flowers <- iris[, 1:4]
species <- iris$Species
fit <- gmm_classify(flowers, species, model = "VEV", control = quiet())

test_that("gmm_classify_cv() gives mclust's cross-validation", {
  skip_if_not_installed("mclust")
  # cvMclustDA() draws these folds from the same seed.
  set.seed(3)
  folds <- in_mclust(balancedFolds(species, nfolds = 10), species = species)
  set.seed(3)
  found <- in_mclust(
    cvMclustDA(MclustDA(flowers, species, modelNames = "VEV",
                        modelType = "EDDA", verbose = FALSE),
               nfold = 10, verbose = FALSE),
    flowers = flowers, species = species
  )
  fold_of <- integer(150)
  for (i in seq_along(folds)) fold_of[folds[[i]]] <- i
  ours <- gmm_classify_cv(fit, fold_of)
  expect_equal(c(ours$error, ours$brier), c(found$ce, found$brier),
               tolerance = 1e-6)
  expect_equal(unname(ours$se[1:2]), c(found$se.ce, found$se.brier),
               tolerance = 1e-6)
  expect_equal(unname(ours$posterior), unname(found$z), tolerance = 1e-6)
  expect_identical(as.integer(ours$predicted),
                   as.integer(found$classification))
})

test_that("each row is predicted by a fit to the other folds", {
  fold <- rep(1:3, 50)
  ours <- gmm_classify_cv(fit, fold)
  for (i in 1:3) {
    rest <- gmm_classify(flowers[fold != i, ], species[fold != i],
                         model = "VEV", control = quiet())
    expect_equal(unname(ours$posterior[fold == i, ]),
                 unname(predict(rest, flowers[fold == i, ], "posterior",
                                proportions = fit$proportions)))
  }
  expect_equal(ours$error, mean(ours$predicted != species))
  expect_equal(ours$confusion, unclass(table(Class = species,
                                             Predicted = ours$predicted)),
               ignore_attr = TRUE)
})

test_that("folds are stratified, and one row at a time if there are many", {
  set.seed(1)
  class <- factor(rep(c("a", "b", "c"), c(40, 25, 7)))
  fold <- stratified_folds(class, 5)
  counts <- table(class, fold)
  expect_true(all(apply(counts, 1, function(x) diff(range(x))) <= 1))
  expect_lte(diff(range(table(fold))), 1)
  half <- gmm_classify(flowers[c(1:12, 51:62), ], species[c(1:12, 51:62)],
                       model = "EII", control = quiet())
  expect_identical(nrow(gmm_classify_cv(half, 1000)$scores), 24L)
})

test_that("the seed decides, and the workers do not", {
  mixtures <- gmm_classify(flowers, species, "mixture", c("EEE", "VVI"), 2,
                           control = quiet())
  run <- function(...) {
    set.seed(4)
    found <- gmm_classify_cv(mixtures, 3, repeats = 2, ...)
    c(unclass(found), list(runif(1)))
  }
  first <- run()
  expect_identical(run(), first)
  skip_if_not_installed("BiocParallel")
  skip_on_os("windows")
  expect_identical(run(BPPARAM = BiocParallel::SerialParam()), first)
  expect_identical(run(BPPARAM = BiocParallel::MulticoreParam(2)), first)
})

test_that("repeats are averaged", {
  set.seed(5)
  found <- gmm_classify_cv(fit, 5, repeats = 3)
  expect_identical(dim(found$folds), c(150L, 3L))
  each <- lapply(1:3, function(i) gmm_classify_cv(fit, found$folds[, i]))
  mean_of <- function(part) mean(vapply(each, `[[`, 0, part))
  expect_equal(found$error, mean_of("error"))
  expect_equal(found$brier, mean_of("brier"))
  expect_equal(found$posterior,
               Reduce(`+`, lapply(each, `[[`, "posterior")) / 3)
  expect_equal(gmm_classify_cv(fit, found$folds, repeats = 3)$scores,
               found$scores)
})

test_that("weights, costs, proportions and omitted rows count", {
  weights <- rep(1:2, 75)
  cost <- 3 - 3 * diag(3)
  gaps <- replace(as.matrix(flowers), 7, NA)
  costly <- gmm_classify(gaps, species, model = "EEE", weights = weights,
                         cost = cost, na_action = "omit", control = quiet())
  found <- gmm_classify_cv(costly, rep(1:5, 30))
  expect_true(is.na(found$predicted[7]))
  expect_equal(sum(found$scores$n), sum(weights[-7]))
  wrong <- (found$predicted != species)[-7]
  expect_equal(found$error, stats::weighted.mean(wrong, weights[-7]))
  expect_equal(found$mean_cost, 3 * found$error)
  one_sided <- gmm_classify_cv(costly, rep(1:5, 30),
                               proportions = c(1, 1, 1e6))
  expect_gt(sum(one_sided$predicted == "virginica", na.rm = TRUE), 60)
})

test_that("criterion = \"cv\" chooses the smallest error", {
  set.seed(6)
  found <- gmm_classify(flowers, species, model = c("EII", "EEE", "VVV"),
                        criterion = "cv", control = quiet(n_folds = 5))
  table <- found$search
  best <- order(table$error, table$brier)[1]
  expect_identical(found$models$model[1], table$model[best])
  expect_false(anyNA(table$error))
  mixtures <- gmm_classify(flowers[, 3:4], species, "mixture", "EEE", 1:2,
                           criterion = "cv", control = quiet(n_folds = 3))
  expect_false(anyNA(mixtures$search$cv))
})

test_that("print() shows the estimates", {
  expect_snapshot(gmm_classify_cv(fit, rep(1:10, 15)))
})

test_that("gmm_classify_cv() says what is wrong", {
  expect_snapshot(error = TRUE, {
    gmm_classify_cv(1)
    gmm_classify_cv(fit, 1)
    gmm_classify_cv(fit, rep(1:3, each = 50))
    gmm_classify_cv(fit, 1:10)
    gmm_classify_cv(fit, x = flowers[150:1, ])
    gmm_classify_cv(fit, BPPARAM = 2)
  })
  for (name in c("folds", "repeats", "x", "proportions", "cost", "BPPARAM")) {
    expect_null(unclassed(few_odd_values, function(value) {
      value <- if (name == "repeats" && is.numeric(value)) {
        pmin(value, 2)
      } else {
        value
      }
      do.call(gmm_classify_cv, c(list(fit), stats::setNames(list(value),
                                                            name)),
              quote = TRUE)
    }), info = name)
  }
})

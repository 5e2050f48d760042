sepals <- gmm_classify(iris[, 1:2], iris$Species, model = "VVV",
                       keep_data = TRUE, control = quiet())
folds <- rep(1:5, 30)

test_that("plot() of a classifier draws what it returns", {
  for (type in c("classification", "uncertainty", "error")) {
    rows <- draw(sepals, type)
    expect_identical(rows$class, unname(sepals$class))
    expect_identical(rows$predicted, unname(sepals$predicted))
  }
  flowers <- iris[, 1:4]
  four <- gmm_classify(flowers, iris$Species, "mixture", "EEE", 1:2,
                       keep_data = TRUE, control = quiet())
  expect_named(draw(four), c(names(flowers), "class", "predicted",
                             "uncertainty"))
  expect_named(draw(four, columns = c("Petal.Width", "Petal.Length")),
               c("Petal.Width", "Petal.Length", "class", "predicted",
                 "uncertainty"))
  expect_identical(nrow(draw(four, columns = "Petal.Width")), 150L)
})

test_that("boundaries are where the costs of classes are equal", {
  cost <- 1 - diag(3)
  cost[3, 1:2] <- 50
  costly <- gmm_classify(iris[, 1:2], iris$Species, model = "VVV",
                         cost = cost, keep_data = TRUE, control = quiet())
  view <- classifier_view(costly, as.matrix(iris[, 1:2]))
  expect_equal(view_posterior(view, view$points), costly$posterior,
               ignore_attr = TRUE)
  expect_identical(draw(costly)$predicted, unname(costly$predicted))
})

test_that("the calibration table holds shares and Wilson's intervals", {
  cv <- gmm_classify_cv(sepals, folds)
  table <- draw(cv, n_bins = 4)
  rows <- table[table$class == "virginica", ]
  p <- cv$posterior[, "virginica"]
  bin <- cut(p, 0:4 / 4, labels = FALSE, include.lowest = TRUE)
  is_in <- iris$Species == "virginica"
  expect_equal(rows$predicted, as.vector(tapply(p, bin, mean)))
  expect_equal(rows$observed, as.vector(tapply(is_in, bin, mean)))
  test <- stats::prop.test(sum(is_in[bin == 2]), sum(bin == 2),
                           correct = FALSE)
  expect_equal(c(rows$lower[2], rows$upper[2]), as.vector(test$conf.int))
  expect_equal(sum(rows$n), 150)
})

test_that("plot() of a classifier says what is wrong", {
  lost <- gmm_classify(iris[, 1:2], iris$Species, model = "EII",
                       control = quiet())
  lost$call$x <- quote(nowhere)
  expect_snapshot(error = TRUE, {
    plot(sepals, "boundaries")
    plot(sepals, columns = "Petal.Width")
    plot(sepals, data = iris[1:10, ])
    plot(lost)
    plot(sepals, "calibration", n_bins = 1)
    plot(gmm_classify_cv(sepals, folds), "error")
  })
})

test_that("each plot of a classifier looks as it should", {
  # Backgrounds are bitmaps, which pictures hold only as a frame.
  for (type in c("classification", "uncertainty", "error", "calibration")) {
    expect_picture(paste("classifier", type), function() plot(sepals, type))
  }
  expect_picture("calibration of two classes", function() {
    two <- gmm_classify(iris[51:150, 1:2], iris$Species[51:150],
                        model = "EEE", control = quiet())
    plot(gmm_classify_cv(two, rep(1:5, 20), x = iris[51:150, 1:2]),
         n_bins = 5)
  })
  line <- gmm_classify(iris[3], iris$Species, keep_data = TRUE,
                       control = quiet())
  expect_picture("classifier of one column", function() plot(line))
  three <- gmm_classify(iris[seq(1, 150, 3), 1:3],
                        iris$Species[seq(1, 150, 3)], model = "EEE",
                        keep_data = TRUE, control = quiet())
  expect_picture("classifier of three columns", function() plot(three))
})

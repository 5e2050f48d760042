fit <- gmm_fit(iris[, 1:4], 3, "VEV", start = iris$Species, keep_data = TRUE,
               control = quiet(tol = 1e-12))
shown <- discriminant_coordinates(fit, lambda = 0.5)

test_that("plot() of coordinates draws what it returns", {
  for (type in c("classification", "contour", "uncertainty")) {
    rows <- draw(shown, type)
    expect_equal(rows$DC2, unname(shown$coordinates[, "DC2"]))
    expect_identical(rows$group, unname(fit$cluster))
  }
  expect_named(draw(shown, which = c(3, 1)), c("DC3", "DC1", "group"))
  expect_named(draw(shown, which = 1:3), c("DC1", "DC2", "DC3", "group"))
  expect_named(draw(shown, which = 2), c("DC2", "group"))
  expect_equal(draw(shown, "values")$value, unname(shown$values))
  expect_identical(draw(shown, "importance")$importance,
                   unname(sort(shown$importance, decreasing = TRUE)))
})

test_that("plot() of coordinates says what is wrong", {
  expect_snapshot(error = TRUE, {
    plot(shown, "pairs")
    plot(shown, which = 5)
    plot(shown, dimens = 2)
  })
})

test_that("each plot of coordinates looks as it should", {
  for (type in c("classification", "contour", "uncertainty", "values",
                 "importance")) {
    expect_picture(paste("coordinates", type), function() plot(shown, type))
  }
  expect_picture("one coordinate", function() plot(shown, which = 1))
  expect_picture("three coordinates", function() plot(shown, which = 1:3))
})

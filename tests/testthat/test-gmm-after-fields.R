fit <- gmm_fit(iris[, 1:4], 3, "VEV", start = iris$Species, keep_data = TRUE,
               control = quiet())
objects <- list(
  merged = merge_components(fit, n_clusters = 2),
  classifier = gmm_classify(iris[, 1:4], iris$Species, model = "EEE",
                            control = quiet()),
  chosen = gmm_classify(iris[, 1:4], iris$Species, model = c("EEI", "EEE"),
                        criterion = "cv", control = quiet(n_folds = 2)),
  mixtures = gmm_classify(iris[, 1:4], iris$Species, "mixture", k = 1,
                          model = "EEE", criterion = "icl",
                          keep_data = TRUE, control = quiet()),
  coordinates = discriminant_coordinates(fit)
)

test_that("objects as they were made pass, also after saveRDS()", {
  for (object in objects) {
    expect_silent(validate_fit(object))
    file <- tempfile(fileext = ".rds")
    saveRDS(object, file)
    back <- readRDS(file)
    unlink(file)
    expect_identical(predict(back, iris[1:5, 1:4]),
                     predict(object, iris[1:5, 1:4]))
  }
})

test_that("objects that were changed are refused by class", {
  refused <- function(object, field, value) {
    object[[field]] <- value
    expect_error(predict(object, iris[1:5, 1:4]),
                 class = "gmvae_error_input", info = field)
  }
  refused(objects$merged, "members", c(1, 2))
  refused(objects$merged, "members", c(1, 1, 3))
  refused(objects$merged, "n_clusters", 7)
  refused(objects$merged, "fit", list())
  refused(objects$merged, "posterior", matrix(1, 2, 2))
  refused(objects$classifier, "component_class", 4:6)
  refused(objects$classifier, "covariances", array(0, c(4, 4, 3)))
  refused(objects$classifier, "classes", "one")
  refused(objects$classifier, "weights", c(1, 1, 1))
  refused(objects$classifier, "criterion", "test")
  refused(objects$classifier, "criterion", "cv")
  refused(objects$classifier, "type", "mixture")
  refused(objects$classifier, "search", data.frame())
  refused(objects$classifier, "models", objects$classifier$models[-1, ])
  refused(objects$classifier, "confusion", diag(2))
  refused(objects$classifier, "predicted", factor("one"))
  refused(objects$classifier, "loglik", NULL)
  refused(objects$coordinates, "from_means", 1)
  refused(objects$coordinates, "scale", NULL)
  refused(objects$coordinates, "legend", matrix("Class"))
  refused(objects$coordinates, "directions", diag(3))
  refused(objects$coordinates, "component_group", c(1, 2, 9))
  refused(objects$coordinates, "fit", NULL)
  refused(objects$coordinates, "values", "a")
})

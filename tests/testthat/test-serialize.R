set.seed(1)
x <- simulate_counts(n = 60, genes = 20)$counts

test_that("fits survive saveRDS()", {
  fit <- quick_fit(x, 3)
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(fit, file)
  back <- readRDS(file)
  expect_identical(back, fit)
  expect_identical(predict(back, x, "latent"), predict(fit, x, "latent"))
  expect_identical(capture.output(print(back)), capture.output(print(fit)))
})

test_that("fits hold plain R values", {
  is_plain <- function(part) {
    if (is.list(part)) return(all(vapply(part, is_plain, NA)))
    is.atomic(part) || is.call(part)
  }
  expect_true(is_plain(unclass(quick_fit(x, 3))))
})

test_that("forked children fit and predict after a fit in the parent", {
  skip_on_os("windows")
  set.seed(3)
  parent <- comparable(quick_fit(x, 3))
  children <- parallel::mclapply(1:2, function(i) {
    set.seed(3)
    comparable(quick_fit(x, 3))
  }, mc.cores = 2)
  expect_identical(children, list(parent, parent))
  latent <- parallel::mclapply(1:2, function(i) predict(parent, x, "latent"),
                               mc.cores = 2)
  expect_identical(latent[[1]], predict(parent, x, "latent"))
})

test_that("fits that earlier versions saved predict as they did", {
  files <- list.files(test_path("fixtures"), "^fits-[0-9]+[.]rds$",
                      full.names = TRUE)
  expect_gte(length(files), gmvae_format)
  for (file in files) {
    old <- readRDS(file)
    for (type in names(old$expected$gmvae)) {
      needs <- type %in% c("mean", "elbo", "outlier", "all")
      # Processors differ in rounding.
      expect_equal(predict(old$gmvae, old$counts, type,
                           batch = if (needs) old$batch),
                   old$expected$gmvae[[type]], tolerance = 1e-4,
                   info = paste(file, type))
    }
    for (type in names(old$expected$gmm_fit)) {
      expect_equal(predict(old$gmm_fit, faithful[1:20, ], type),
                   old$expected$gmm_fit[[type]], info = paste(file, type))
    }
    expect_equal(predict(old$linear, old$counts, "latent"),
                 old$expected$linear$latent, tolerance = 1e-4, info = file)
    expect_equal(loadings(old$linear), old$expected$linear$loadings,
                 info = file)
    expect_equal(predict(old$classifier, as.matrix(iris[, 1:4]), "posterior"),
                 old$expected$classifier, info = file)
    expect_output(print(old$linear), "45 cells")
    expect_output(print(old$classifier), "150 rows")
    expect_output(print(old$gmvae), "45 cells")
    expect_output(print(old$gmm_fit), "272 rows")
    expect_s3_class(without_cautions(update(old$gmvae, k = 2, x = old$counts)),
                    "gmvae")
    expect_s3_class(update(old$gmm_fit, k = 1:3, x = faithful), "gmm_fit")
  }
})

test_that("a fit from the future is refused in words", {
  old <- readRDS(test_path("fixtures", sprintf("fits-%d.rds", gmvae_format)))
  for (fit in old[c("gmvae", "gmm_fit", "linear", "classifier")]) {
    fit$version <- gmvae_format + 1L
    last <- if (inherits(fit, "gmm_classifier")) plot else update
    for (method in list(predict, print, summary, last)) {
      expect_error(method(fit), "Update gmvae", class = "gmvae_error_input")
    }
  }
})

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

some_rows <- function(n = 4500) {
  set.seed(3)
  x <- matrix(rnorm(3 * n), n) + 4 * (seq_len(n) %% 3)
  colnames(x) <- c("a", "b", "c")
  x
}
source_of <- function(x) {
  row_source(function(from, to) x[from:to, , drop = FALSE], dim(x),
             dimnames(x))
}
fit_rows <- function(x, k = 2, model = "VVV", ..., max_iter = 1000) {
  set.seed(1)
  gmm_fit(x, k, model, ..., control = gmm_control(
    n_init = 2, max_iter = max_iter, verbose = FALSE, n_threads = 2
  ))
}
# What users see, without how they called.
result <- function(fit) {
  fit[c("call", "checksum", "posterior", "data")] <- NULL
  fit
}
same_fit <- function(x, ...) {
  fit <- fit_rows(x, ...)
  on_disk <- fit_rows(source_of(x), ...)
  expect_identical(result(on_disk), result(fit))
  expect_equal(on_disk$checksum, fit$checksum, tolerance = 1e-12)
  invisible(on_disk)
}
local_cache <- function(envir = parent.frame()) {
  folder <- tempfile("rows")
  dir.create(folder)
  rlang::local_options(gmvae.cache = folder, .frame = envir)
  folder
}
no_files <- function(folder) {
  gc()  # ends what nothing refers to
  length(list.files(folder)) == 0L
}

test_that("fits of all models from a source are those from memory", {
  folder <- local_cache()
  local_internal("rows_per_block", function(d) 777)
  x <- some_rows()
  x[c(5, 6, 4600)] <- NA
  for (model in gmm_models()$code[gmm_models()$code %in% plane_models$code]) {
    same_fit(x, model = model, weights = rep(c(1, 2, 0.5), 1500),
             labels = replace(rep(NA, 4500), 7:9, c(1, 2, 2)), noise = 0.02,
             na_action = "em", prior = TRUE, max_iter = 40)
  }
  expect_true(no_files(folder))
})

test_that("other arguments are the same for rows from a source", {
  folder <- local_cache()
  local_internal("rows_per_block", function(d) 1000)
  x <- some_rows()
  rownames(x) <- paste0("r", seq_len(4500))
  same_fit(x, k = 1:3, model = c("EEE", "VVI"), criterion = "icl")
  same_fit(x, start = rep(1:2, 2250), noise = c(3, 77))
  same_fit(x, weights = rep(0:1, 2250))
  same_fit(x, model = c("VII", "EII"), criterion = "cv")
  same_fit(x[, 1, drop = FALSE], k = 1:2, model = c("E", "V"))
  x[c(10, 20, 4501)] <- NA
  gaps <- same_fit(x, na_action = "omit")
  expect_identical(gaps$n_omitted, 3L)
  x[77, ] <- NA
  same_fit(x, na_action = "em")
  # More components than distinct rows.
  few <- some_rows(4)[rep(1:4, 600), ]
  for (rows in list(few, source_of(few))) {
    expect_error(fit_rows(rows, 5), "only 4 distinct rows",
                 class = "gmvae_error_option")
  }
  expect_true(no_files(folder))
})

test_that("predictions by blocks are those of all rows at once", {
  local_internal("rows_per_block", function(d) 1000)
  x <- some_rows()
  rownames(x) <- paste0("r", seq_len(4500))
  fit <- fit_rows(x, noise = 0.02, na_action = "em")
  x[c(3, 1500)] <- NA
  for (type in setdiff(names(gmm_types), "cdf")) {
    expect_identical(predict(fit, source_of(x), type), predict(fit, x, type))
  }
  # Columns are matched by name.
  wide <- cbind(z = 1, x[, 3:1])
  expect_identical(predict(fit, source_of(wide)), predict(fit, x))
})

test_that("methods find rows on disk again", {
  folder <- local_cache()
  x <- some_rows()
  rows <- source_of(x)
  fit <- fit_rows(rows, 2)
  expect_null(fit$posterior)
  in_memory <- fit_rows(x, 2)
  expect_identical(predict(fit, type = "posterior"), in_memory$posterior)
  expect_identical(update(fit, k = 3)$means, update(in_memory, k = 3)$means)
  expect_identical(residuals(fit), residuals(in_memory))
  expect_identical(fit_rows(rows, keep_posterior = TRUE)$posterior,
                   in_memory$posterior)
  other <- source_of(x + 1)
  expect_error(update(fit, k = 3, x = other), class = "gmvae_error_input")
  rm(rows)
  expect_true(no_files(folder))
})

test_that("a DelayedMatrix is read by blocks if it has many rows", {
  skip_if_not_installed("DelayedArray")
  x <- some_rows()
  delayed <- DelayedArray::DelayedArray(x)
  expected <- result(fit_rows(x))
  expect_identical(result(fit_rows(delayed)), expected)
  rlang::local_options(gmvae.rows_in_memory = 1000)
  on_disk <- fit_rows(delayed)
  expect_identical(result(on_disk), expected)
  expect_identical(predict(on_disk, delayed), on_disk$cluster)
  rlang::local_options(gmvae.rows_in_memory = NA)
  expect_error(fit_rows(delayed), class = "gmvae_error_option")
})

test_that("fits to very many rows hold no components of rows", {
  local_internal("most_clusters", 100)
  x <- some_rows()
  rows <- source_of(x)
  fit <- fit_rows(rows, noise = 0.01)
  expect_null(fit$cluster)
  expect_null(fit$uncertainty)
  expect_output(print(fit), "does not hold the components")
  expect_output(print(summary(fit)))
  expect_identical(predict(fit), fit_rows(x, noise = 0.01)$cluster)
  expect_identical(update(fit, k = 1)$k, 1L)
  for (method in list(fitted, residuals, as.data.frame, plot)) {
    expect_error(method(fit), "must hold the components",
                 class = "gmvae_error_input")
  }
  expect_null(relabel(fit, order = 2:1)$cluster)
})

test_that("what can't be done on disk is said", {
  rows <- source_of(some_rows(100))
  expect_snapshot(error = TRUE, {
    gmm_fit(rows, 2, keep_data = TRUE)
    gmm_fit(rows, 2, criterion = "test")
    row_source("file", c(2, 2))
    row_source(identity, 3)
    row_source(identity, c(3, 2), list(NULL, "a"))
    gmm_fit(row_source(function(from, to) 1:3, c(3, 2)), 1)
    gmm_fit(row_source(function(from, to) matrix(c(1, NA, 3, 4, 5, Inf), 3),
                       c(3, 2)), 1)
    gmm_fit(row_source(function(from, to) matrix(c(1, NA, 3, 4, 5, 6), 3),
                       c(3, 2)), 1)
  })
  expect_snapshot(rows)
})

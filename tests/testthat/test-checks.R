test_that("match_by_name() sorts by names, and refuses foreign ones", {
  names <- c("a", "b", "c")
  expect_identical(match_by_name(c(b = 2, c = 3, a = 1), names),
                   c(a = 1, b = 2, c = 3))
  expect_identical(match_by_name(1:3, names), 1:3)
  expect_identical(match_by_name(c(b = 2), NULL), c(b = 2))
  expect_identical(match_by_name(factor(c(c = "x", a = "y", b = "z")), names),
                   factor(c(a = "y", b = "z", c = "x")))
  matrix <- matrix(1:6, 3, dimnames = list(c("c", "b", "a"), NULL))
  expect_identical(match_by_name(matrix, names)[, 1], c(a = 3L, b = 2L, c = 1L))
  expect_identical(
    match_by_name(array(1:3, 3, list(c("c", "b", "a"))), names),
    c(a = 3L, b = 2L, c = 1L)
  )
  expect_error(match_by_name(c(a = 1, b = 2, d = 3), names, "weights"),
               "`weights`.*\"d\"", class = "gmvae_error_option")
  expect_error(match_by_name(c(a = 1, a = 2, b = 3), names, "weights"),
               "more than once", class = "gmvae_error_option")
})

test_that("what belongs to rows follows their names", {
  x <- as.matrix(faithful)
  rownames(x) <- paste0("r", 1:272)
  back <- 272:1
  w <- stats::setNames(rep(c(10, 1), c(97, 175)), rownames(x))
  long <- stats::setNames(ifelse(x[, 1] > 3, "long", NA), rownames(x))
  fit <- function(x, ...) {
    set.seed(1)
    gmm_fit(x, k = 2, model = "VVV", ..., control = quiet())
  }
  by_name <- function(x) {
    fit(x, weights = w, labels = long, noise = x[, 1] > 5)
  }
  expect_equal(by_name(x[back, ])$loglik, by_name(x)$loglik)
  expect_equal(fit(as.data.frame(x)[back, ], weights = w)$loglik,
               fit(x, weights = unname(w))$loglik)
  start <- fit(x)
  expect_equal(fit(x[back, ], start = start$cluster)$loglik, start$loglik)
  expect_equal(fit(x[back, ], start = start$posterior)$history,
               fit(x, start = start$posterior)$history)
  expect_error(fit(x, weights = stats::setNames(w, 1:272)),
               "names of `weights`", class = "gmvae_error_option")
  expect_error(fit(x, labels = stats::setNames(long, 1:272)),
               "names of `labels`", class = "gmvae_error_option")
  # Rows without names: the order decides.
  expect_equal(fit(unname(x), weights = rev(w))$loglik,
               fit(x, weights = unname(rev(w)))$loglik)
})

test_that("what belongs to cells follows their names", {
  set.seed(1)
  data <- simulate_batches(n = 120, genes = 40, depth = 60)
  x <- data$counts
  colnames(x) <- paste0("cell", 1:120)
  batch <- stats::setNames(data$batch, colnames(x))
  size <- stats::setNames(Matrix::colSums(x) + 1:120, colnames(x))
  fit <- function(batch, size) {
    set.seed(2)
    quick_fit(x, 2, batch = batch, size_factors = size, epochs = 4)
  }
  given <- fit(unname(batch), unname(size))
  mixed <- sample(size)
  named <- fit(rev(batch), mixed)
  expect_identical(named$parameters, given$parameters)
  expect_identical(named$batch, given$batch)
  expect_error(fit(stats::setNames(batch, 1:120), NULL),
               "names of `batch`", class = "gmvae_error_option")
  expect_error(fit(NULL, stats::setNames(size, 1:120)),
               "names of `size_factors`", class = "gmvae_error_option")
  elbo <- predict(given, x, "elbo", batch = batch, size_factors = size)
  expect_identical(
    predict(given, x, "elbo", batch = rev(batch), size_factors = rev(size)),
    elbo
  )
})

test_that("batch may be of type raw", {
  expect_identical(as_batch(as.raw(c(1, 2, 1)), 3L, call = NULL),
                   factor(c("01", "02", "01")))
})

test_that("default_threads() keeps to two, to mc.cores and to a container's", {
  expect_lte(default_threads(), 2L)
  expect_gte(default_threads(), 1L)
  before <- options(mc.cores = 1L)
  on.exit(options(before))
  expect_identical(default_threads(), 1L)
  options(mc.cores = "many")
  expect_gte(default_threads(), 1L)
})

test_that("container_cores() reads both kinds of control groups", {
  folder <- tempfile()
  dir.create(file.path(folder, "cpu"), recursive = TRUE)
  on.exit(unlink(folder, recursive = TRUE))
  write <- function(file, text) writeLines(text, file.path(folder, file))
  expect_null(container_cores(folder))
  write("cpu/cpu.cfs_quota_us", "-1")
  write("cpu/cpu.cfs_period_us", "100000")
  expect_null(container_cores(folder))
  write("cpu/cpu.cfs_quota_us", "350000")
  expect_identical(container_cores(folder), 3)
  write("cpu.max", "max 100000")
  expect_null(container_cores(folder))
  write("cpu.max", "50000 100000")
  expect_identical(container_cores(folder), 1)
  write("cpu.max", "")
  expect_null(container_cores(folder))
})

test_that("describe() has words for anything", {
  odd <- list(structure(1, class = "unknown"), globalenv(), quote(a), mean,
              structure(list(), class = "POSIXlt"), as.raw(1),
              structure(1, class = "factor"), methods::getClass("numeric"))
  for (value in odd) expect_type(describe(value), "character")
  expect_identical(describe(1:3), "`1:3`")
  expect_identical(describe(structure(c(0.5, 1.5), class = "Date")),
                   "an object of class <Date> of length 2")
})

# The most threads that this process has while gmm_fit() runs.
most_threads <- function(n_threads) {
  threads <- function() length(list.files("/proc/self/task"))
  before <- most <- threads()
  namespace <- asNamespace("gmvae")
  reporter <- namespace$progress_reporter
  rlang::env_binding_unlock(namespace, "progress_reporter")
  on.exit({
    assign("progress_reporter", reporter, namespace)
    rlang::env_binding_lock(namespace, "progress_reporter")
  })
  assign("progress_reporter", function(...) {
    function(phase, done, total, value) most <<- max(most, threads())
  }, namespace)
  gmm_fit(faithful, 1:3, control = gmm_control(n_init = 2, verbose = FALSE,
                                               n_threads = n_threads))
  most - before + 1L
}

test_that("no more than two threads run while R checks a package", {
  skip_if_not(dir.exists("/proc/self/task"))
  before <- Sys.getenv("_R_CHECK_LIMIT_CORES_", NA)
  on.exit(if (is.na(before)) Sys.unsetenv("_R_CHECK_LIMIT_CORES_") else
    Sys.setenv("_R_CHECK_LIMIT_CORES_" = before))
  Sys.setenv("_R_CHECK_LIMIT_CORES_" = "TRUE")
  expect_lte(most_threads(4), 2L)
  Sys.setenv("_R_CHECK_LIMIT_CORES_" = "false")
  expect_identical(most_threads(4), 4L)
  expect_identical(most_threads(1), 1L)
})

test_that("a missing level of a factor is a missing label everywhere", {
  labels <- c("b", NA, "a")
  expect_identical(without_missing_level(addNA(factor(labels))),
                   factor(labels))
  expect_identical(without_missing_level(labels), labels)
  missing <- addNA(factor(rep(labels, 20)))
  expect_identical(check_row_labels(missing, 60)$levels, c("a", "b"))
  for (refused in list(
    function() check_class(missing, 60, NULL),
    function() check_sample_labels(missing, 60, matrix(0, 1, 60), NULL, NULL),
    function() as_batch(missing, 60, call = NULL),
    function() as_covariate(missing, "a", 60, NULL)
  )) {
    expect_error(refused(), "missing", class = "gmvae_error_option")
  }
})

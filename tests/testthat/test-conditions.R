test_that("every function that users call is an entry point", {
  exports <- mget(getNamespaceExports("gmvae"), asNamespace("gmvae"))
  generics <- vapply(exports, function(fn) {
    "UseMethod" %in% all.names(body(fn))
  }, NA)
  methods <- getNamespaceInfo("gmvae", "S3methods")
  methods <- paste(methods[, 1], methods[, 2], sep = ".")
  expect_setequal(entry_points, c(names(exports)[!generics], methods))
})

test_that("errors of R become classed ones, with call and parent", {
  error <- tryCatch(gmm_fit(faithful, k = stop("from elsewhere")),
                    error = identity)
  expect_s3_class(error, "gmvae_error_unexpected")
  expect_s3_class(error, "gmvae_error")
  expect_identical(conditionCall(error), quote(gmm_fit()))
  expect_identical(conditionMessage(error$parent), "from elsewhere")
  expect_error(gmvae(nothing_of_this_name), class = "gmvae_error_unexpected")
  expect_error(gmvae(), "must be given", class = "gmvae_error_input")
})

test_that("warnings and interrupts pass", {
  noisy <- with_classed_errors(function() {
    warning("a warning")
    1
  }, "noisy")
  expect_warning(expect_identical(noisy(), 1), "a warning")
  stopped <- with_classed_errors(function() {
    rlang::interrupt()
  }, "stopped")
  expect_identical(tryCatch(stopped(), interrupt = function(cnd) "interrupted"),
                   "interrupted")
})

test_that("a wrapped function sees how it was called", {
  seen <- with_classed_errors(function(x, ...) {
    if (missing(x)) return(invisible("missing"))
    list(substitute(x), match.call(), parent.frame())
  }, "seen")
  result <- seen(a + b, c = 1)
  expect_identical(result[[1]], quote(a + b))
  expect_identical(result[[2]], quote(seen(x = a + b, c = 1)))
  expect_identical(result[[3]], environment())
  expect_invisible(seen())
  expect_visible(seen(1))
})

test_that("no memory is an error of its own", {
  expect_error(
    with_core_errors(stop("cannot allocate vector of size 8.0 Gb")),
    "Out of memory", class = "gmvae_error_core"
  )
})

test_that("a matrix with broken slots is named, whatever stumbled over it", {
  broken <- Matrix::rsparsematrix(4, 4, 0.5)
  attr(broken, "Dim") <- NULL
  stumbling <- with_classed_errors(function(a, used = 1, ...) {
    force(used)
    stop("somewhere in another package")
  }, "stumbling")
  expect_error(stumbling(used = broken), "`used` must be a valid matrix",
               class = "gmvae_error_input")
  # An argument that was not used is not evaluated.
  expect_error(stumbling(stop("evaluated")), class = "gmvae_error_unexpected")
  error <- tryCatch(stumbling(stop("evaluated")), error = identity)
  expect_identical(conditionMessage(error$parent),
                   "somewhere in another package")
})

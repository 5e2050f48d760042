# A short part of what tests/fuzz/run.R does by the thousand.

expect_expected <- function(kind, seeds) {
  for (seed in seeds) {
    done <- fuzz_outcome(kind, seed)
    expect_true(done$outcome %in% c("sound", "error"),
                info = paste(kind, seed, done$outcome, done$name, done$message))
  }
}

test_that("whatever found something once finds nothing", {
  for (kind in names(corpus)) expect_expected(kind, corpus[[kind]])
})

test_that("generated calls give sound results or expected errors", {
  expect_expected("call", 1:150)
})

test_that("changed fits give sound results or expected errors", {
  expect_expected("fit", 1:150)
})

test_that("invalid matrices give right counts or expected errors", {
  expect_expected("matrix", 1:60)
})

test_that("changed results give sound results or expected errors", {
  expect_expected("object", 1:60)
})

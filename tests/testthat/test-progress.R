test_that("progress_reporter() draws or is silent", {
  expect_null(progress_reporter(FALSE))
  report <- progress_reporter(TRUE)
  expect_error(report("warmup", 1, 10, -5), NA)
  expect_error(report("joint", 10, 10, NaN), NA)
  expect_error(report("joint", 10, 10, -4), NA)
})

test_that("progress bars close with the function that opened them", {
  old <- options(cli.progress_show_after = 0)
  on.exit(options(old))
  open <- function() length(environment(cli::cli_progress_bar)$clienv$progress)
  before <- open()
  work <- function(fail) {
    report <- progress_reporter(TRUE)
    core <- function(report) report("joint", 1, 10, -4)
    core(report)
    expect_identical(open(), before + 1L)
    if (fail) stop("broke down")
  }
  work(FALSE)
  expect_identical(open(), before)
  expect_error(work(TRUE), "broke down")
  expect_identical(open(), before)
})

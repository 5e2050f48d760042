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
})

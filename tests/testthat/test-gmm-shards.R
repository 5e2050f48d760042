rows_of_groups <- function(n = 6000) {
  set.seed(3)
  matrix(rnorm(3 * n), n) + 3 * (seq_len(n) %% 3)
}
fit_rows <- function(x, ..., max_iter = 40, n_shards = NULL) {
  set.seed(1)
  suppressWarnings(gmm_fit(
    x, 2:3, c("VVV", "EEI"), ..., noise = 0.01, na_action = "em",
    weights = rep(c(1, 2), length.out = nrow(x)),
    labels = replace(rep(NA, nrow(x)), 1:3, c(1, 2, 2)),
    control = gmm_control(n_init = 2, max_iter = max_iter, verbose = FALSE,
                          n_threads = 2, n_shards = n_shards)
  ))
}
result <- function(fit) {
  fit[c("call", "checksum", "posterior")] <- NULL
  fit
}
x <- rows_of_groups()
x[c(8, 15000)] <- NA
alone <- fit_rows(x)
rows <- row_source(function(from, to) x[from:to, , drop = FALSE], dim(x))

test_that("workers in this session and forks of it give the same fit", {
  skip_if_not_installed("BiocParallel")
  folder <- tempfile("rows")
  dir.create(folder)
  rlang::local_options(gmvae.cache = folder)
  serial <- BiocParallel::SerialParam()
  expect_identical(result(fit_rows(x, BPPARAM = serial)), result(alone))
  expect_identical(result(fit_rows(rows, BPPARAM = serial)), result(alone))
  skip_on_os("windows")
  forks <- BiocParallel::MulticoreParam(3)
  expect_identical(result(fit_rows(rows, BPPARAM = forks)), result(alone))
  gc()
  expect_length(list.files(folder), 0L)
})

test_that("the number of shards decides, not that of workers", {
  skip_if_not_installed("BiocParallel")
  serial <- BiocParallel::SerialParam()
  seven <- fit_rows(x, n_shards = 7)
  expect_identical(result(fit_rows(x, n_shards = 7, BPPARAM = serial)),
                   result(seven))
  expect_equal(seven$loglik, alone$loglik, tolerance = 1e-10)
  expect_identical(seven$cluster, alone$cluster)
})

test_that("update() takes other workers", {
  skip_if_not_installed("BiocParallel")
  serial <- BiocParallel::SerialParam()
  more <- update(alone, k = 2:4)
  expect_identical(update(alone, k = 2:4, BPPARAM = serial)$search,
                   more$search)
})

test_that("workers in processes of their own give the same fit", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  for (n in 1:2) {
    processes <- BiocParallel::SnowParam(n)
    expect_identical(result(fit_rows(rows, BPPARAM = processes)),
                     result(alone))
  }
})

test_that("mirai's daemons give the same fit", {
  skip_if_not_installed("mirai")
  skip_on_cran()
  mirai::daemons(2)
  on.exit(mirai::daemons(0))
  expect_identical(result(fit_rows(rows, BPPARAM = "mirai")), result(alone))
})

test_that("a worker that is killed in the middle does not matter", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  processes <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
  on.exit(BiocParallel::bpstop(processes))
  pids <- unlist(BiocParallel::bplapply(1:2, function(i) Sys.getpid(),
                                        BPPARAM = processes))
  system(sprintf("(sleep 1; kill -9 %d) &", pids[2]))
  expect_identical(result(fit_rows(rows, BPPARAM = processes)), result(alone))
  now <- unlist(BiocParallel::bplapply(1:2, function(i) Sys.getpid(),
                                       BPPARAM = processes))
  expect_false(any(now == pids[2]))  # it was in the middle
})

test_that("workers that do not see the file say so", {
  skip_if_not_installed("BiocParallel")
  task <- list(path = tempfile(), centre = 0, scale = 1, task = 1, first = 1,
               last = 1, n_threads = 1)
  expect_error(add_up_shards(task), "can't be opened")
})

square <- function(i) i^2
environment(square) <- baseenv()

test_that("maps return the results in the order of the tasks", {
  skip_if_not_installed("BiocParallel")
  set.seed(1)
  seed <- .Random.seed
  pool <- open_workers(BiocParallel::SerialParam(), NULL)
  expect_identical(map_tasks(1:5, square, pool, NULL), as.list((1:5)^2))
  pool$close()
  skip_on_os("windows")
  pool <- open_workers(BiocParallel::MulticoreParam(2), NULL)
  expect_identical(map_tasks(1:5, square, pool, NULL), as.list((1:5)^2))
  expect_identical(map_tasks(list(), square, pool, NULL), list())
  pool$close()
  expect_identical(.Random.seed, seed)
})

test_that("workers get a call as it is", {
  skip_if_not_installed("BiocParallel")
  skip_on_os("windows")
  as_given <- function(i, call) call
  environment(as_given) <- baseenv()
  for (param in list(BiocParallel::SerialParam(),
                     BiocParallel::MulticoreParam(2))) {
    pool <- open_workers(param, NULL)
    expect_identical(map_tasks(1, as_given, pool, NULL, quote(stop("No."))),
                     list(quote(stop("No."))))
    pool$close()
  }
})

test_that("an error of a task is not tried again", {
  skip_if_not_installed("BiocParallel")
  skip_on_os("windows")
  fails <- function(i, folder) {
    file.create(file.path(folder, paste0(i, "-", Sys.getpid())))
    if (i == 3) stop("Three.")
    i
  }
  for (param in list(BiocParallel::SerialParam(),
                     BiocParallel::MulticoreParam(2))) {
    folder <- tempfile("tasks")
    dir.create(folder)
    pool <- open_workers(param, NULL)
    error <- expect_error(map_tasks(1:4, fails, pool, NULL, folder),
                          "1 task of the workers failed",
                          class = "gmvae_error_core")
    pool$close()
    expect_match(conditionMessage(error$parent), "Three.")
    expect_length(list.files(folder, "^3-"), 1L)
  }
})

test_that("a worker that dies costs its task only", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  # Each task leaves a mark; the second kills its worker the first time, once
  # the other worker has done the third.
  dies_once <- function(i, folder) {
    mark <- file.path(folder, paste0("begun-", i))
    first <- !file.exists(mark)
    cat(".", file = mark, append = TRUE)
    if (i == 2 && first) {
      for (look in 1:600) {
        if (file.exists(file.path(folder, "begun-4"))) break
        Sys.sleep(0.1)
      }
      tools::pskill(Sys.getpid(), tools::SIGKILL)
      Sys.sleep(10)
    }
    i
  }
  environment(dies_once) <- baseenv()
  for (param in list(BiocParallel::MulticoreParam(2),
                     BiocParallel::SnowParam(2))) {
    folder <- tempfile("tasks")
    dir.create(folder)
    pool <- open_workers(param, NULL)
    expect_identical(map_tasks(1:4, dies_once, pool, NULL, folder),
                     as.list(1:4))
    expect_identical(map_tasks(1:2, square, pool, NULL), list(1, 4))
    pool$close()
    times <- file.size(file.path(folder, paste0("begun-", 1:4)))
    expect_identical(times[2], 2)
    expect_true(all(times[c(1, 3)] == 1))
  }
})

test_that("workers that have died before the first task are replaced", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  for (n_dead in 1:2) {
    param <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
    pids <- unlist(BiocParallel::bplapply(1:2, function(i) Sys.getpid(),
                                          BPPARAM = param))
    tools::pskill(pids[seq_len(n_dead)], tools::SIGKILL)
    pool <- open_workers(param, NULL)
    expect_identical(map_tasks(1:3, square, pool, NULL), list(1, 4, 9))
    pool$close()
    BiocParallel::bpstop(param)
  }
})

test_that("a task that kills every worker is named", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  dies <- function(i) if (i == 2) tools::pskill(Sys.getpid(), 9L) else i
  environment(dies) <- baseenv()
  pool <- open_workers(BiocParallel::MulticoreParam(2), NULL)
  expect_error(map_tasks(1:3, dies, pool, NULL, each = "shard"),
               "with shard 2", class = "gmvae_error_worker")
  pool$close()
})

test_that("mirai's daemons are workers, too", {
  skip_if_not_installed("mirai")
  skip_on_cran()
  expect_error(open_workers("mirai", NULL), class = "gmvae_error_worker")
  mirai::daemons(2)
  on.exit(mirai::daemons(0))
  pool <- open_workers("mirai", NULL)
  expect_equal(pool$n, 2)
  expect_identical(map_tasks(1:5, square, pool, NULL), as.list((1:5)^2))
  expect_error(map_tasks(1, function(i) stop("No."), pool, NULL),
               class = "gmvae_error_core")
  dies_once <- function(i, mark) {
    if (i == 2 && !file.exists(mark)) {
      file.create(mark)
      tools::pskill(Sys.getpid(), 9L)
      Sys.sleep(10)
    }
    i
  }
  environment(dies_once) <- baseenv()
  skip_on_os("windows")
  expect_identical(map_tasks(1:4, dies_once, pool, NULL, tempfile("mark")),
                   as.list(1:4))
})

test_that("workers without this version are refused", {
  expect_silent(check_worker_versions(c("1.2", "1.2"), "1.2", NULL))
  expect_error(check_worker_versions(c("1.2", "none"), "1.2", NULL),
               "Worker 2 does not find", class = "gmvae_error_package")
  expect_error(check_worker_versions("1.1", "1.2", NULL), "version 1.1",
               class = "gmvae_error_package")
})

test_that("workers that can't be started are an error", {
  skip_if_not_installed("BiocParallel")
  expect_error(check_bpparam("nobody", NULL), class = "gmvae_error_option")
  expect_error(check_bpparam(2, NULL), class = "gmvae_error_option")
  param <- BiocParallel::MulticoreParam(2)
  local_internal("start_backend", function(BPPARAM, call) {
    gmvae_abort("No.", "worker", call = call)
  })
  expect_error(open_workers(param, NULL), class = "gmvae_error_worker")
})

test_that("runs and threads are shared out evenly", {
  expect_identical(runs_of(5, 2), list(1:3, 4:5))
  expect_identical(runs_of(2, 5), list(1L, 2L))
  expect_identical(lengths(runs_of(32, 5)), c(7L, 7L, 6L, 6L, 6L))
  expect_identical(threads_each(8, list(n = 3), 32), 2)
  expect_identical(threads_each(2, list(n = 3), 32), 1)
})

test_that("jobs of SLURM give the same fit", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os(c("windows", "mac"))
  set.seed(1)
  x <- matrix(rnorm(400), ncol = 2) + 4 * (1:200 %% 2)
  fit <- function(...) {
    set.seed(2)
    suppressWarnings(gmm_fit(x, 2, "VVV", ..., control = gmm_control(
      n_init = 1, max_iter = 1, verbose = FALSE
    )))
  }
  alone <- fit()
  shared <- with_slurm(function(jobs) suppressMessages(fit(BPPARAM = jobs)))
  for (field in c("loglik", "means", "covariances", "posterior")) {
    expect_identical(shared[[field]], alone[[field]])
  }
})

small_counts <- function() {
  data("pbmc_sorted", package = "gmvae", envir = environment())
  x <- pbmc_sorted$counts[1:300, seq(1, 1000, by = 5)]
  x[, Matrix::colSums(x) > 0]
}
fit_counts <- function(x, k = 3, ..., seed = 1, batch = NULL, features = 200,
                       epochs = 8) {
  set.seed(seed)
  suppressWarnings(gmvae(
    x, k, features = features, batch = batch,
    control = gmvae_control(epochs = epochs, hidden = 16, n_latent = 3,
                            n_init = 2, verbose = FALSE, n_threads = 1, ...)
  ))
}
# What users see, without how they called.
result <- function(fit) {
  fit$call <- NULL
  fit$history$seconds <- NULL
  fit
}
new_checkpoint <- function() {
  folder <- tempfile("checkpoints")
  dir.create(folder)
  file.path(folder, "fit.ckpt")
}
left_in <- function(file) list.files(dirname(file))

# Stops a fit at the n-th call of its progress function, as Ctrl-C would.
interrupted <- function(n, x, ...) {
  original <- gmvae:::progress_reporter
  on.exit(utils::assignInNamespace("progress_reporter", original, "gmvae"))
  utils::assignInNamespace("progress_reporter", function(...) {
    function(phase, done, total, value) {
      n <<- n - 1
      if (n == 0) rlang::interrupt()
    }
  }, "gmvae")
  tryCatch({
    suppressMessages(fit_counts(x, ...))
    FALSE
  }, interrupt = function(cnd) TRUE)
}

test_that("a fit that was interrupted goes on and ends with the same bits", {
  x <- small_counts()
  file <- new_checkpoint()
  whole <- fit_counts(x)
  expect_identical(result(fit_counts(x, checkpoint = file)), result(whole))
  expect_identical(left_in(file), character())
  # Reports come at most five times a second, so that a stop is late or early.
  expect_true(interrupted(1, x, checkpoint = file))
  expect_identical(left_in(file), "fit.ckpt")
  expect_message(again <- fit_counts(x, checkpoint = file, seed = 2,
                                     checkpoint_minutes = 1),
                 class = "gmvae_message")
  expect_identical(result(again), result(whole))
  expect_identical(left_in(file), character())
})

test_that("a process that is killed goes on, also from the same source", {
  skip_on_cran()
  skip_if_not(dir.exists("/proc/self"), "needs /proc")
  x <- small_counts()
  file <- new_checkpoint()
  fit <- function(...) {
    fit_counts(x, c(2, 3, 4), epochs = 40, batch = rep(c("a", "b"), 100)[
      seq_len(ncol(x))
    ], ...)
  }
  seconds <- system.time(whole <- fit())[["elapsed"]]
  input <- tempfile(fileext = ".rds")
  saveRDS(list(x = x, file = file, fit_counts = fit_counts), input)
  script <- tempfile(fileext = ".R")
  writeLines(c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())),
    "library(gmvae)",
    sprintf("input <- readRDS(%s)", deparse1(input)),
    "x <- input$x",
    "cat('ready\\n', file = paste0(input$file, '.ready'))",
    "input$fit_counts(x, c(2, 3, 4), epochs = 40,",
    "  batch = rep(c('a', 'b'), 100)[seq_len(ncol(x))],",
    "  checkpoint = input$file, checkpoint_minutes = 1e-4)"
  ), script)
  set.seed(3)
  for (after in stats::runif(2, 0, 0.8 * seconds)) {
    ready <- paste0(file, ".ready")
    pid <- system2(file.path(R.home("bin"), "Rscript"), shQuote(script),
                   wait = FALSE, stdout = FALSE, stderr = FALSE)
    deadline <- Sys.time() + 60
    while (!file.exists(ready) && Sys.time() < deadline) Sys.sleep(0.02)
    Sys.sleep(after)
    for (id in process_of(script)) tools::pskill(id, 9L)
    unlink(ready)
    Sys.sleep(0.1)
  }
  unlink(paste0(file, ".part"))
  expect_identical(result(suppressMessages(fit(checkpoint = file))),
                   result(whole))
  expect_identical(left_in(file), character())
})

test_that("each of several networks has a file, and their seeds are kept", {
  x <- small_counts()
  file <- new_checkpoint()
  fit <- function(...) fit_counts(x, 2:4, n_networks = 3, ...)
  whole <- fit()
  expect_true(interrupted(4, x, 2:4, n_networks = 3, checkpoint = file))
  expect_true("fit.ckpt.network1" %in% left_in(file))
  expect_error(
    suppressMessages(fit_counts(x, 2:4, n_networks = 2, checkpoint = file)),
    "`n_networks`: 3 in the checkpoint, 2 in this call",
    class = "gmvae_error_option"
  )
  again <- suppressMessages(fit(checkpoint = file, seed = 5))
  expect_identical(result(again), result(whole))
  expect_identical(left_in(file), character())
})

test_that("a checkpoint of other data or options is refused in words", {
  x <- small_counts()
  file <- new_checkpoint()
  expect_true(interrupted(1, x, checkpoint = file))
  before <- tools::md5sum(file)
  y <- x
  y@x[5] <- y@x[5] + 1
  said <- function(...) {
    tryCatch(suppressMessages(fit_counts(..., checkpoint = file)),
             gmvae_error_option = function(cnd) {
               gsub(dirname(file), "<folder>", conditionMessage(cnd),
                    fixed = TRUE)
             })
  }
  expect_snapshot({
    cat(said(y))
    cat(said(x, 4))
    cat(said(x, heldout = 0.2, mask = 0.3, batch_size = 64, damping = 0.1))
    cat(said(x[, -1]))
    cat(said(x, batch = rep(c("a", "b"), length.out = ncol(x))))
  })
  expect_identical(tools::md5sum(file), before)
})

test_that("a file that is cut off or of another kind is refused and stays", {
  x <- small_counts()
  file <- new_checkpoint()
  expect_true(interrupted(1, x, checkpoint = file))
  bytes <- readBin(file, "raw", 1e7)
  for (other in list(raw(), bytes[1:20], bytes[1:1000], bytes[-length(bytes)],
                     replace(bytes, 500, xor(bytes[500], as.raw(1))),
                     charToRaw("my notes"), serialize(list(1), NULL))) {
    writeBin(other, file)
    expect_error(fit_counts(x, checkpoint = file), class = "gmvae_error_file")
    expect_identical(readBin(file, "raw", 1e7), other)
    expect_identical(left_in(file), "fit.ckpt")
  }
  writeBin(bytes, file)
  expect_s3_class(suppressMessages(fit_counts(x, checkpoint = file)), "gmvae")
})

test_that("`checkpoint` must be a file in a folder that exists", {
  for (wrong in list(1, NA_character_, "", c("a", "b"), tempdir(),
                     "/nowhere/at/all/fit.ckpt")) {
    expect_error(gmvae_control(checkpoint = wrong),
                 class = "gmvae_error_option")
  }
  for (wrong in list(0, -1, NA, "a")) {
    expect_error(gmvae_control(checkpoint_minutes = wrong),
                 class = "gmvae_error_option")
  }
  expect_output(print(gmvae_control()), "checkpoint +none")
})

test_that("a fit keeps no path, and update() writes no checkpoint", {
  x <- small_counts()
  file <- new_checkpoint()
  fit <- fit_counts(x, checkpoint = file)
  expect_false(any(c("checkpoint", "checkpoint_minutes") %in%
                     names(fit$control)))
  expect_s3_class(suppressWarnings(update(fit, 2, x = x)), "gmvae")
  expect_identical(left_in(file), character())
})

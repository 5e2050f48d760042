tiny_fit <- function() {
  data("pbmc_sorted", package = "gmvae", envir = environment())
  x <- pbmc_sorted$counts[, seq(1, 1000, by = 2)]
  set.seed(1)
  fit <- suppressWarnings(suppressMessages(gmvae(
    x, 3, features = 100, batch = rep(c("a", "b"), 250),
    control = gmvae_control(epochs = 2, hidden = 16, n_latent = 3, n_init = 2,
                            verbose = FALSE, n_threads = 2)
  )))
  list(fit = fit, x = x)
}

# Blocks of 256 cells.
with_small_blocks <- function(code) {
  original <- gmvae:::cells_per_block
  on.exit(utils::assignInNamespace("cells_per_block", original, "gmvae"))
  utils::assignInNamespace("cells_per_block", function(dim) 256, "gmvae")
  force(code)
}

test_that("a function gets the same values, block by block", {
  made <- tiny_fit()
  fit <- made$fit
  for (type in c("mean", "normalized")) {
    seen <- integer()
    values <- NULL
    sink <- function(block, cells) {
      seen <<- c(seen, cells)
      values <<- cbind(values, block)
    }
    with_small_blocks({
      expect_null(predict(fit, type = type, sink = sink))
      expect_invisible(predict(fit, type = type, sink = function(v, c) NULL))
    })
    expect_identical(seen, seq_len(500))
    expect_identical(values, predict(fit, type = type))
  }
  values <- NULL
  with_small_blocks(
    predict(fit, made$x, "normalized", features = 1:5, batch = fit$batch,
            sink = function(block, cells) values <<- cbind(values, block))
  )
  expect_identical(values, predict(fit, made$x, "normalized", features = 1:5,
                                   batch = fit$batch))
  expect_error(predict(fit, type = "mean", sink = function(v, c) stop("full")),
               class = "gmvae_error")
})

test_that("an HDF5 file holds the same values, or there is none", {
  skip_if_not_installed("HDF5Array")
  fit <- tiny_fit()$fit
  folder <- tempfile("sink")
  dir.create(folder)
  file <- file.path(folder, "values.h5")
  written <- with_small_blocks(
    predict(fit, type = "normalized", sink = file)
  )
  expect_s4_class(written, "DelayedMatrix")
  expect_equal(as.matrix(written), predict(fit, type = "normalized"))
  expect_identical(list.files(folder), "values.h5")
  expect_error(predict(fit, type = "mean", sink = file), "exists",
               class = "gmvae_error_option")
  expect_error(check_space(file, 1e18, NULL), "MB", class = "gmvae_error_file")
  expect_invisible(check_space(file, 1, NULL))
})

test_that("`sink` is checked", {
  fit <- tiny_fit()$fit
  for (wrong in list(1, NA_character_, "", TRUE, "/nowhere/at/all/x.h5")) {
    expect_error(predict(fit, type = "mean", sink = wrong),
                 class = "gmvae_error_option")
  }
  expect_error(predict(fit, type = "latent", sink = function(v, c) NULL),
               "sink", class = "gmvae_error_option")
})

# Same seed, same bits: whatever the threads, and one draw of R's generator.

small_fit <- function(counts, seed = 1, ...) {
  set.seed(seed)
  control <- gmvae_control(epochs = 4, hidden = 16, n_latent = 3,
                           verbose = FALSE, ...)
  fit <- without_cautions(gmvae(counts, k = 3, control = control))
  fit[c("parameters", "latent", "latent_sd", "posterior", "mixture", "elbo")]
}

test_that("gmvae() gives the same bits for 1, 2 and 3 threads", {
  set.seed(3)
  counts <- simulate_counts()$counts
  one <- small_fit(counts, n_threads = 1)
  expect_identical(small_fit(counts, n_threads = 2), one)
  expect_identical(small_fit(counts, n_threads = 3), one)
})

test_that("gmvae() follows set.seed(), and another seed is another fit", {
  set.seed(3)
  counts <- simulate_counts()$counts
  expect_identical(small_fit(counts, 5), small_fit(counts, 5))
  expect_false(identical(small_fit(counts, 5), small_fit(counts, 6)))
})

test_that("gmvae() moves R's generator by one draw", {
  set.seed(3)
  counts <- simulate_counts()$counts
  small_fit(counts, 5)
  after <- .Random.seed
  set.seed(5)
  sample.int(.Machine$integer.max, 1L)
  expect_identical(after, .Random.seed)
})

test_that("fits in forked processes, after one in this, have the same bits", {
  skip_on_os("windows")
  set.seed(3)
  counts <- simulate_counts()$counts
  # A thread pool that outlived the first fit would hang its children.
  here <- small_fit(counts, n_threads = 2)
  there <- parallel::mclapply(1:2, function(i) {
    small_fit(counts, n_threads = 2)
  }, mc.cores = 2)
  expect_identical(there, list(here, here))
})

test_that("users can ask for the kernels of the smallest instruction set", {
  before <- cpp_kernels()
  on.exit(cpp_use_kernels(before))
  set.seed(3)
  data <- simulate_counts()
  cluster <- function() {
    set.seed(1)
    control <- gmvae_control(epochs = 20, hidden = 16, n_latent = 3,
                             verbose = FALSE)
    without_cautions(gmvae(data$counts, k = 3, control = control))$cluster
  }
  rows <- three_groups()$x
  widest <- cluster()
  groups <- gmm_fit(rows, 3, control = quiet())$cluster
  cpp_use_kernels("baseline")
  expect_identical(cpp_kernels(), "baseline")
  # Rounding differs, clear groups do not.
  expect_gte(adjusted_rand_index(cluster(), widest), 0.99)
  expect_gte(adjusted_rand_index(gmm_fit(rows, 3, control = quiet())$cluster,
                                 groups), 0.99)
})

test_that("the option and the variable hold when the package is loaded", {
  skip_on_cran()
  kernels <- function(code, env = character()) {
    library <- dirname(find.package("gmvae"))
    code <- sprintf(".libPaths(c('%s', .libPaths())); %s; cat(%s)", library,
                    code, "getNamespace('gmvae')$cpp_kernels()")
    rscript <- file.path(R.home("bin"), "Rscript")
    system2(rscript, c("-e", shQuote(code)), stdout = TRUE, env = env)
  }
  expect_identical(kernels("options(gmvae.simd = 'baseline')"), "baseline")
  expect_identical(kernels("1", "GMVAE_SIMD=baseline"), "baseline")
})

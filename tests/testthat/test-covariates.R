set.seed(1)
data <- simulate_counts(n = 240, genes = 60, depth = 60)
x <- data$counts
about <- data.frame(
  chemistry = sample(c("v2", "v3"), 240, TRUE), mito = runif(240),
  phase = factor(sample(c("G1", "S", "G2M"), 240, TRUE))
)
fit <- quick_fit(x, 3, covariates = about, epochs = 10)

# As simulate_counts(), with an effect of a number on each gene: `strength` is
# the standard deviation of its slopes on the logarithm.
with_slopes <- function(..., strength) {
  data <- simulate_counts(...)
  data$z <- rnorm(ncol(data$counts))
  slopes <- rnorm(nrow(data$counts), sd = strength)
  data$counts[] <- rpois(length(data$counts),
                         data$counts * exp(outer(slopes, data$z)))
  data
}

longer_fit <- function(x, k, ...) {
  without_cautions(gmvae(x, k, ..., control = gmvae_control(
    n_latent = 5, hidden = 32, epochs = 60, n_init = 5, verbose = FALSE
  )))
}

test_that("a number that moves the cells does not divide the clusters", {
  set.seed(2)
  data <- with_slopes(n = 400, genes = 100, depth = 60, separation = 2,
                      strength = 1.5)
  agreement <- function(...) {
    median(vapply(3:7, function(seed) {
      set.seed(seed)
      fit <- longer_fit(data$counts, 3, ...)
      adjusted_rand_index(fit$cluster, data$cluster)
    }, 0))
  }
  expect_lt(agreement(), 0.8)
  expect_gt(agreement(covariates = data.frame(z = data$z)), 0.96)
})

test_that("two factors whose effects add up do not divide the clusters", {
  set.seed(4)
  data <- simulate_counts(n = 400, genes = 100, depth = 60, separation = 2)
  first <- factor(sample(c("a", "b"), 400, TRUE))
  second <- factor(ifelse(runif(400) < 0.3, sample(c("c", "d"), 400, TRUE),
                          ifelse(first == "a", "c", "d")))
  effect <- rnorm(100, sd = 1.5) %o% (first == "b") +
    rnorm(100, sd = 1.5) %o% (second == "d")
  counts <- data$counts
  counts[] <- rpois(length(counts), counts * exp(effect))
  fit_of <- function(...) {
    set.seed(5)
    longer_fit(counts, 3, ...)
  }
  expect_lt(adjusted_rand_index(fit_of()$cluster, data$cluster), 0.8)
  both <- fit_of(covariates = data.frame(first, second))
  expect_gt(adjusted_rand_index(both$cluster, data$cluster), 0.97)
  one <- fit_of(batch = first, covariates = data.frame(second))
  expect_gt(adjusted_rand_index(one$cluster, data$cluster), 0.97)
  # The effect of the second factor alone, at the same place of the latent
  # space.
  log_mean <- function(level) {
    log(predict(both, type = "normalized", at = list(second = level)))
  }
  shift <- rowMeans(log_mean("d") - log_mean("c"))
  known <- effect[, which(first == "a" & second == "d")[1]]
  expect_gt(cor(shift, known[match(both$features, rownames(counts))]), 0.9)
})

test_that("a factor as a covariate is as a batch, bit for bit", {
  batch <- rep(c("a", "b"), c(150, 90))
  fit_of <- function(...) {
    set.seed(6)
    comparable(quick_fit(x, 3, ...))
  }
  with_batch <- fit_of(batch = batch)
  with_covariate <- fit_of(covariates = data.frame(batch))
  same <- c("latent", "posterior", "parameters", "elbo", "outlier", "mixture")
  expect_identical(with_covariate[same], with_batch[same])
  expect_identical(
    predict(with_covariate, type = "normalized"),
    predict(with_batch, type = "normalized")
  )
  expect_identical(
    predict(with_covariate, type = "normalized", at = list(batch = "b")),
    predict(with_batch, type = "normalized", batch = "b")
  )
  expect_identical(
    predict(with_covariate, x, type = "outlier",
            covariates = data.frame(batch)),
    predict(with_batch, x, type = "outlier", batch = batch)
  )
})

test_that("data frames are matched by their names, and columns by theirs", {
  fit_of <- function(covariates) {
    set.seed(7)
    quick_fit(x, 3, covariates = covariates, epochs = 3)$latent
  }
  named <- about
  rownames(named) <- colnames(x)
  expect_identical(fit_of(named[240:1, ]), fit_of(about))
  fitted <- fit$covariates
  expect_identical(names(fitted), names(about))
  expect_identical(fitted$chemistry, factor(about$chemistry))
  expect_identical(fitted$mito, about$mito)
})

test_that("covariates of a container may be a formula or names", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = x), colData = S4Vectors::DataFrame(about)
  )
  fit_of <- function(x, covariates, ...) {
    set.seed(8)
    comparable(quick_fit(x, 3, covariates = covariates, ..., epochs = 3))
  }
  plain <- fit_of(x, about[c("chemistry", "mito")])
  expect_identical(fit_of(sce, ~ chemistry + mito), plain)
  expect_identical(fit_of(sce, c("chemistry", "mito")), plain)
  set.seed(8)
  run <- without_cautions(runGMVAE(
    sce, 3, covariates = ~ chemistry + mito, control = quick_control(3)
  ))
  expect_identical(comparable(gmvae_fit(run)), plain)
  # New cells bring their covariates along.
  expect_identical(
    predict(plain, sce, type = "elbo"),
    predict(plain, x, type = "elbo", covariates = about)
  )
  again <- without_cautions(update(gmvae_fit(run), k = 3, x = sce))
  expect_identical(again$covariates, plain$covariates)
  expect_snapshot(error = TRUE, {
    gmvae(sce, 3, covariates = ~ chemistry + donor)
    gmvae(sce, 3, covariates = ~ chemistry * mito)
    gmvae(sce, 3, covariates = ~ log(mito))
    gmvae(sce, 3, covariates = mito ~ phase)
  })
})

test_that("covariates of Seurat objects are columns of the meta data", {
  skip_if_not_installed("SeuratObject")
  object <- suppressWarnings(SeuratObject::CreateSeuratObject(
    methods::as(x, "CsparseMatrix")
  ))
  object$mito <- about$mito
  set.seed(8)
  of_object <- quick_fit(object, 3, covariates = ~ mito, epochs = 3)
  set.seed(8)
  plain <- quick_fit(x, 3, covariates = about["mito"], epochs = 3)
  expect_identical(of_object$latent, plain$latent)
})

test_that("covariates that can't be used are errors that say why", {
  expect_error(gmvae(x, 3, covariates = about[-1, ]),
               class = "gmvae_error_option")
  wrong <- function(column) {
    gmvae(x, 3, covariates = data.frame(mito = column))
  }
  late <- seq(as.Date("2026-01-01"), by = 1, length.out = 240)
  expect_snapshot(error = TRUE, {
    gmvae(x, 3, covariates = about[1:10, ])
    gmvae(x, 3, covariates = ~ mito)
    gmvae(x, 3, covariates = runif(240))
    wrong(c(NA, about$mito[-1]))
    wrong(c(about$mito[-1], Inf))
    wrong(late)
    wrong(paste(about$mito))
    gmvae(x, 3, covariates = cbind(about, about))
  })
})

test_that("constant and collinear covariates are left out, with a warning", {
  fit_of <- function(...) {
    set.seed(9)
    quick_fit(x, 3, ..., epochs = 3)
  }
  expect_warning(
    one <- fit_of(covariates = cbind(about["mito"], site = "A")),
    "same value", class = "gmvae_warning_data"
  )
  expect_identical(one$latent, fit_of(covariates = about["mito"])$latent)
  donor <- rep(c("d1", "d2", "d3"), 80)
  expect_warning(
    two <- fit_of(batch = donor, covariates = data.frame(
      site = ifelse(donor == "d1", "A", "B"), mito = about$mito
    )), "determined", class = "gmvae_warning_data"
  )
  expect_named(two$covariates, "mito")
  expect_warning(
    three <- fit_of(covariates = cbind(about["mito"], twice = 2 * about$mito)),
    "twice", class = "gmvae_warning_data"
  )
  expect_named(three$covariates, "mito")
  # All of them: as without.
  expect_warning(
    none <- fit_of(covariates = data.frame(site = rep("A", 240))),
    class = "gmvae_warning_data"
  )
  expect_null(none$covariates)
  expect_warning(
    fit_of(covariates = data.frame(day = rep(c("a", "b"), c(4, 236)))),
    "at least 10 cells", class = "gmvae_warning_data"
  )
})

test_that("predict() needs what it uses, and says what it lacks", {
  for (type in c("cluster", "posterior", "latent", "normalized")) {
    expect_no_error(predict(fit, x[, 1:5], type = type))
  }
  new <- about[1:5, ]
  for (type in c("mean", "elbo", "outlier", "all")) {
    expect_no_error(predict(fit, x[, 1:5], type = type, covariates = new))
    expect_error(predict(fit, x[, 1:5], type = type),
                 class = "gmvae_error_option")
  }
  expect_identical(
    predict(fit, x[, 1:5], type = "mean", covariates = new)[, 5:1],
    predict(fit, x[, 5:1], type = "mean", covariates = new[5:1, ])
  )
  plain <- made_up_fit()
  expect_snapshot(error = TRUE, {
    predict(fit, x[, 1:5], type = "elbo")
    predict(fit, x[, 1:5], type = "elbo", covariates = new[-1])
    predict(fit, x[, 1:5], type = "elbo",
            covariates = transform(new, chemistry = "v4"))
    predict(fit, type = "normalized", at = list(chemistry = "v4"))
    predict(fit, type = "normalized", at = list(donor = "A"))
    predict(fit, type = "normalized", at = list(mito = "high"))
    predict(fit, type = "normalized", at = c(mito = 1))
    predict(fit, type = "cluster", at = list(mito = 1))
    predict(plain, type = "mean", covariates = new)
    predict(plain, type = "mean", at = list(chemistry = "v3"))
  })
})

test_that("normalized is the average over the design of the fit", {
  weight <- prop.table(table(about$chemistry, about$phase))
  by_hand <- 0
  for (chemistry in rownames(weight)) {
    for (phase in colnames(weight)) {
      by_hand <- by_hand + weight[chemistry, phase] *
        predict(fit, type = "normalized", at = list(
          chemistry = chemistry, phase = phase, mito = mean(about$mito)
        ))
    }
  }
  expect_equal(predict(fit, type = "normalized"), by_hand, tolerance = 1e-12)
  # Values given take the place of the cells' own.
  at <- list(chemistry = "v3", mito = 0.2, phase = "S")
  all_at <- data.frame(chemistry = "v3", mito = rep(0.2, 240), phase = "S")
  expect_identical(predict(fit, type = "mean", at = at),
                   predict(fit, type = "mean", covariates = all_at))
  expect_identical(predict(fit, x, type = "mean", at = at),
                   predict(fit, x, type = "mean", covariates = all_at))
})

test_that("cells of a new batch keep their covariates", {
  batch <- rep(c("a", "b"), 120)
  set.seed(10)
  fit <- quick_fit(x, 3, batch = batch, covariates = about["mito"])
  elbo <- function(batch) {
    predict(fit, x, type = "elbo", batch = batch, covariates = about["mito"])
  }
  expect_message(new <- elbo("c"), class = "gmvae_message")
  expect_equal(new, pmax(elbo("a"), elbo("b")))
})

test_that("fits with covariates are the same for any number of threads", {
  fits <- lapply(1:2, function(n) {
    set.seed(11)
    fit <- without_cautions(gmvae(x, 2:3, covariates = about,
                                  control = quick_control(6, n_threads = n)))
    fit$control$n_threads <- NULL
    comparable(fit)
  })
  expect_identical(fits[[1]], fits[[2]])
})

test_that("print() and summary() name the covariates", {
  expect_output(print(fit), "Covariates   chemistry \\(2 levels\\), mito")
  expect_identical(summary(fit)$covariates,
                   c(chemistry = "2 levels", mito = "number",
                     phase = "3 levels"))
})

test_that("fits whose covariates were changed are refused", {
  refused <- function(value) {
    fit$covariates <- value
    expect_error(predict(fit), class = "gmvae_error_input")
  }
  refused(about[1:3, ])
  refused(about["mito"])
  refused(transform(fit$covariates, mito = NA))
  refused(transform(fit$covariates, mito = 1))
  refused("mito")
  refused(list(mito = 1))
})

test_that("numbers must have a standard deviation", {
  x <- simulate_counts(n = 20)$counts
  for (numbers in list(c(1e300, rep(0, 19)), 1:20 * 1e-200)) {
    expect_error(gmvae(x, 2, covariates = data.frame(a = numbers)),
                 "standard deviation", class = "gmvae_error_option")
  }
})

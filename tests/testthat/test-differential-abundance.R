# Twelve samples of 50 cells; cluster 1 has half of the cells in treated ones,
# a fifth in the others.
abundance_example <- function(likelihood = "nb") {
  set.seed(1)
  sample <- rep(sprintf("s%02d", 1:12), each = 50)
  treated <- rep(c(TRUE, FALSE), each = 300)
  cluster <- ifelse(runif(600) < ifelse(treated, 0.5, 0.2), 1,
                    sample(2:3, 600, TRUE))
  fit <- made_up_fit(600, likelihood = likelihood)
  fit$cluster[] <- as.character(cluster)
  list(fit = fit, sample = sample, treated = treated)
}

methods_here <- function() {
  c("quasibinomial", if (requireNamespace("edgeR", quietly = TRUE)) "edger")
}

test_that("a cluster that differs between conditions is found", {
  given <- abundance_example()
  for (method in methods_here()) {
    found <- differential_abundance(given$fit, given$sample, given$treated,
                                    method = method)
    expect_identical(names(found)[1:5], c("cluster", "cells", "share_FALSE",
                                          "share_TRUE", "lfc_TRUE"))
    expect_identical(found$cells, as.integer(table(given$fit$cluster)))
    expect_lt(found$fdr[1], 0.001)
    expect_gt(found$lfc_TRUE[1], 0.7)
    expect_equal(found$share_TRUE[1],
                 mean(given$fit$cluster[given$treated] == "1"))
  }
})

test_that("the quasi-binomial test is that of stats::glm()", {
  given <- abundance_example()
  found <- differential_abundance(given$fit, given$sample, given$treated,
                                  method = "quasibinomial")
  counts <- table(given$sample, given$fit$cluster)
  treated <- tapply(given$treated, given$sample, any)
  for (k in 1:3) {
    shares <- cbind(counts[, k], 50 - counts[, k])
    full <- glm(shares ~ treated, family = quasibinomial())
    pearson <- max(1, summary(full)$dispersion)
    statistic <- (full$null.deviance - full$deviance) / pearson
    expect_equal(found$statistic[k], statistic, tolerance = 1e-6)
    expect_equal(found$lfc_TRUE[k], unname(coef(full)[2]) / log(2),
                 tolerance = 1e-6)
  }
})

test_that("the tests have their level where nothing differs", {
  fit <- made_up_fit(600)
  sample <- rep(1:12, each = 50)
  treated <- sample <= 6
  for (method in methods_here()) {
    set.seed(2)
    p <- replicate(40, {
      # Samples vary more than by chance.
      share <- rep(rbeta(12, 10, 20), each = 50)
      fit$cluster[] <- ifelse(runif(600) < share, "1",
                              sample(c("2", "3"), 600, TRUE))
      differential_abundance(fit, sample, treated, method = method)$p_value[1]
    })
    expect_lt(mean(p < 0.05), 0.18)
  }
})

test_that("numbers, several levels and other variables have columns", {
  given <- abundance_example()
  number <- as.integer(factor(given$sample))
  for (method in methods_here()) {
    age <- differential_abundance(given$fit, given$sample, number,
                                  method = method)
    expect_identical(names(age)[3], "lfc")
    dose <- c("none", "low", "high")[(number - 1) %% 3 + 1]
    several <- differential_abundance(
      given$fit, given$sample, factor(dose, c("none", "low", "high")),
      adjust = data.frame(sex = number %% 2), method = method
    )
    expect_true(all(c("share_none", "lfc_low", "lfc_high") %in%
                      names(several)))
    expect_true(all(several$p_value >= 0 & several$p_value <= 1))
  }
})

test_that("designs that can't be tested are errors", {
  given <- abundance_example()
  fit <- given$fit
  sample <- given$sample
  expect_snapshot(error = TRUE, {
    differential_abundance(fit, sample, rep("a", 600))
    differential_abundance(fit, sample, rep(1:2, 300))
    differential_abundance(fit, sample, given$treated[1:3])
    differential_abundance(fit, rep(1:2, each = 300), given$treated)
    differential_abundance(fit, sample, given$treated,
                           adjust = data.frame(again = given$treated))
    differential_abundance(fit, sample, given$treated, method = "t")
  })
})

test_that("a cluster of very few cells is tested like any other", {
  given <- abundance_example()
  fit <- made_up_fit(600, k = 4)
  for (few in c(1L, 4L)) {
    fit$cluster[] <- as.character(given$fit$cluster)
    fit$cluster[seq_len(few)] <- "4"
    for (method in methods_here()) {
      found <- differential_abundance(fit, given$sample, given$treated,
                                      method = method)
      expect_identical(found$cells[4], few)
      expect_false(anyNA(found$p_value))
      expect_gt(found$p_value[4], 0.05)
    }
  }
})

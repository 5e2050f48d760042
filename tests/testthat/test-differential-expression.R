given_fit <- function(batch = NULL) {
  fit <- made_up_fit(batch = batch)
  set.seed(1)
  x <- matrix(rnbinom(8 * 60, mu = 3, size = 2), 8)
  x[8, ] <- x[8, ] + 1
  dimnames(x) <- list(paste0("g", 1:8), paste0("c", 1:60))
  list(fit = fit, x = x)
}

test_that("groups are clusters, names of cells or flags", {
  given <- given_fit()
  fit <- given$fit
  by_name <- differential_expression(fit, group1 = "1", group2 = "3")
  cells <- rownames(fit$latent)
  in_one <- fit$cluster == "1"
  in_three <- fit$cluster == "3"
  expect_equal(differential_expression(fit, group1 = cells[in_one],
                                       group2 = cells[in_three]), by_name)
  expect_equal(differential_expression(fit, group1 = in_one,
                                       group2 = in_three), by_name)
  expect_equal(differential_expression(fit, group1 = 1, group2 = 3), by_name)
  expect_equal(by_name$lfc, by_name$level1 - by_name$level2)
  others <- differential_expression(fit, group1 = "1")
  expect_equal(others, differential_expression(fit, group1 = 1,
                                               group2 = c("2", "3")))
})

test_that("two clusters have the fold change that markers() has for them", {
  given <- given_fit()
  fit <- given$fit
  fit$cluster[fit$cluster == "2"] <- "3"
  found <- markers(fit, n_draws = 2000)
  found <- found[found$cluster == "1", ]
  between <- differential_expression(fit, group1 = "1", group2 = "3")
  expect_equal(between$lfc, found$lfc[match(between$gene, found$gene)])
})

test_that("conditions within a cluster are tested on the counts", {
  given <- given_fit()
  fit <- given$fit
  treated <- rep(c(TRUE, FALSE), 30)
  one <- fit$cluster == "1" & treated
  other <- fit$cluster == "1" & !treated
  found <- differential_expression(fit, given$x, one, other)
  expect_equal(found$detected1,
               unname(rowMeans(given$x[found$gene, one] > 0)))
  expect_true(all(found$p_value >= 0 & found$p_value <= 1))
  changed <- given$x
  changed["g2", one] <- changed["g2", one] + 40
  found <- differential_expression(fit, changed, one, other)
  expect_identical(found$gene[which.min(found$fdr)], "g2")
})

test_that("a difference between batches alone is no difference of groups", {
  set.seed(2)
  batch <- factor(rep(c("a", "b"), each = 30))
  given <- given_fit(batch)
  group <- rep(c(TRUE, TRUE, FALSE), length.out = 60)
  group[1:15] <- FALSE
  shifted <- given$x
  shifted[1:5, 31:60] <- 8 * shifted[1:5, 31:60]
  with <- differential_expression(given$fit, shifted, group)
  without <- differential_expression(given_fit()$fit, shifted, group)
  expect_gt(min(with$p_value), min(without$p_value))
  expect_gt(min(with$fdr), 0.05)
})

test_that("groups that can't be compared are errors", {
  given <- given_fit()
  fit <- given$fit
  expect_snapshot(error = TRUE, {
    differential_expression(fit, group1 = "4")
    differential_expression(fit, group1 = "1", group2 = c("1", "2"))
    differential_expression(fit, group1 = c("1", "2", "3"))
    differential_expression(fit, group1 = rep(FALSE, 60))
    differential_expression(fit, given$x, rep(c(TRUE, FALSE), 30),
                            p_values = "split")
  })
  expect_error(differential_expression(fit, group1 = "4"),
               class = "gmvae_error_option")
})

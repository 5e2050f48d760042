fit_of <- function(...) {
  set.seed(1)
  gmm_fit(faithful, ..., control = quiet())
}

test_that("relabel() permutes all parts of a fit", {
  fit <- fit_of(k = 3, model = "VVV")
  order <- c(3, 1, 2)
  moved <- relabel(fit, order)
  expect_equal(unname(moved$weights), unname(fit$weights[order]))
  expect_equal(unname(moved$means), unname(fit$means[order, ]))
  expect_equal(unname(moved$covariances), unname(fit$covariances[, , order]))
  expect_identical(order[moved$cluster], as.numeric(unname(fit$cluster)))
  expect_equal(unname(moved$posterior), unname(fit$posterior[, order]))
  expect_identical(names(moved$weights), c("1", "2", "3"))
  expect_identical(dimnames(moved$covariances)[[3]], c("1", "2", "3"))
  expect_identical(predict(moved, faithful), moved$cluster)
  expect_equal(predict(moved, faithful, "density"),
               predict(fit, faithful, "density"))
  expect_identical(moved[c("loglik", "search", "uncertainty")],
                   fit[c("loglik", "search", "uncertainty")])
  expect_equal(relabel(moved, order(order)), fit)
  # update() takes the winner from the fit.
  expect_equal(update(moved, keep_posterior = FALSE)$means, moved$means)
})

test_that("relabel() sorts by weight, volume or a column", {
  fit <- fit_of(k = 3, model = "VVV")
  shuffled <- relabel(fit, c(2, 3, 1))
  expect_equal(relabel(shuffled), fit)
  expect_false(is.unsorted(relabel(fit, order_by = "waiting")$means[, 2]))
  volumes <- apply(relabel(fit, order_by = "volume")$covariances, 3, det)
  expect_false(is.unsorted(volumes))
})

test_that("relabel() names components", {
  fit <- fit_of(k = 2, model = "VVV", noise = 0.05)
  named <- relabel(fit, order_by = "eruptions", names = c("short", "long"))
  expect_identical(rownames(named$means), c("short", "long"))
  expect_identical(colnames(named$posterior), c("short", "long", "noise"))
  expect_identical(colnames(predict(named, faithful, "posterior")),
                   c("short", "long", "noise"))
  expect_identical(sort(unique(named$cluster)), sort(unique(fit$cluster)))
  # Names move with their components.
  expect_identical(rownames(relabel(named, 2:1)$means), c("long", "short"))
  one <- relabel(marginal(named, "waiting"), 2:1)
  expect_identical(names(one$weights), c("long", "short"))
  expect_output(print(named), "short")
})

test_that("labelled components stay first", {
  labels <- replace(rep(NA, 272), c(1, 2), c("long", "short"))
  fit <- fit_of(k = 3, model = "VVV", labels = labels)
  expect_identical(relabel(fit, order_by = "weight"), fit)
  renamed <- relabel(fit, names = c("a", "b", "c"))
  expect_identical(renamed$labels, c("a", "b"))
  expect_error(relabel(fit, 3:1), class = "gmvae_error_option")
})

test_that("omitted rows, one column and one component work", {
  x <- faithful$waiting
  x[3] <- NA
  fit <- gmm_fit(x, 2, "V", na_action = "omit", control = quiet())
  moved <- relabel(fit, 2:1)
  expect_identical(which(is.na(moved$cluster)), 3L)
  expect_identical(moved$cluster, 3L - fit$cluster)
  single <- gmm_fit(x, 1, na_action = "omit", control = quiet())
  expect_equal(relabel(single, names = "all")$means, single$means,
               ignore_attr = TRUE)
})

test_that("relabel() says what is wrong", {
  fit <- fit_of(k = 2, model = "EEE")
  expect_snapshot(error = TRUE, {
    relabel(fit, c(1, 1))
    relabel(fit, 2:1, order_by = "weight")
    relabel(fit, order_by = "size")
    relabel(fit, names = "a")
    relabel(faithful)
  })
  expect_identical(unclassed(odd_values, function(value) {
    relabel(fit, order = value)
    relabel(fit, names = value)
  }), NULL)
})

# The covariance matrix of the base estimates by numerical derivatives of
# `objective(weights, noise, means, covariances)` in other coordinates.
numerical_vcov <- function(fit, objective) {
  k <- fit$k
  d <- length(fit$columns)
  free <- free_covariances(fit)
  has_noise <- !is.null(fit$noise)
  n_weights <- k - 1L + has_noise
  scale <- rep(sqrt(rowMeans(matrix(apply(fit$covariances, 3, diag), d))),
               each = k)
  at <- function(theta) {
    w <- theta[seq_len(n_weights)]
    pi <- c(fit$weights, fit$noise$weight) * exp(c(w, 0))
    pi <- pi / sum(pi)
    means <- fit$means + scale * theta[n_weights + seq_len(k * d)]
    list(weights = pi[seq_len(k)], noise = if (has_noise) pi[k + 1L],
         means = means,
         covariances = free$at(theta[-seq_len(n_weights + k * d)]))
  }
  start <- numeric(n_weights + k * d + length(free$start))
  step <- rep(2e-3, length(start))
  hessian <- numerical_hessian(function(theta) do.call(objective, at(theta)),
                               start, step)
  base <- function(theta) do.call(base_vector, at(theta))
  jacobian <- vapply(seq_along(start), function(j) {
    e <- replace(numeric(length(start)), j, 1e-3)
    (8 * (base(start + e) - base(start - e)) -
       (base(start + 2 * e) - base(start - 2 * e))) / 12e-3
  }, base(start))
  names <- estimates_of(fit)$names
  `dimnames<-`(jacobian %*% solve(-hessian, t(jacobian)), list(names, names))
}

# `ours`: vcov(fit), which looks for the data where the test calls it.
expect_vcov <- function(ours, fit, objective, tolerance = 1e-6) {
  theirs <- numerical_vcov(fit, objective)[rownames(ours), rownames(ours)]
  units <- sqrt(diag(theirs))
  fixed <- units < 1e-12
  expect_lt(max(abs(ours[fixed, ]), 0), 1e-12)
  relative <- ((ours - theirs) / outer(units, units))[!fixed, !fixed]
  expect_lt(max(abs(relative)), tolerance, label = fit$model)
}

tight <- function(...) quiet(tol = 1e-15, n_init = 2, n_threads = 1, ...)

test_that("vcov() is the inverse of a numerical Hessian for every model", {
  data <- three_groups()$x
  for (model in gmm_models()$code) {
    fit <- gmm_fit(data, 2, model, control = tight())
    expect_vcov(vcov(fit), fit, function(weights, noise, means, covariances) {
      plain_loglik(data, weights, means, covariances)
    })
  }
})

test_that("vcov() is exact with gaps, weights and noise", {
  set.seed(4)
  x <- with_gaps(three_groups()$x[, 1:2], 0.1)
  x <- rbind(x, cbind(runif(12, -5, 25), runif(12, -5, 25)))
  w <- runif(nrow(x), 0.5, 2)
  for (model in c("VII", "EEE", "VEE", "EVE", "VEV")) {
    fit <- gmm_fit(x, 3, model, weights = w, noise = 0.05,
                   na_action = "em", control = tight())
    expect_vcov(vcov(fit), fit, function(weights, noise, means, covariances) {
      plain_loglik(x, weights, means, covariances, w,
                   list(weight = noise, log_density = fit$noise$log_density,
                        range = fit$noise$range))
    })
  }
})

test_that("vcov() is exact with a prior and a ridge", {
  x <- three_groups()$x[, 1:2]
  n <- nrow(x)
  scale <- matrix(c(2, 0.5, 0.5, 3), 2)
  centre <- c(7, 9)
  prior <- gmm_prior(shrinkage = 2, mean = centre, dof = 6, scale = scale)
  ridge <- 0.01
  variances <- diag(stats::cov(x)) * (n - 1) / n
  log_prior <- function(model, means, covariances) {
    shared <- if (model %in% c("EII", "EEI", "EEE")) 1 / 3 else 1
    sum(vapply(1:3, function(k) {
      s <- covariances[, , k]
      precision <- solve(s)
      from <- means[k, ] - centre
      rows <- switch(substr(model, 2, 3), II = (6 + 2) / 2, EI = ,
                     VI = 6 + 2, 6 + 2 + 1)
      own <- switch(substr(model, 2, 3), II = diag(mean(diag(scale)) / 2, 2),
                    EI = , VI = diag(diag(scale)), scale)
      -0.5 * (shared * (rows * log(det(s)) + sum(precision * own)) +
                log(det(s)) + 2 * sum(from * precision %*% from) +
                ridge * n / 3 * sum(diag(precision) * variances))
    }, 0))
  }
  for (model in c("VII", "EEI", "EEE", "VVV")) {
    fit <- gmm_fit(x, 3, model, prior = prior, control = tight(ridge = ridge))
    expect_vcov(vcov(fit), fit, function(weights, noise, means, covariances) {
      plain_loglik(x, weights, means, covariances) +
        log_prior(model, means, covariances)
    })
  }
})

test_that("vcov() is exact with labels, equal weights and one column", {
  groups <- three_groups()
  x <- groups$x[, 1:2]
  labels <- replace(groups$group, -(1:60), NA)
  fit <- gmm_fit(x, 3, "VEV", labels = labels, control = tight())
  expect_vcov(vcov(fit), fit, function(weights, noise, means, covariances) {
    parts <- vapply(1:3, function(k) {
      of <- which(labels == k)
      sum(log(weights[k])) * length(of) +
        plain_loglik(x[of, ], 1, means[k, , drop = FALSE],
                     covariances[, , k, drop = FALSE])
    }, 0)
    sum(parts) + plain_loglik(x[is.na(labels), ], weights, means, covariances)
  })
  line <- x[, 1]
  for (model in c("E", "V")) {
    fit <- gmm_fit(line, 2, model, control = tight())
    expect_vcov(vcov(fit), fit, function(weights, noise, means, covariances) {
      plain_loglik(as.matrix(line), weights, means, covariances)
    })
  }
  even <- gmm_fit(line, 2, "V", control = tight(equal_weights = TRUE))
  expect_identical(unname(diag(vcov(even, parm = "weight"))), c(0, 0))
})

test_that("vcov() of one component has the closed form", {
  x <- three_groups()$x
  fit <- gmm_fit(x, 1, "VVV", control = quiet())
  s <- fit$covariances[, , 1]
  v <- vcov(fit)
  expect_equal(unname(v[2:4, 2:4]), unname(s) / 240)
  expect_equal(v[["var[1, b]", "var[1, b]"]], 2 * s[2, 2]^2 / 240)
  expect_equal(v[["cov[1, a, c]", "cov[1, a, c]"]],
               (s[1, 1] * s[3, 3] + s[1, 3]^2) / 240)
  expect_identical(v[["weight[1]", "weight[1]"]], 0)
  # Fisher's z has variance 1 / n, whatever the correlation.
  r <- sqrt(vcov(fit, parm = "cor[1, a, b]")) /
    (1 - cov2cor(s)[1, 2]^2)
  expect_equal(drop(unname(r)), 1 / sqrt(240))
})

test_that("derived estimates follow the chain rule", {
  x <- three_groups()$x
  fit <- gmm_fit(x, 2, "VVV", control = quiet())
  base <- estimates_of(fit)
  for (kind in c("cor", "sd", "eigen")) {
    wanted <- wanted_estimates(base, kind, NULL, NULL)
    slopes <- derivatives(base, wanted)
    numerical <- vapply(seq_along(base$value), function(j) {
      e <- replace(numeric(length(base$value)), j, 1e-5)
      (derive_estimates(base, wanted, base$value + e) -
         derive_estimates(base, wanted, base$value - e)) / 2e-5
    }, numeric(length(wanted)))
    expect_equal(unname(slopes), unname(numerical), tolerance = 1e-7)
  }
  s <- fit$covariances
  expect_equal(unname(derive_estimates(base, "eigen[2, 1]")),
               eigen(s[, , 2])$values[1])
  expect_equal(unname(derive_estimates(base, "cor[1, a, c]")),
               cov2cor(s[, , 1])["a", "c"])
})

test_that("information = \"scores\" adds up outer products of scores", {
  set.seed(2)
  x <- with_gaps(three_groups()$x[, 1:2], 0.1)
  w <- runif(nrow(x), 0.5, 2)
  fit <- gmm_fit(x, 2, "EVV", weights = w, na_action = "em", control = tight())
  free <- free_covariances(fit)
  at <- function(theta) {
    pi <- fit$weights * exp(c(theta[1], 0))
    list(weights = pi / sum(pi), noise = NULL,
         means = fit$means + theta[2:5],
         covariances = free$at(theta[-(1:5)]))
  }
  slopes <- function(f, p) {
    vapply(seq_len(p), function(j) {
      e <- replace(numeric(p), j, 1e-4)
      (f(e) - f(-e)) / 2e-4
    }, f(numeric(p)))
  }
  p <- 5 + length(free$start)
  rows <- slopes(function(theta) {
    m <- at(theta)
    vapply(seq_len(nrow(x)), function(i) {
      plain_loglik(x[i, , drop = FALSE], m$weights, m$means, m$covariances)
    }, 0)
  }, p)
  jacobian <- slopes(function(theta) do.call(base_vector, at(theta)), p)
  expected <- jacobian %*% solve(crossprod(rows * sqrt(w)), t(jacobian))
  ours <- vcov(fit, data = x, information = "scores")
  names <- estimates_of(fit)$names
  expect_equal(unname(ours[names, names]), expected, tolerance = 1e-5)
})

test_that("information = \"sandwich\" is right for any scale of the weights", {
  x <- three_groups()$x
  w <- runif(nrow(x), 0.5, 2)
  fit_with <- function() gmm_fit(x, 2, "VEE", weights = w, control = tight())
  one <- fit_with()
  sandwich <- vcov(one, data = x, information = "sandwich")
  observed <- vcov(one, data = x)
  w <- 10 * w
  ten <- fit_with()
  expect_equal(vcov(ten, data = x, information = "sandwich"), sandwich,
               tolerance = 1e-6)
  expect_equal(vcov(ten, data = x), observed / 10, tolerance = 1e-6)
})

test_that("confint() names its rows and stays within the range", {
  fit <- gmm_fit(faithful, 2, "VVV", control = quiet())
  limits <- confint(fit)
  expect_identical(colnames(limits), c("2.5 %", "97.5 %"))
  expect_identical(rownames(limits)[c(2, 3, 7, 11, 13)],
                   c("weight[2]", "mean[1, eruptions]", "var[1, eruptions]",
                     "cov[1, eruptions, waiting]",
                     "cor[1, eruptions, waiting]"))
  narrow <- confint(fit, "cor", level = 0.5)
  wide <- confint(fit, "cor", level = 0.999999)
  expect_true(all(wide[, 1] < narrow[, 1] & wide[, 2] > narrow[, 2]))
  expect_true(all(abs(wide) < 1))
  wald <- confint(fit, "mean[2, waiting]", type = "wald")
  se <- sqrt(drop(vcov(fit, parm = "mean[2, waiting]")))
  expect_equal(drop(unname(wald)),
               fit$means[[2, 2]] + c(-1, 1) * qnorm(0.975) * unname(se))
  # A weight of 1 has no interval beside itself.
  one <- gmm_fit(faithful, 1, "VVV", control = quiet())
  expect_identical(unname(confint(one, "weight")), cbind(1, 1))
})

test_that("results do not depend on threads or units", {
  x <- with_gaps(three_groups()$x, 0.1)
  fit_with <- function(x, n_threads) {
    set.seed(1)
    gmm_fit(x, 3, "VVV", na_action = "em",
            control = quiet(n_threads = n_threads))
  }
  one <- fit_with(x, 1)
  two <- fit_with(x, 2)
  expect_identical(vcov(one, data = x), vcov(two, data = x))
  units <- c(1e-30, 1, 1e30)
  scaled <- sweep(x, 2, units, "*")
  far <- fit_with(scaled, 1)
  expect_equal(sqrt(diag(vcov(far, parm = "mean", data = scaled))) /
                 rep(units, 3),
               sqrt(diag(vcov(one, parm = "mean", data = x))), tolerance = 1e-5)
})

test_that("a singular information matrix is said in words", {
  set.seed(3)
  x <- matrix(rnorm(400), 200, dimnames = list(NULL, c("a", "b")))
  # An exact sphere has no axes.
  x <- x %*% solve(chol(cov(x)))
  colnames(x) <- c("a", "b")
  x <- sweep(x, 2, colMeans(x))
  fit <- gmm_fit(x, 1, "EEV", control = quiet())
  expect_snapshot(v <- vcov(fit))
  expect_equal(unname(diag(v)[2:3]), rep(199 / 200 / 200, 2))
  # Two components in one place are a saddle of the log-likelihood.
  start <- list(weights = c(0.5, 0.5), means = rbind(fit$means, fit$means),
                covariances = array(fit$covariances, c(2, 2, 2)))
  twice <- gmm_fit(x, 2, "VVV", start = start, control = quiet())
  expect_error(vcov(twice), class = "gmvae_error_numerical")
})

test_that("vcov() and confint() say what is wrong", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_snapshot(error = TRUE, {
    confint(fit, "variance")
    confint(fit, level = 95)
    confint(fit, type = "profile")
    vcov(fit, information = "expected")
    vcov(fit, data = faithful[1:9, ])
  })
  w <- rep(1:2, 136)
  weighted <- gmm_fit(faithful, 2, "EEE", weights = w, control = quiet())
  w <- rev(w)
  expect_error(vcov(weighted), class = "gmvae_error_input")
})

test_that("summary(se = TRUE) prints standard errors", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  table <- summary(fit, se = TRUE)$se
  expect_identical(names(table), c("estimate", "se", "2.5 %", "97.5 %"))
  expect_equal(table["mean[1, waiting]", "se"],
               sqrt(vcov(fit)[["mean[1, waiting]", "mean[1, waiting]"]]))
  expect_output(print(summary(fit, se = TRUE)), "standard errors")
  expect_null(summary(fit)$se)
})

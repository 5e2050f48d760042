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

expect_vcov <- function(fit, objective, data, tolerance = 1e-6) {
  ours <- vcov(fit, data = data)
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
    fit <- gmm_fit(data, 3, model, control = tight())
    expect_vcov(fit, function(weights, noise, means, covariances) {
      plain_loglik(data, weights, means, covariances)
    }, data)
  }
})

test_that("vcov() is exact with gaps, weights and noise", {
  set.seed(4)
  x <- with_gaps(three_groups()$x[, 1:2], 0.1)
  x <- rbind(x, cbind(runif(12, -5, 25), runif(12, -5, 25)))
  w <- runif(nrow(x), 0.5, 2)
  for (model in c("EII", "VVI", "EEE", "VEE", "EVE", "VEV", "VVV")) {
    fit <- gmm_fit(x, 3, model, weights = w, noise = 0.05,
                   na_action = "em", control = tight())
    expect_vcov(fit, function(weights, noise, means, covariances) {
      plain_loglik(x, weights, means, covariances, w,
                   list(weight = noise, log_density = fit$noise$log_density,
                        range = fit$noise$range))
    }, x)
  }
})

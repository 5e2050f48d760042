# The modes of a mixture's density, by modal EM (Li, Ray and Lindsay 2007,
# Journal of Machine Learning Research 8, 1687-1723). Noise is uniform and moves
# no mode.

# `modes`: a list with `location` (modes x d) and `log_density`; `members`: the
# mode that the mean of each component climbs to, in the order of the
# components.
find_modes <- function(object) {
  pieces <- mode_pieces(object)
  ends <- lapply(seq_len(object$k), function(k) {
    climb(object$means[k, ], pieces)
  })
  members <- integer(object$k)
  first <- integer()
  for (k in seq_len(object$k)) {
    same <- vapply(first, function(mode) {
      gap <- ends[[k]]$at - ends[[mode]]$at
      sum(gap * (ends[[mode]]$precision %*% gap)) < 1e-4
    }, NA)
    if (!any(same)) first <- c(first, k)
    members[k] <- if (any(same)) which(same)[1] else length(first)
  }
  location <- do.call(rbind, lapply(ends[first], `[[`, "at"))
  dimnames(location) <- list(as.character(seq_along(first)), object$columns)
  list(
    members = members,
    modes = list(location = location,
                 log_density = vapply(ends[first], `[[`, 0, "log_density"))
  )
}

# What each step needs of each component: precisions (d^2 x k), precision times
# mean (d x k), and the logarithm of weight times density at the mean (k).
mode_pieces <- function(object) {
  d <- length(object$columns)
  k <- object$k
  precisions <- matrix(0, d^2, k)
  pulls <- matrix(0, d, k)
  heights <- numeric(k)
  for (j in seq_len(k)) {
    root <- chol(matrix(object$covariances[, , j], d))
    precision <- chol2inv(root)
    precisions[, j] <- precision
    pulls[, j] <- precision %*% object$means[j, ]
    heights[j] <- log(object$weights[j]) - sum(log(diag(root))) -
      d / 2 * log(2 * pi)
  }
  list(precisions = precisions, pulls = pulls, heights = heights,
       means = t(object$means), d = d)
}

# The density of the components at one point: its logarithm, its gradient
# (that of the logarithm), its Hessian, and the mean precision A, which is the
# metric of the steps.
mode_surface <- function(x, pieces) {
  # gradient of each component's log-density (d x k)
  slopes <- pieces$pulls - apply(pieces$precisions, 2, function(precision) {
    matrix(precision, pieces$d) %*% x
  })
  dim(slopes) <- dim(pieces$pulls)
  logs <- pieces$heights - colSums((pieces$means - x) * slopes) / 2
  top <- max(logs)
  share <- exp(logs - top)
  log_density <- top + log(sum(share))
  share <- share / sum(share)
  precision <- matrix(pieces$precisions %*% share, pieces$d)
  gradient <- drop(slopes %*% share)
  hessian <- slopes %*% (share * t(slopes)) - precision -
    tcrossprod(gradient)
  list(at = x, log_density = log_density, gradient = gradient,
       hessian = hessian, precision = precision)
}

# From a point to the mode above it. A modal EM step, A^-1 times the gradient,
# never lowers the density; a Newton step is taken instead where it gains more.
climb <- function(start, pieces, max_steps = 10000L) {
  here <- mode_surface(unname(start), pieces)
  for (i in seq_len(max_steps)) {
    step <- solve_positive(here$precision, here$gradient)
    if (sum(step * here$gradient) < 1e-18) {
      nudge <- uphill_nudge(here)
      if (is.null(nudge)) break
      step <- nudge
    }
    after <- mode_surface(here$at + step, pieces)
    newton <- solve_positive(-here$hessian, here$gradient)
    if (!is.null(newton)) {
      other <- mode_surface(here$at + newton, pieces)
      if (other$log_density > after$log_density) after <- other
    }
    here <- after
  }
  here
}

# A small step out of a minimum or saddle point, where the gradient is zero too;
# NULL at a mode.
uphill_nudge <- function(here) {
  root <- chol(here$precision)
  relative <- backsolve(root, t(backsolve(root, here$hessian,
                                          transpose = TRUE)),
                        transpose = TRUE)
  spectrum <- eigen((relative + t(relative)) / 2, symmetric = TRUE)
  if (spectrum$values[1] <= 1e-6) return(NULL)
  direction <- spectrum$vectors[, 1]
  # The sign of eigenvectors is arbitrary: the largest entry points upwards.
  direction <- direction * sign(direction[which.max(abs(direction))])
  backsolve(root, 1e-3 * direction)
}

# A^-1 b, or NULL if A is not positive definite.
solve_positive <- function(a, b) {
  root <- tryCatch(chol(a), error = function(cnd) NULL)
  if (is.null(root)) return(NULL)
  backsolve(root, backsolve(root, b, transpose = TRUE))
}

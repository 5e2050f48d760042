# What two clusters of merge_components() are compared by.
#
# A cluster is a list of its posterior probabilities (n), its weight, and the
# mean (d) and covariance (d x d) of its components together. For each method:
# the `value` of two clusters, of which the pair with the largest is merged;
# `cutoff`, below which no more are; and words for prints and plots. The dip
# test decides about pairs that the ridgeline chooses.

merge_criteria <- list(
  entropy = list(
    # How much the entropy falls.
    value = function(a, b, weights) {
      p <- a$posterior
      q <- b$posterior
      sum(weights * (x_log_x(p + q) - x_log_x(p) - x_log_x(q)))
    },
    words = "fall of the entropy", by = "entropy"
  ),
  overlap = list(
    # The larger of the two shares that would be assigned to the other cluster.
    value = function(a, b, weights) {
      to_a <- a$posterior >= b$posterior
      share <- function(w, other) sum(w[other]) / max(sum(w), 1e-300)
      max(share(weights * b$posterior, to_a), share(weights * a$posterior,
                                                    !to_a))
    },
    cutoff = 0.025, words = "probability of confusion", by = "overlap"
  ),
  bhattacharyya = list(
    value = function(a, b, weights) exp(-bhattacharyya_distance(a, b)),
    cutoff = 0.1, words = "bound of the probability of confusion",
    by = "the Bhattacharyya distance"
  ),
  ridgeline = list(
    value = function(a, b, weights) ridgeline_ratio(a, b),
    cutoff = 0.2, words = "density between, as a share of the lower mode",
    by = "the ridgeline"
  ),
  dip = list(
    value = function(a, b, weights) ridgeline_ratio(a, b),
    cutoff = 0.05, words = "p-value of the dip test", by = "the dip test"
  )
)

merge_methods <- c("entropy", "overlap", "modes", "bhattacharyya", "ridgeline",
                   "dip")

# The components of a fit as clusters, and two clusters as one.
clusters_of <- function(object, posterior) {
  d <- length(object$columns)
  lapply(seq_len(object$k), function(j) {
    list(posterior = posterior[, j], weight = object$weights[[j]],
         mean = object$means[j, ],
         covariance = matrix(object$covariances[, , j], d))
  })
}

join_clusters <- function(a, b) {
  weight <- a$weight + b$weight
  share <- if (weight > 0) a$weight / weight else 0.5
  apart <- b$mean - a$mean
  list(
    posterior = a$posterior + b$posterior, weight = weight,
    mean = share * a$mean + (1 - share) * b$mean,
    covariance = share * a$covariance + (1 - share) * b$covariance +
      share * (1 - share) * tcrossprod(apart)
  )
}

# Fukunaga (1990, p. 99).
bhattacharyya_distance <- function(a, b) {
  log_root <- function(s) sum(log(diag(chol(s))))
  middle <- (a$covariance + b$covariance) / 2
  root <- chol(middle)
  apart <- backsolve(root, a$mean - b$mean, transpose = TRUE)
  sum(apart^2) / 8 + sum(log(diag(root))) -
    (log_root(a$covariance) + log_root(b$covariance)) / 2
}

# The lowest density between the two highest modes of two normal distributions,
# divided by that at the lower mode; 1 if there is one mode. All modes lie on
# the ridgeline (Ray and Lindsay 2005, equation 4), which is a path from one
# mean to the other.
ridgeline_ratio <- function(a, b) {
  path <- ridgeline(a, b)
  # Steps in the logarithm of the odds: covariances of different sizes hold the
  # ends of the path together.
  at <- seq(-20, 20, length.out = 801)
  height <- path(stats::plogis(at))
  n <- length(at)
  # The top or bottom beside a grid point.
  refine <- function(i, top) {
    found <- stats::optimize(function(t) path(stats::plogis(t)),
                             at[c(max(i - 1L, 1L), min(i + 1L, n))],
                             maximum = top, tol = 1e-10)$objective
    (if (top) max else min)(found, height[i])
  }
  tops <- local_tops(height)
  if (length(tops) < 2L) return(1)
  two <- sort(tops[order(height[tops], decreasing = TRUE)[1:2]])
  between <- two[1]:two[2]
  bottom <- between[which.min(height[between])]
  exp(refine(bottom, FALSE) - min(refine(two[1], TRUE), refine(two[2], TRUE)))
}

# Where values are higher than both neighbours, of which the ends have one. What
# differs by rounding alone is one value, and its top is the first of these.
local_tops <- function(values) {
  runs <- rle(round(values, 9))
  rise <- diff(runs$values)
  top <- c(TRUE, rise > 0) & c(rise < 0, TRUE)
  (cumsum(runs$lengths) - runs$lengths + 1L)[top]
}

# The logarithm of the density of both at positions from 0, the mean of a, to 1,
# that of b. In the axes in which a is standard normal and b has variances v and
# mean m the path is s m / ((1 - s) v + s).
ridgeline <- function(a, b) {
  root <- chol(a$covariance)
  white <- backsolve(root, b$covariance, transpose = TRUE)
  white <- backsolve(root, t(white), transpose = TRUE)
  axes <- eigen((white + t(white)) / 2, symmetric = TRUE)
  v <- pmax(axes$values, .Machine$double.xmin)
  m <- drop(crossprod(axes$vectors,
                      backsolve(root, b$mean - a$mean, transpose = TRUE)))
  of_a <- log(a$weight)
  of_b <- log(b$weight) - sum(log(v)) / 2
  function(s) {
    y <- outer(m, s) / (outer(v, 1 - s) + rep(s, each = length(m)))
    first <- of_a - colSums(y^2) / 2
    second <- of_b - colSums((y - m)^2 / v) / 2
    top <- pmax(first, second)
    top + log(exp(first - top) + exp(second - top))
  }
}

# A function that tests whether the rows of clusters i and j have one mode along
# the direction that separates the clusters best. Rows with missing values have
# no place there.
dip_tester <- function(x, weights, n_threads) {
  complete <- stats::complete.cases(x)
  function(clusters, i, j, assigned) {
    a <- clusters[[i]]
    b <- clusters[[j]]
    within <- a$weight * a$covariance + b$weight * b$covariance
    direction <- if (ncol(x) == 1L) 1 else
      solve_positive(within, a$mean - b$mean)
    # Clusters of the same mean have no direction.
    if (is.null(direction) || all(direction == 0)) return(1)
    rows <- complete & assigned %in% c(i, j)
    place <- drop(x[rows, , drop = FALSE] %*% direction)
    cpp_dip_test(place, weights[rows], dip_samples, dip_seed, n_threads)[2]
  }
}

# Of the test; always the same ones, so that results need no seed.
dip_samples <- 1999L
dip_seed <- 1

# Log-likelihoods of mixtures written down plainly, for numerical derivatives.

# Of rows with gaps: the density of what is there. `noise`: weight, log-density
# of complete rows and lengths of the box's sides.
plain_loglik <- function(x, weights, means, covariances, row_weights = 1,
                         noise = NULL) {
  row_weights <- rep_len(row_weights, nrow(x))
  pattern <- apply(!is.na(x), 1, paste, collapse = " ")
  sum(vapply(split(seq_len(nrow(x)), pattern), function(rows) {
    o <- which(!is.na(x[rows[1], ]))
    density <- vapply(seq_along(weights), function(k) {
      root <- chol(matrix(covariances[o, o, k], length(o)))
      z <- backsolve(root, t(x[rows, o, drop = FALSE]) - means[k, o],
                     transpose = TRUE)
      weights[k] * exp(-sum(log(diag(root))) -
                         0.5 * (length(o) * log(2 * pi) + colSums(z^2)))
    }, numeric(length(rows)))
    density <- rowSums(matrix(density, length(rows)))
    if (!is.null(noise)) {
      width <- noise$range[2, ] - noise$range[1, ]
      density <- density + noise$weight *
        exp(noise$log_density + sum(log(width)) - sum(log(width[o])))
    }
    sum(row_weights[rows] * log(density))
  }, 0))
}

# Second derivatives at `at` by central differences of fourth order, with steps
# in units of `step`.
numerical_hessian <- function(f, at, step) {
  p <- length(at)
  value <- function(i, j, a, b) {
    x <- at
    x[i] <- x[i] + a * step[i]
    x[j] <- x[j] + b * step[j]
    f(x)
  }
  out <- matrix(0, p, p)
  middle <- f(at)
  for (i in seq_len(p)) {
    out[i, i] <- (-value(i, i, 2, 0) - value(i, i, -2, 0) - 30 * middle +
                    16 * (value(i, i, 1, 0) + value(i, i, -1, 0))) /
      (12 * step[i]^2)
    for (j in seq_len(i - 1L)) {
      cross <- function(h) {
        (value(i, j, h, h) - value(i, j, h, -h) - value(i, j, -h, h) +
           value(i, j, -h, -h)) / (4 * h^2 * step[i] * step[j])
      }
      out[i, j] <- out[j, i] <- (4 * cross(1) - cross(2)) / 3
    }
  }
  out
}

# The parameters of a covariance model as free numbers around those of a fit:
# a list of `start` and `at`, a function from numbers to covariances. Its own
# way, apart from the package's: Cholesky roots where shape and orientation are
# shared alike, else angles of plane rotations.
free_covariances <- function(fit) {
  d <- length(fit$columns)
  k <- fit$k
  code <- core_model(fit$model)
  letter <- strsplit(code, "")[[1]]
  s <- fit$covariances
  volume <- apply(s, 3, function(m) det(matrix(m, d))^(1 / d))
  n_of <- function(letter, each) c(E = 1, V = k, I = 0)[[letter]] * each
  lower <- which(lower.tri(diag(d), diag = TRUE))
  n_volume <- n_of(letter[1], 1)
  pick <- function(theta, letter, j, each) {
    if (letter == "I") return(numeric(each))
    theta[if (letter == "E") seq_len(each) else (j - 1) * each + seq_len(each)]
  }
  alike <- letter[2] == letter[3]
  axes <- lapply(seq_len(k), function(j) {
    if (letter[3] == "I" || alike) return(diag(d))
    eigen(s[, , j], symmetric = TRUE)$vectors
  })
  if (letter[3] == "E" && !alike) {
    sum <- Reduce(`+`, lapply(seq_len(k), function(j) sqrt(j) * s[, , j]))
    axes <- rep(list(eigen(sum, symmetric = TRUE)$vectors), k)
  }
  rotation <- function(angles) {
    r <- diag(d)
    pairs <- utils::combn(d, 2)
    for (p in seq_len(ncol(pairs))) {
      g <- diag(d)
      i <- pairs[, p]
      g[i, i] <- rbind(c(cos(angles[p]), -sin(angles[p])),
                       c(sin(angles[p]), cos(angles[p])))
      r <- r %*% g
    }
    r
  }
  n_shape <- if (d > 1) n_of(letter[2], d - 1) else 0
  n_turn <- if (d > 1) n_of(letter[3], d * (d - 1) / 2) else 0
  list(start = numeric(n_volume + n_shape + n_turn), at = function(theta) {
    theta_volume <- theta[seq_len(n_volume)]
    theta_shape <- theta[n_volume + seq_len(n_shape)]
    theta_turn <- theta[n_volume + n_shape + seq_len(n_turn)]
    out <- array(0, c(d, d, k))
    for (j in seq_len(k)) {
      v <- exp(pick(theta_volume, letter[1], j, 1))
      a <- if (d > 1) pick(theta_shape, letter[2], j, d - 1)
      a <- exp(c(a, -sum(a)))
      turn <- pick(theta_turn, letter[3], j, d * (d - 1) / 2)
      out[, , j] <- if (alike && letter[2] != "I") {
        root <- diag(sqrt(a), d)
        root[lower.tri(root)] <- turn
        root <- t(chol(matrix(s[, , j], d))) %*% root
        v * tcrossprod(root)
      } else {
        own <- crossprod(axes[[j]], s[, , j]) %*% axes[[j]]
        u <- axes[[j]] %*% if (letter[3] == "I") diag(d) else rotation(turn)
        v * u %*% (diag(own) * a * t(u))
      }
    }
    out
  })
}

# The estimates of a mixture as one named vector, and what is derived from them.
#
# Base estimates are the weights (with noise, its weight after the others), the
# means of one component after the other, and the lower triangles of the
# covariances, column by column. Everything else is a function of them.

base_kinds <- c("weight", "mean", "var", "cov")
interval_kinds <- c(base_kinds, "cor")
all_kinds <- c(interval_kinds, "sd", "eigen")

# The base estimates of a fit, with their names and where the covariances are.
estimates_of <- function(object) {
  components <- names(object$weights)
  columns <- object$columns
  d <- length(columns)
  lower <- lower.tri(diag(d), diag = TRUE)
  row <- row(lower)[lower]
  column <- col(lower)[lower]
  names <- c(
    sprintf("weight[%s]", c(components, if (!is.null(object$noise)) "noise")),
    sprintf("mean[%s, %s]", rep(components, each = d), columns),
    unlist(lapply(components, function(component) {
      ifelse(row == column, sprintf("var[%s, %s]", component, columns[row]),
             sprintf("cov[%s, %s, %s]", component, columns[column],
                     columns[row]))
    }))
  )
  value <- base_vector(object$weights, object$noise[["weight"]], object$means,
                       object$covariances)
  list(value = stats::setNames(value, names), names = names,
       components = components, columns = columns, row = row, column = column,
       first = length(names) - length(components) * as.double(length(row)))
}

base_vector <- function(weights, noise, means, covariances) {
  d <- ncol(means)
  lower <- which(lower.tri(diag(d), diag = TRUE))
  c(weights, noise, t(means), matrix(covariances, d^2)[lower, ],
    use.names = FALSE)
}

kind_of <- function(names) sub("\\[.*", "", names)

# Names of the estimates that `parm` asks for.
wanted_estimates <- function(base, parm, default, call) {
  if (is.null(parm)) parm <- default
  names <- c(base$names, unlist(lapply(derived_kinds, function(kind) {
    kind$names(base)
  }), use.names = FALSE))
  kinds <- kind_of(names)
  if (is.numeric(parm)) {
    shown <- names[kinds %in% default]
    if (all(parm %in% seq_along(shown))) return(shown[parm])
  }
  if (is.character(parm) && length(parm) > 0L &&
        all(parm %in% c(all_kinds, names))) {
    return(unique(unlist(lapply(parm, function(one) {
      if (one %in% all_kinds) names[kinds == one] else one
    }))))
  }
  unknown <- if (is.character(parm)) setdiff(parm, c(all_kinds, names))
  gmvae_abort(c(
    "{.arg parm} must name estimates, or kinds of them.",
    x = if (length(unknown) > 0L) {
      "There is no {.or {.val {unknown}}}."
    } else {
      "You supplied {describe(parm)}."
    },
    i = "The kinds are {.val {all_kinds}}; a single estimate is for instance
         {.val {base$names[length(base$components) + 1L]}}."
  ), "option", call = call)
}

# The covariance matrices of a base vector: d x d x k.
covariances_in <- function(base, value) {
  d <- length(base$columns)
  k <- length(base$components)
  triangles <- matrix(value[-seq_len(base$first)], ncol = k)
  out <- array(0, c(d, d, k))
  for (j in seq_len(k)) {
    out[cbind(base$row, base$column, j)] <- triangles[, j]
    out[cbind(base$column, base$row, j)] <- triangles[, j]
  }
  out
}

# Kinds that are functions of the covariance S of one component: their names,
# their values, and a row for each of their derivatives by the lower triangle of
# S.
derived_kinds <- list(
  cor = list(
    names = function(base) {
      off <- base$row != base$column
      pairs <- paste0(base$columns[base$column[off]], ", ",
                      base$columns[base$row[off]], recycle0 = TRUE)
      unlist(lapply(base$components, function(component) {
        sprintf("cor[%s, %s]", component, pairs)
      }))
    },
    value = function(s) {
      r <- s / sqrt(outer(diag(s), diag(s)))
      r[lower.tri(r)]
    },
    slopes = function(s, row, column) {
      v <- diag(s)
      pairs <- which(row != column)
      t(vapply(pairs, function(at) {
        i <- row[at]
        j <- column[at]
        r <- s[i, j] / sqrt(v[i] * v[j])
        slope <- numeric(length(row))
        slope[at] <- 1 / sqrt(v[i] * v[j])
        slope[row == i & column == i] <- -r / (2 * v[i])
        slope[row == j & column == j] <- -r / (2 * v[j])
        slope
      }, numeric(length(row))))
    }
  ),
  sd = list(
    names = function(base) {
      sprintf("sd[%s, %s]", rep(base$components, each = length(base$columns)),
              base$columns)
    },
    value = function(s) sqrt(diag(s)),
    slopes = function(s, row, column) {
      slope <- matrix(0, nrow(s), length(row))
      slope[cbind(seq_len(nrow(s)), which(row == column))] <-
        1 / (2 * sqrt(diag(s)))
      slope
    }
  ),
  eigen = list(
    names = function(base) {
      d <- length(base$columns)
      sprintf("eigen[%s, %d]", rep(base$components, each = d), seq_len(d))
    },
    value = function(s) eigen(s, symmetric = TRUE, only.values = TRUE)$values,
    slopes = function(s, row, column) {
      u <- eigen(s, symmetric = TRUE)$vectors
      t(u[row, , drop = FALSE] * u[column, , drop = FALSE] *
          ifelse(row == column, 1, 2))
    }
  )
)

# The values of the estimates `wanted`, from base estimates.
derive_estimates <- function(base, wanted, value = base$value) {
  value <- stats::setNames(value, base$names)
  kinds <- setdiff(kind_of(wanted), base_kinds)
  if (length(kinds) > 0L) {
    s <- covariances_in(base, value)
    for (kind in kinds) {
      values <- unlist(lapply(seq_along(base$components), function(j) {
        derived_kinds[[kind]]$value(matrix(s[, , j], dim(s)[1]))
      }))
      value <- c(value, stats::setNames(values,
                                        derived_kinds[[kind]]$names(base)))
    }
  }
  value[wanted]
}

# The covariance matrix of the estimates `wanted` by the chain rule, from that
# of the base estimates.
derived_covariance <- function(base, covariance, wanted) {
  slopes <- derivatives(base, wanted)
  # What has no variance must not make others NA: 0 * NA.
  unknown <- is.na(diag(covariance))
  covariance[unknown, ] <- 0
  covariance[, unknown] <- 0
  out <- slopes %*% tcrossprod(covariance, slopes)
  lost <- rowSums(abs(slopes[, unknown, drop = FALSE])) > 0
  out[lost, ] <- NA
  out[, lost] <- NA
  out
}

# Derivatives of the estimates `wanted` by the base estimates.
derivatives <- function(base, wanted) {
  out <- `dimnames<-`(diag(length(base$names)), list(base$names, base$names))
  kinds <- setdiff(kind_of(wanted), base_kinds)
  if (length(kinds) > 0L) s <- covariances_in(base, base$value)
  size <- length(base$row)
  for (kind in kinds) {
    blocks <- lapply(seq_along(base$components), function(j) {
      slopes <- derived_kinds[[kind]]$slopes(matrix(s[, , j], dim(s)[1]),
                                             base$row, base$column)
      slopes <- matrix(slopes, ncol = size)
      block <- matrix(0, nrow(slopes), length(base$names))
      block[, base$first + (j - 1L) * size + seq_len(size)] <- slopes
      block
    })
    block <- do.call(rbind, blocks)
    rownames(block) <- derived_kinds[[kind]]$names(base)
    out <- rbind(out, block)
  }
  out[wanted, , drop = FALSE]
}

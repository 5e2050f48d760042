# The distribution that a mixture describes: cumulative probabilities, quantiles
# and high-density regions. The noise component counts as uniform over its
# range.

#' Quantiles of a Gaussian mixture
#'
#' Computes the quantiles of a mixture of one column. Cumulative probabilities
#' are [`predict(type = "cdf")`][predict.gmm_fit], densities `predict(type =
#' "density")`, and random draws [simulate()][simulate.gmm_fit].
#'
#' @param x A fit of [gmm_fit()] to data of one column, or a mixture of one
#'   column from [marginal()] or [conditional()].
#' @param probs Probabilities, numbers from 0 to 1.
#' @param names `TRUE` names the result by the probabilities in percent.
#' @param ... Not used.
#' @returns The quantiles, in the units of the data, one for each of `probs`;
#'   `-Inf` for 0 and `Inf` for 1.
#' @details
#' A quantile is found by bisection between the smallest and the largest
#' quantile of the components, down to the spacing of double precision. Above
#' the median the upper tail is used, so that both tails are equally precise.
#' The noise component is uniform over the range of the data.
#' @section Errors: `gmvae_error_input` if the mixture has several columns;
#'   `gmvae_error_option` for other `probs`.
#' @seealso [hdr()], [marginal()], [plot.gmm_fit()] with `type = "qq"`
#' @examples
#' fit <- gmm_fit(faithful$waiting, k = 2)
#' quantile(fit, c(0.05, 0.5, 0.95))
#' predict(fit, quantile(fit, 0.95), type = "cdf")
#'
#' both <- gmm_fit(faithful, k = 2)
#' quantile(marginal(both, "eruptions"))
#' @importFrom stats quantile
#' @export
quantile.gmm_fit <- function(x, probs = seq(0, 1, 0.25), names = TRUE, ...) {
  call <- quote(quantile())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  check_one_column(x, "x", "Quantiles", call)
  probs <- check_shares(probs, 0, 1, call = call)
  names <- check_flag(names, call = call)
  found <- mixture_quantile(x, probs)
  if (names) stats::setNames(found, share_names(probs)) else found
}

#' @rdname quantile.gmm_fit
#' @export
quantile.gmm_mixture <- quantile.gmm_fit

#' High-density regions of a Gaussian mixture
#'
#' A high-density region of level 0.95 holds 95% of the distribution in the
#' smallest possible space: it is where the density is above a threshold.
#'
#' @param object A fit of [gmm_fit()], or a mixture from [marginal()] or
#'   [conditional()], with d columns.
#' @param level Levels, numbers above 0 and below 1.
#' @param newdata Rows of data (m x d) in whose densities the thresholds are
#'   quantiles (Hyndman 1996): the region of level 0.95 then holds 95% of these
#'   rows. `NULL`: regions of the mixture itself.
#' @param ... Not used.
#' @returns A data frame with columns `level` and `density`, the threshold, in
#'   the units of `predict(type = "density")`. With one data column it also has
#'   columns `lower` and `upper`, in the units of the data, and a row for each
#'   interval of a region; otherwise one row for each level.
#' @details
#' With one column, the mixture's modes and antimodes cut the line into pieces
#' on which its density rises or falls. The ends of the intervals are found by
#' bisection on these pieces, and so is the threshold, both to double precision.
#' With several columns, the threshold is a quantile of the densities at 10,000
#' points for each component, which a Halton sequence spreads evenly: the region
#' of two columns holds its level to about 0.001. The result does not depend on
#' R's random numbers.
#'
#' The noise component is uniform over the range of the data.
#' @section Errors: `gmvae_error_option` for other levels; those of
#'   [predict()][predict.gmm_fit] for `newdata`.
#' @references Hyndman (1996) Computing and graphing highest density regions.
#'   *The American Statistician* 50, 120-126.
#'   \doi{10.1080/00031305.1996.10474359}
#' @seealso [quantile()][quantile.gmm_fit]; [plot.gmm_fit()] with `type =
#'   "density"` draws regions of one and two columns.
#' @examples
#' fit <- gmm_fit(faithful$waiting, k = 2)
#' # Two intervals, as hardly anybody waits 65 minutes
#' hdr(fit, 0.8)
#'
#' both <- gmm_fit(faithful, k = 2)
#' hdr(both, c(0.5, 0.95))
#' @export
hdr <- function(object, level = 0.95, newdata = NULL, ...) {
  UseMethod("hdr")
}

#' @export
hdr.gmm_fit <- function(object, level = 0.95, newdata = NULL, ...) {
  call <- quote(hdr())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  level <- check_shares(level, 0, 1, open = TRUE, call = call)
  line <- length(object$columns) == 1L
  pieces <- if (line) monotone_pieces(object)
  threshold <- if (!is.null(newdata)) {
    density <- predict.gmm_fit(object, newdata, "density")
    stats::quantile(density, 1 - level, names = FALSE, na.rm = TRUE)
  } else if (line) {
    vapply(level, line_threshold, 0, object = object, pieces = pieces)
  } else {
    plane_thresholds(object, level, call)
  }
  found <- data.frame(level = level, density = threshold)
  if (!line) return(found)
  regions <- lapply(threshold, line_region, object = object, pieces = pieces)
  rows <- rep(seq_along(level), lengths(lapply(regions, `[[`, "lower")))
  data.frame(found[rows, ], lower = unlist(lapply(regions, `[[`, "lower")),
             upper = unlist(lapply(regions, `[[`, "upper")), row.names = NULL)
}

#' @export
hdr.gmm_mixture <- hdr.gmm_fit

#' @export
hdr.default <- function(object, level = 0.95, newdata = NULL, ...) {
  abort_no_mixture(object, quote(hdr()))
}

check_one_column <- function(object, arg, what, call) {
  if (length(object$columns) == 1L) return(invisible())
  gmvae_abort(c(
    "{what} need a mixture of one column.",
    x = "{.arg {arg}} has {length(object$columns)} columns.",
    i = "Choose one with {.fn marginal}, for instance
         {.code marginal({arg}, \"{object$columns[1]}\")}."
  ), "input", call = call)
}

# One or more numbers from `min` to `max`, or between them where `open`.
check_shares <- function(x, min, max, open = FALSE, arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  force(arg)
  if (is.numeric(x) && is.null(dim(x)) && length(x) > 0L && !anyNA(x) &&
        all(x >= min & x <= max) && !(open && any(x == min | x == max))) {
    return(as.double(x))
  }
  gmvae_abort(c(
    if (open) "{.arg {arg}} must have numbers above {min} and below {max}." else
      "{.arg {arg}} must have numbers from {min} to {max}.",
    x = "You supplied {describe(x)}."
  ), "option", call = call)
}

share_names <- function(share) {
  paste0(formatC(100 * share, format = "fg", width = 1, digits = 7), "%")
}

# -- One column ----------------------------------------------------------------

# Applies the functions `normal(j)` and `uniform()` to the components and to the
# noise, and adds up the results by weight.
add_components <- function(object, normal, uniform) {
  total <- 0
  for (j in seq_len(object$k)) total <- total + object$weights[[j]] * normal(j)
  if (is.null(object$noise)) return(total)
  total + object$noise$weight * uniform(object$noise$range)
}

line_sd <- function(object) sqrt(object$covariances[1, 1, ])

# The probability up to the value `q`, or above it. The value may be missing.
mixture_cdf <- function(object, q, upper = FALSE) {
  sd <- line_sd(object)
  total <- add_components(
    object,
    function(j) stats::pnorm(q, object$means[j, 1], sd[j], !upper),
    function(range) stats::punif(q, range[1], range[2], !upper)
  )
  # Rounded weights may miss 1 by a little.
  total / add_components(object, function(j) 1, function(range) 1)
}

# The same for rows of data, with their names.
cdf_of_rows <- function(object, x, call = rlang::caller_env()) {
  check_one_column(object, "object", "Cumulative probabilities", call)
  stats::setNames(mixture_cdf(object, x[, 1]), rownames(x))
}

# The density, whose noise is 0 outside its range.
line_density <- function(object, x) {
  sd <- line_sd(object)
  add_components(
    object,
    function(j) stats::dnorm(x, object$means[j, 1], sd[j]),
    function(range) stats::dunif(x, range[1], range[2])
  )
}

# By bisection between the quantiles of single components, until no double lies
# between the bounds.
mixture_quantile <- function(object, p) {
  ends <- ifelse(p == 0, -Inf, ifelse(p == 1, Inf, NA))
  inner <- which(is.na(ends))
  if (length(inner) == 0L) return(ends)
  p <- p[inner]
  sd <- line_sd(object)
  used <- which(object$weights > 0)
  parts <- lapply(used, function(j) {
    stats::qnorm(p, object$means[j, 1], sd[j])
  })
  if (!is.null(object$noise)) {
    range <- object$noise$range
    parts <- c(parts, list(stats::qunif(p, range[1], range[2])))
  }
  high <- p > 0.5
  ends[inner] <- bisect(
    do.call(pmin, parts), do.call(pmax, parts),
    function(x) {
      ifelse(high, mixture_cdf(object, x, upper = TRUE) > 1 - p,
             mixture_cdf(object, x) < p)
    }
  )
  ends
}

# The last doubles between `lower` and `upper` for which the vectorised function
# `below` is TRUE; it is TRUE at `lower` and changes once.
bisect <- function(lower, upper, below) {
  repeat {
    middle <- lower + (upper - lower) / 2
    if (!any(middle > lower & middle < upper)) return(lower)
    under <- below(middle)
    lower[under] <- middle[under]
    upper[!under] <- middle[!under]
  }
}

# Pieces of the line on which the density is monotone and continuous, from one
# end, mode, antimode or end of the noise to the next: their `lower` and `upper`
# ends, the densities `at_lower` and `at_upper` from within the piece, and the
# part of the density that is `noise`. A grid of a twentieth of each standard
# deviation brackets modes and antimodes. Beyond 38 standard deviations the
# density is 0 in doubles.
monotone_pieces <- function(object) {
  smooth <- without_noise(object)
  sd <- line_sd(object)
  steps <- c(-38, seq(-8, 8, 0.05), 38)
  at <- sort(unique(c(outer(steps, sd) +
                        rep(object$means[, 1], each = length(steps)))))
  rises <- diff(line_density(smooth, at)) > 0
  turns <- which(diff(rises) != 0) + 1L
  turns <- vapply(turns, function(i) {
    stats::optimize(function(x) line_density(smooth, x), at[c(i - 1, i + 1)],
                    maximum = rises[i - 1], tol = 1e-12 * min(sd))[[1]]
  }, 0)
  knots <- sort(unique(c(range(at), turns, object$noise$range)))
  pieces <- list(lower = knots[-length(knots)], upper = knots[-1])
  range <- object$noise$range
  inside <- !is.null(range) & pieces$lower >= min(range, Inf) &
    pieces$upper <= max(range, -Inf)
  pieces$noise <- inside * sum(object$noise$weight / diff(range))
  pieces$at_lower <- line_density(smooth, pieces$lower) + pieces$noise
  pieces$at_upper <- line_density(smooth, pieces$upper) + pieces$noise
  pieces
}

without_noise <- function(object) {
  object["noise"] <- list(NULL)
  object
}

# The intervals on which the density is at least `threshold`.
line_region <- function(threshold, object, pieces) {
  smooth <- without_noise(object)
  from <- pieces$at_lower >= threshold
  to <- pieces$at_upper >= threshold
  cut <- which(from != to)
  crossing <- bisect(pieces$lower[cut], pieces$upper[cut], function(x) {
    (line_density(smooth, x) + pieces$noise[cut] >= threshold) == from[cut]
  })
  pieces$upper[cut] <- ifelse(from[cut], crossing, pieces$upper[cut])
  pieces$lower[cut] <- ifelse(from[cut], pieces$lower[cut], crossing)
  lower <- pieces$lower[from | to]
  upper <- pieces$upper[from | to]
  gaps <- which(lower[-1] > upper[-length(upper)])
  place <- seq_along(lower)
  list(lower = lower[place %in% c(1L, gaps + 1L)],
       upper = upper[place %in% c(gaps, length(upper))])
}

# The largest threshold whose region holds `level`.
line_threshold <- function(level, object, pieces) {
  highest <- max(pieces$at_lower, pieces$at_upper)
  exp(bisect(-700, log(highest), function(log_threshold) {
    region <- line_region(exp(log_threshold), object, pieces)
    sum(mixture_cdf(object, region$upper) -
          mixture_cdf(object, region$lower)) >= level
  }))
}

# -- Several columns -----------------------------------------------------------

# Thresholds of the density: quantiles of the densities at points of each
# component, which count by its weight.
plane_thresholds <- function(object, level, call, n = 10000L) {
  d <- length(object$columns)
  share <- spread_points(n, d)
  points <- lapply(seq_len(object$k), function(j) {
    root <- chol(matrix(object$covariances[, , j], d))
    sweep(stats::qnorm(share) %*% root, 2, object$means[j, ], "+")
  })
  if (!is.null(object$noise)) {
    range <- object$noise$range
    box <- t(range[1, ] + t(share) * (range[2, ] - range[1, ]))
    points <- c(points, list(box))
  }
  weight <- rep(c(object$weights, object$noise$weight), each = n) / n
  log_density <- evaluate_rows(object, do.call(rbind, points), "log_density",
                               call)$log_density
  order <- order(log_density)
  exp(stats::approx(cumsum(weight[order]), log_density[order], 1 - level,
                    rule = 2, ties = "ordered")$y)
}

# n evenly spread points of the unit cube in d dimensions (n x d): the Halton
# sequence, whose coordinates are the digits of 1, 2, ... in a prime base,
# mirrored at the point. Large bases fill small samples badly, so beyond ten
# dimensions the points are random, always the same.
spread_points <- function(n, d) {
  primes <- c(2, 3, 5, 7, 11, 13, 17, 19, 23, 29)
  if (d > length(primes)) {
    state <- simulation_state(1)
    on.exit(assign(".Random.seed", state$before, envir = globalenv()))
    return(matrix(stats::runif(as.double(n) * d), n))
  }
  vapply(primes[seq_len(d)], function(base) {
    rest <- seq_len(n)
    value <- 0
    unit <- 1
    while (any(rest > 0)) {
      unit <- unit / base
      value <- value + unit * (rest %% base)
      rest <- rest %/% base
    }
    value
  }, numeric(n))
}

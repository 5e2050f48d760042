#' Discriminant coordinates of the components
#'
#' Finds the directions that show best how the components of a mixture differ,
#' and projects the data onto them (Scrucca 2010; `MclustDR` in \pkg{mclust}).
#' The groups are the components of a fit, merged clusters, or classes.
#'
#' @param object A fit of [gmm_fit()], or the result of [merge_components()] or
#'   [gmm_classify()], with d columns and K components (in all classes).
#' @param ... Not used. Arguments after it must be named.
#' @param lambda What separates components: a number from 0 (only that they have
#'   different covariances) to 1 (only that they have different means).
#' @param total The total covariance that differences are compared with:
#'   `"data"`, the covariance matrix of the rows (by weight, with their number
#'   and not one less as the divisor); or `"mixture"`, the one that the mixture
#'   without its noise implies. `NULL`: `"data"`, unless the fit has noise or
#'   used rows with missing values.
#' @param data The data that were fitted, see [plot.gmm_fit()].
#' @param weights The weights that were given to [gmm_fit()]. `NULL`: those that
#'   its call finds where `discriminant_coordinates()` is called.
#' @returns An object of class `gmm_coordinates`, a list with
#'   * `directions` (d x m): the m directions, each of unit length, in the units
#'     of the data; columns `DC1`, `DC2`, ... in decreasing order of `values`
#'   * `loadings` (d x m): the directions for columns that are divided by their
#'     standard deviations, each of unit length; the largest is positive
#'   * `values` (m): the eigenvalues, above 0; `from_means` and
#'     `from_covariances` (m), their parts
#'   * `importance` (d): the importance of each column, see Details; sums to 1
#'   * `coordinates` (n x m): the rows of the data in these directions; `group`
#'     (n): their clusters (0 for noise) or classes, and `groups`, their names
#'   * `weights` (K), `means` (K x m), `covariances` (m x m x K): the mixture in
#'     these coordinates; `component_group` (K): the group of each component
#'   * `centre` (d), `scale` (d): means and standard deviations of the total;
#'     `lambda`, `total`; `fit`: `object`
#'
#'   Methods: [predict()][predict.gmm_coordinates],
#'   [plot()][plot.gmm_coordinates], `print()`.
#' @details
#' With the weights f_j, means mu_j and covariances S_j of the components, the
#' mean mu and the covariance S of all, let B = sum_j f_j (mu_j - mu)(mu_j -
#' mu)' and W = sum_j f_j S_j. The directions v solve M v = value S v for
#' M = 2 lambda B S^-1 B + 2 (1 - lambda) sum_j f_j (S_j - W) S^-1 (S_j - W)
#' (Scrucca 2010, section 3, where both parts have the factor 1; the factors
#' here are those of \pkg{mclust}). Eigenvalues do not depend on the units of
#' the columns. With `lambda = 1` there are at most as many directions as
#' columns and as components less one; the directions are then those of linear
#' discriminant analysis with the components as classes.
#'
#' The **importance** of a column is sum_m values_m loadings_jm^2 / sum_m
#' values_m: the squared share that it has in each direction, averaged with the
#' eigenvalues as weights. Columns that are strongly correlated share their
#' importance in an arbitrary way.
#'
#' A row with missing values has the coordinates of its conditional mean.
#' @section Errors:
#'   * `gmvae_error_input`: `object` is of another class; `data` or `weights`
#'     are needed and not found, or not those of the fit.
#'   * `gmvae_error_option`: `lambda` or `total` is out of range, or an argument
#'     is unknown.
#'   * `gmvae_error_data`: the components do not differ in the way that `lambda`
#'     asks for; one component differs from nothing.
#' @references Scrucca (2010) Dimension reduction for model-based clustering.
#'   *Statistics and Computing* 20, 471-484. \doi{10.1007/s11222-009-9138-7}
#'
#'   Scrucca (2014) Graphical tools for model-based mixture discriminant
#'   analysis. *Advances in Data Analysis and Classification* 8, 147-165.
#'   \doi{10.1007/s11634-013-0147-1}
#' @seealso [gmm_fit()], [merge_components()], [gmm_classify()]
#' @examples
#' fit <- gmm_fit(iris[, 1:4], k = 3, model = "VEV")
#' shown <- discriminant_coordinates(fit)
#' shown
#' head(shown$coordinates)
#'
#' # Directions in which covariances differ count as much as those of the means
#' discriminant_coordinates(fit, lambda = 0.5)$values
#' @export
discriminant_coordinates <- function(object, ..., lambda = 1, total = NULL,
                                     data = NULL, weights = NULL) {
  caller <- parent.frame()
  call <- quote(discriminant_coordinates())
  check_no_dots(..., call = call)
  source <- coordinate_source(object, call)
  lambda <- check_number(lambda, 0, 1, call = call)
  if (is.null(total)) {
    gaps <- source$fit$na_action == "em" && isTRUE(source$n_incomplete > 0L)
    total <- if (gaps || !is.null(source$fit$noise)) "mixture" else "data"
  }
  total <- check_choice(total, c("data", "mixture"), call = call)
  x <- if (inherits(object, "gmm_classifier")) {
    classified_data(object, data, "data", caller, call)
  } else {
    fitted_data(source$fit, data, "data", caller, call)
  }
  colnames(x) <- source$fit$columns
  if (total == "data") {
    weights <- if (inherits(object, "gmm_classifier")) {
      used_weights(object, object$posterior[, 1])
    } else {
      fitted_weights(source$fit, x, weights, caller, call)
    }
    # Incomplete rows have no place in a covariance matrix.
    weights[!stats::complete.cases(x)] <- 0
  }
  moments <- if (total == "data") data_moments(x, weights) else
    mixture_moments(source)
  found <- find_directions(source, moments, lambda, total, call)
  new_gmm_coordinates(object, source, found, moments, lambda, total, x, call)
}

# Every kind of `object` as a mixture with groups of components and of rows:
# `fit`, what match_columns() and evaluate_rows() take.
coordinate_source <- function(object, call) {
  if (inherits(object, "gmm_merged")) {
    validate_fit(object, call = call)
    fit <- object$fit
    return(list(fit = fit, n_incomplete = fit$n_incomplete,
                component_group = unname(object$members),
                groups = names(object$weights), group = object$cluster,
                legend = "Cluster"))
  }
  if (inherits(object, "gmm_classifier")) {
    validate_fit(object, call = call)
    return(list(fit = object, n_incomplete = object$n_incomplete,
                component_group = object$component_class,
                groups = object$classes,
                group = stats::setNames(as.integer(object$class),
                                        names(object$class)),
                legend = "Class"))
  }
  if (inherits(object, "gmm_fit")) {
    validate_fit(object, call = call)
    return(list(fit = object, n_incomplete = object$n_incomplete,
                component_group = seq_len(object$k),
                groups = names(object$weights), group = object$cluster,
                legend = "Component"))
  }
  gmvae_abort(c(
    "{.arg object} must be a fit of {.fn gmm_fit}, or come from
     {.fn merge_components} or {.fn gmm_classify}.",
    x = "You supplied {describe(object)}."
  ), "input", call = call)
}

# Centre and covariance of the rows, with divisor sum(weights).
data_moments <- function(x, weights) {
  used <- weights > 0
  found <- stats::cov.wt(x[used, , drop = FALSE],
                         weights[used] / sum(weights), method = "ML")
  list(centre = found$center, covariance = found$cov)
}

# The same of the mixture, without noise.
mixture_moments <- function(source) {
  fit <- source$fit
  weights <- fit$weights / sum(fit$weights)
  centre <- colSums(weights * fit$means)
  gaps <- sweep(fit$means, 2, centre)
  within <- mean_covariance(fit$covariances, weights)
  list(centre = centre, covariance = within + crossprod(sqrt(weights) * gaps))
}

# sum_j f_j S_j (d x d).
mean_covariance <- function(covariances, weights) {
  d <- dim(covariances)[1]
  matrix(matrix(covariances, d^2) %*% weights, d)
}

# `loadings` with v' R v = 1 in columns of unit variance, R their correlation;
# `values` with their parts. Directions in which the data do not vary are left
# out.
find_directions <- function(source, moments, lambda, total, call) {
  fit <- source$fit
  d <- length(fit$columns)
  weights <- fit$weights
  if (total == "mixture") weights <- weights / sum(weights)
  scale <- sqrt(diag(moments$covariance))
  spectrum <- eigen(moments$covariance / tcrossprod(scale), symmetric = TRUE)
  kept <- spectrum$values > sqrt(.Machine$double.eps) * spectrum$values[1]
  root <- spectrum$vectors[, kept, drop = FALSE] %*%
    diag(1 / sqrt(spectrum$values[kept]), sum(kept))
  # Everything in coordinates in which the total covariance is the identity.
  gaps <- sweep(fit$means, 2, moments$centre) %*% (root / scale)
  between <- crossprod(sqrt(weights) * gaps)
  white <- apply(fit$covariances, 3, function(covariance) {
    crossprod(root / scale, matrix(covariance, d)) %*% (root / scale)
  })
  dim(white) <- c(sum(kept), sum(kept), length(weights))
  within <- mean_covariance(white, weights)
  of_means <- 2 * lambda * between %*% between
  of_covariances <- matrix(0, sum(kept), sum(kept))
  for (j in seq_along(weights)) {
    gap <- white[, , j] - within
    of_covariances <- of_covariances +
      2 * (1 - lambda) * weights[j] * crossprod(gap)
  }
  found <- eigen(of_means + of_covariances, symmetric = TRUE)
  some <- which(found$values > sqrt(.Machine$double.eps))
  if (length(some) == 0L) abort_no_direction(fit, lambda, call)
  vectors <- found$vectors[, some, drop = FALSE]
  part <- function(m) colSums(vectors * (m %*% vectors))
  list(loadings = root %*% vectors, scale = scale,
       values = found$values[some], from_means = part(of_means),
       from_covariances = part(of_covariances))
}

abort_no_direction <- function(fit, lambda, call) {
  k <- length(fit$weights)
  gmvae_abort(c(
    "{.arg object} must have components that differ.",
    x = if (k == 1L) {
      "There is only one component."
    } else {
      "Their {if (lambda == 0) 'covariances' else 'means'} are equal."
    },
    i = if (k > 1L) "Try another {.arg lambda}."
  ), "data", call = call)
}

new_gmm_coordinates <- function(object, source, found, moments, lambda, total,
                                x, call) {
  fit <- source$fit
  names <- list(fit$columns, paste0("DC", seq_along(found$values)))
  unit <- function(v) {
    sweep(v, 2, sqrt(colSums(v^2)), "/")
  }
  loadings <- unit(found$loadings)
  top <- cbind(apply(abs(loadings), 2, which.max), seq_len(ncol(loadings)))
  loadings <- sweep(loadings, 2, sign(loadings[top]), "*")
  directions <- unit(loadings / found$scale)
  dimnames(loadings) <- dimnames(directions) <- names
  by_name <- function(values) stats::setNames(values, names[[2]])
  share <- found$values / sum(found$values)
  means <- sweep(fit$means, 2, moments$centre) %*% directions
  out <- structure(
    list(
      directions = directions, loadings = loadings,
      values = by_name(found$values),
      from_means = by_name(found$from_means),
      from_covariances = by_name(found$from_covariances),
      importance = drop(loadings^2 %*% share),
      coordinates = NULL, group = source$group, groups = source$groups,
      weights = fit$weights, means = means,
      covariances = project_covariances(fit$covariances, directions,
                                        names(fit$weights)),
      component_group = source$component_group, legend = source$legend,
      centre = stats::setNames(moments$centre, fit$columns),
      scale = stats::setNames(found$scale, fit$columns),
      lambda = lambda, total = total, fit = object, version = gmvae_format
    ),
    class = "gmm_coordinates"
  )
  out$coordinates <- project_rows(out, fit, x, call)
  out
}

project_covariances <- function(covariances, directions, names) {
  m <- ncol(directions)
  projected <- apply(covariances, 3, function(covariance) {
    found <- crossprod(directions, matrix(covariance, nrow(directions)) %*%
                         directions)
    # With columns of very different units rounding is not symmetric.
    (found + t(found)) / 2
  })
  array(projected, c(m, m, length(names)),
        list(colnames(directions), colnames(directions), names))
}

# Rows in the directions (n x m); missing values by their conditional means.
project_rows <- function(object, fit, x, call) {
  if (anyNA(x)) x <- evaluate_rows(fit, x, "imputed", call)$imputed
  coordinates <- sweep(x, 2, object$centre) %*% object$directions
  `rownames<-`(coordinates, rownames(x))
}

#' Predict from discriminant coordinates
#'
#' Projects new rows onto the directions of [discriminant_coordinates()], and
#' assigns them to groups by the mixture in these coordinates.
#'
#' @param object The result of [discriminant_coordinates()].
#' @param newdata New data, as for [predict.gmm_fit()] (p x d). `NULL`: the rows
#'   of the fit.
#' @param type What to return, see Value.
#' @param ... Not used.
#' @param n_coordinates Number of coordinates to use, the first ones: a whole
#'   number from 1 to m. `NULL`: all m.
#' @returns An element or row for each row of `newdata`, with its name:
#'   * `"coordinates"`: the coordinates (p x `n_coordinates`)
#'   * `"cluster"`: the most probable group given these coordinates: whole
#'     numbers from 1, or for classes a factor (p). Noise is left out of
#'     account
#'   * `"posterior"`: probabilities of the groups (p x groups); rows sum to 1
#'   * `"uncertainty"`: 1 minus the largest probability (p)
#' @section Errors: Those of [predict.gmm_fit()], and `gmvae_error_option` if
#'   `n_coordinates` is out of range.
#' @seealso [discriminant_coordinates()]
#' @examples
#' fit <- gmm_fit(iris[, 1:4], k = 3, model = "VEV")
#' shown <- discriminant_coordinates(fit)
#' predict(shown, iris[c(1, 71, 150), ])
#' # How much does the second coordinate add?
#' table(both = predict(shown, type = "cluster"),
#'       first = predict(shown, type = "cluster", n_coordinates = 1))
#' @export
predict.gmm_coordinates <- function(object, newdata = NULL,
                                    type = c("coordinates", "cluster",
                                             "posterior", "uncertainty"),
                                    ..., n_coordinates = NULL) {
  call <- quote(predict())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  types <- eval(formals(predict.gmm_coordinates)$type)
  type <- if (missing(type)) types[1] else check_type(type, types, call)
  m <- length(object$values)
  if (is.null(n_coordinates)) n_coordinates <- m
  n_coordinates <- check_count(n_coordinates, max = m, call = call)
  fit <- coordinate_source(object$fit, call)$fit
  points <- if (is.null(newdata)) object$coordinates else
    project_rows(object, fit, match_columns(newdata, fit, call = call), call)
  view <- coordinate_view(object, points, seq_len(n_coordinates))
  if (type == "coordinates") return(view$points)
  posterior <- matrix(NA_real_, nrow(points), length(object$groups),
                      dimnames = list(rownames(points), object$groups))
  known <- !is.na(points[, 1])
  posterior[known, ] <- view_posterior(view, view$points[known, , drop = FALSE])
  if (type == "posterior") return(posterior)
  found <- assign_rows(posterior, noise = FALSE)[[type]]
  if (type == "uncertainty" || object$legend != "Class") return(found)
  stats::setNames(factor(object$groups[found], object$groups), names(found))
}

# The view of plot_groups() in some coordinates.
coordinate_view <- function(object, points, which) {
  view_columns(list(
    points = points, group = object$group, names = object$groups,
    weights = object$weights, means = object$means,
    covariances = object$covariances, component_group = object$component_group,
    legend = object$legend, title = "Discriminant coordinates"
  ), which)
}

#' @export
print.gmm_coordinates <- function(x, ...) {
  validate_fit(x, "x")
  k <- length(x$weights)
  cat(cli::pluralize("Discriminant coordinates of {k} component{?s}, ",
                     "lambda = {format(x$lambda)}"),
      "\n\n", sep = "")
  table <- rbind(
    value = x$values, from_means = x$from_means,
    from_covariances = x$from_covariances,
    cumulative = cumsum(x$values) / sum(x$values)
  )
  print(table, digits = 4)
  cat("\nStandardised loadings:\n")
  print(x$loadings, digits = 3)
  cat("\nImportance of the columns:\n")
  print(sort(x$importance, decreasing = TRUE), digits = 3)
  invisible(x)
}

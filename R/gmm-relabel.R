#' Order and name the components of a Gaussian mixture
#'
#' EM numbers components arbitrarily, and [gmm_fit()] sorts them by weight.
#' `relabel()` puts them into another order or gives them names. All parts of
#' the fit follow.
#'
#' @param object A fit of [gmm_fit()] with k components, or a mixture from
#'   [marginal()] or [conditional()].
#' @param order The present numbers of the components in the new order, a
#'   permutation of 1 to k.
#' @param order_by Instead of `order`: `"weight"` sorts by decreasing weight,
#'   `"volume"` by the determinant of the covariance, smallest first, and the
#'   name of a column by the mean in this column, smallest first. This is the
#'   default, with `"weight"`, if neither `order` nor `names` is given.
#' @param names New names of the components, k different texts, in the new
#'   order. `NULL`: names given by `labels` or earlier names stay with their
#'   components, and other components have their numbers.
#' @param ... Not used.
#' @returns `object` with `weights`, `means`, `covariances`, `cluster`,
#'   `posterior` and `labels` in the new order and with the new names.
#'   [update()][update.gmm_fit] returns new combinations sorted by weight again.
#' @details Components that have `labels` come first in every fit: `order` must
#'   begin with them in their order, and `order_by` sorts only the others.
#' @section Errors: `gmvae_error_option` if `order` is not a permutation, moves
#'   labelled components, or is given with `order_by`; if `order_by` is unknown;
#'   or if `names` are not k different texts.
#' @seealso [gmm_fit()], [classification_error()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' named <- relabel(fit, order_by = "eruptions", names = c("short", "long"))
#' named$means
#' head(predict(named, type = "posterior"))
#' table(named$cluster)
#' @export
relabel <- function(object, order = NULL, order_by = NULL, names = NULL, ...) {
  UseMethod("relabel")
}

#' @export
relabel.gmm_fit <- function(object, order = NULL, order_by = NULL,
                            names = NULL, ...) {
  call <- quote(relabel())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  if (is.null(order) && is.null(order_by) && is.null(names)) {
    order_by <- "weight"
  }
  order <- if (is.null(order_by)) {
    check_order(order, object, call)
  } else {
    component_order(order_by, order, object, call)
  }
  if (is.null(names)) {
    names <- moved_names(object, order)
  } else {
    check_component_names(names, object, call)
  }
  permute_components(object, order, as.character(names))
}

#' @export
relabel.gmm_mixture <- relabel.gmm_fit

#' @export
relabel.default <- function(object, order = NULL, order_by = NULL,
                            names = NULL, ...) {
  abort_no_mixture(object, quote(relabel()))
}

check_order <- function(order, object, call) {
  k <- object$k
  if (is.null(order)) return(seq_len(k))
  labelled <- seq_along(object$labels)
  if (is.numeric(order) && length(order) == k && setequal(order, seq_len(k)) &&
        all(order[labelled] == labelled)) {
    return(as.integer(order))
  }
  gmvae_abort(c(
    "{.arg order} must hold the numbers of all {k} component{?s}, each once.",
    x = "You supplied {describe(order)}.",
    i = if (length(labelled) > 0L) {
      "Components with labels must stay first: {.val {object$labels}}."
    }
  ), "option", call = call)
}

component_order <- function(order_by, order, object, call) {
  if (!is.null(order)) {
    gmvae_abort("Only one of {.arg order} and {.arg order_by} may be given.",
                "option", call = call)
  }
  check_choice(order_by, c("weight", "volume", object$columns), call = call)
  value <- switch(order_by,
    weight = -object$weights,
    volume = apply(object$covariances, 3, function(covariance) {
      determinant(as.matrix(covariance))$modulus
    }),
    object$means[, order_by]
  )
  labelled <- seq_along(object$labels)
  c(labelled, setdiff(order(value), labelled))
}

# Names move with their components; numbers are given anew.
moved_names <- function(object, order) {
  numbers <- as.character(seq_along(order))
  names <- names(object$weights)[order]
  ifelse(names == numbers[order], numbers, names)
}

check_component_names <- function(names, object, call) {
  if (is.character(names) && length(names) == object$k && !anyNA(names) &&
        all(nzchar(names)) && !anyDuplicated(names) &&
        !(!is.null(object$noise) && "noise" %in% names)) {
    return(invisible())
  }
  gmvae_abort(c(
    "{.arg names} must be {object$k} different text{?s}, one for each
     component{if (!is.null(object$noise)) ', and not \"noise\"'}.",
    x = "You supplied {describe(names)}."
  ), "option", call = call)
}

permute_components <- function(object, order, names) {
  object$weights <- stats::setNames(object$weights[order], names)
  object$means <- object$means[order, , drop = FALSE]
  rownames(object$means) <- names
  object$covariances <- object$covariances[, , order, drop = FALSE]
  dimnames(object$covariances)[[3]] <- names
  if (!inherits(object, "gmm_fit")) return(object)
  moved <- object$cluster > 0L & !is.na(object$cluster)
  if (holds_clusters(object)) {
    object$cluster[moved] <- match(object$cluster[moved], order)
  }
  if (!is.null(object$posterior)) {
    noise <- if (!is.null(object$noise)) object$k + 1L
    object$posterior <- object$posterior[, c(order, noise), drop = FALSE]
    colnames(object$posterior) <- posterior_names(names, !is.null(noise))
  }
  if (!is.null(object$labels)) object$labels <- names[seq_along(object$labels)]
  # The winner among the candidates, from which update() takes it again.
  mixture <- object$candidates[[1]]$mixture
  mixture$weights <- mixture$weights[order]
  mixture$means <- mixture$means[order, , drop = FALSE]
  mixture$covariances <- mixture$covariances[, , order, drop = FALSE]
  object$candidates[[1]]$mixture <- mixture
  object
}

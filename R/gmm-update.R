#' Change the arguments of a Gaussian mixture fit
#'
#' Fits a Gaussian mixture again, with some arguments of [gmm_fit()] changed. If
#' only `k`, `model`, `criterion`, `keep_data` or `keep_posterior` change,
#' combinations of `k` and `model` that were compared before are taken from the
#' fit instead of being fitted again.
#'
#' @param object A fit of [gmm_fit()].
#' @param ... Arguments of [gmm_fit()] to change, by name.
#' @param x The data that were fitted. `NULL`: the copy that the fit holds
#'   (`keep_data = TRUE`), or else the `x` in the call of [gmm_fit()], evaluated
#'   where `update()` is called.
#' @returns A `gmm_fit` object, as [gmm_fit()] returns it for these arguments.
#'   If combinations were taken from `object`, new ones are fitted with its
#'   seed, and R's random number generator is not used.
#' @section Errors: Those of [gmm_fit()], and `gmvae_error_input` if `x` is not
#'   found or not the data of the fit, or if the `weights`, `labels`, `start` or
#'   `noise` in the call of [gmm_fit()] are not found or have changed.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 1:3)
#' # Fits only k = 4
#' more <- update(fit, k = 1:4)
#' # Fits nothing, but chooses by another criterion
#' update(more, criterion = "icl")
#' @importFrom stats update
#' @export
update.gmm_fit <- function(object, ..., x = NULL) {
  caller <- parent.frame()
  call <- quote(update())
  validate_fit(object, call = call)
  check_candidates(object, call)
  changes <- list(...)
  written <- match.call(expand.dots = FALSE)$...
  check_changes(changes, written, call)
  if ("k" %in% names(changes)) changes$k <- check_k(changes$k, call)
  x <- fitted_data(object, x, "x", caller, call, on_disk = TRUE)
  arguments <- fit_arguments(object, setdiff(names(formals(gmm_fit)),
                                             names(changes)), caller, call)
  arguments[names(changes)] <- changes
  inputs <- gmm_inputs(x, arguments, call)
  if (!any(c(row_arguments, "na_action") %in% names(changes)) &&
        inputs$fingerprint != object$fingerprint) {
    abort_not_found(row_arguments, call)
  }
  known <- if (is_reusable(object, inputs, names(changes))) object
  new_call <- object$call
  new_call[names(changes)] <- written
  fit <- gmm_bridge(inputs, known, call_by_name(new_call, "gmm_fit"), call)
  fit$formula <- object$formula
  fit
}

row_arguments <- c("weights", "labels", "start", "noise")

# `written`: the expressions of the changes.
check_changes <- function(changes, written, call) {
  allowed <- setdiff(names(formals(gmm_fit)), c("x", "..."))
  given <- rlang::names2(changes)
  unknown <- !given %in% allowed
  if (any(unknown)) {
    abort_unknown(written[unknown], list(
      own = c(allowed, "x"), unnamed = "object",
      control = control_of(gmm_fit)
    ), call)
  }
  if (!anyDuplicated(given)) return(invisible())
  gmvae_abort(c(
    "Each argument must be given once.",
    x = "{.arg {unique(given[duplicated(given)])}} is given twice."
  ), "option", call = call)
}

# The arguments `names` of the fit: those that it carries, and the others from
# its call, evaluated where update() is called.
fit_arguments <- function(object, names, envir, call) {
  carried <- list(
    k = unique(object$search$k), model = unique(object$search$model),
    prior = object$prior, na_action = object$na_action,
    criterion = object$criterion, keep_data = !is.null(object$data),
    keep_posterior = !is.null(object$posterior), control = object$control
  )
  # Another start may have another number of components.
  if (!"start" %in% names) carried["k"] <- list(NULL)
  by_row <- intersect(row_arguments, names)
  values <- lapply(by_row, function(name) {
    value <- try(eval(object$call[[name]], envir), silent = TRUE)
    # A function is R's own weights(), labels() or start(), not the user's.
    if (inherits(value, "try-error") || is.function(value)) {
      abort_not_found(name, call)
    }
    value
  })
  c(carried, stats::setNames(values, by_row))
}

abort_not_found <- function(arguments, call) {
  gmvae_abort(c(
    "What the call of {.fn gmm_fit} gave for single rows must still be found, or
     be given again.",
    x = "{.or {.arg {arguments}}} {?is/are} not found or {?has/have} changed."
  ), "input", call = call)
}

# Would `inputs` give the same mixtures for the candidates of `object`?
is_reusable <- function(object, inputs, changes) {
  results <- setdiff(names(inputs$control), c("n_threads", "verbose"))
  inputs$criterion != "test" &&
    all(changes %in% c("k", "model", "criterion", "keep_data",
                       "keep_posterior", "control", "BPPARAM")) &&
    identical(inputs$control[results], object$control[results])
}

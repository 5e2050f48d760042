#' Change a Gaussian mixture's k, models, criterion or any other argument
#'
#' Fits again with some arguments of [gmm_fit()] changed. Where only `k`,
#' `model`, `criterion`, `keep_data` or `keep_posterior` change, combinations
#' that the fit has compared already are taken from its table instead of being
#' fitted again.
#'
#' @param object A fit of [gmm_fit()].
#' @param ... Arguments of [gmm_fit()] other than `x`, by name.
#' @param data The data that were fitted; `NULL`: found as by
#'   [plot()][plot.gmm_fit].
#' @returns A `gmm_fit` object, as from the call of [gmm_fit()] with these
#'   arguments. Where combinations were taken over, the new ones are fitted with
#'   the seed of `object`, and no draw is taken from R's generator.
#' @section Errors: Those of [gmm_fit()]; `gmvae_error_input` where `data` are
#'   not those of the fit, or what the call gave for single rows (`weights`,
#'   `labels`, `start`, `noise`) is no longer found.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 1:3)
#' # Fits k = 4 only
#' more <- update(fit, k = 1:4)
#' # Fits nothing, but chooses anew
#' update(more, criterion = "icl")
#' @importFrom stats update
#' @export
update.gmm_fit <- function(object, ..., data = NULL) {
  caller <- parent.frame()
  call <- quote(update())
  check_fit(object, call = call)
  changes <- list(...)
  check_changes(changes, call)
  if ("k" %in% names(changes)) changes$k <- check_k(changes$k, call)
  x <- fitted_data(object, data, caller, call)
  arguments <- fit_arguments(object, setdiff(names(formals(gmm_fit)),
                                             names(changes)), caller, call)
  arguments[names(changes)] <- changes
  inputs <- gmm_inputs(x, arguments, call)
  if (!any(c(row_arguments, "na_action") %in% names(changes)) &&
        inputs$fingerprint != object$fingerprint) {
    abort_not_found(row_arguments, call)
  }
  written <- object$call
  written[names(changes)] <- match.call(expand.dots = FALSE)$...
  gmm_bridge(inputs, if (is_reusable(object, inputs, names(changes))) object,
             call_by_name(written, "gmm_fit"), call)
}

row_arguments <- c("weights", "labels", "start", "noise")

check_changes <- function(changes, call) {
  allowed <- setdiff(names(formals(gmm_fit)), c("x", "..."))
  given <- rlang::names2(changes)
  if (all(given %in% allowed) && !anyDuplicated(given)) return(invisible())
  other <- setdiff(given, allowed)
  gmvae_abort(c(
    "Changes must be arguments of {.fn gmm_fit} other than {.arg x}, by name.",
    x = if (length(other) == 0L) {
      "{.arg {unique(given[duplicated(given)])}} is there twice."
    } else if (!all(nzchar(other))) {
      "One has no name."
    } else {
      "{.arg {other}} {?is/are} not among them."
    },
    i = "They are {.arg {allowed}}."
  ), "option", call = call)
}

# The arguments `names` as the fit had them: what it carries, or what its call
# gives where update() is called.
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
    # A function is R's own of that name.
    if (inherits(value, "try-error") || is.function(value)) {
      abort_not_found(name, call)
    }
    value
  })
  c(carried, stats::setNames(values, by_row))
}

abort_not_found <- function(arguments, call) {
  gmvae_abort(c(
    "What the call of {.fn gmm_fit} gave for single rows must be found again,
     or given.",
    x = "{.or {.arg {arguments}}} {?is/are} not what {?it was/they were}."
  ), "input", call = call)
}

# Are the combinations that `object` has compared the same for `inputs`?
is_reusable <- function(object, inputs, changes) {
  results <- setdiff(names(inputs$control), c("n_threads", "verbose"))
  all(changes %in% c("k", "model", "criterion", "keep_data", "keep_posterior",
                     "control")) &&
    identical(inputs$control[results], object$control[results])
}

# Formulas that name the columns of gmm_fit(). A formula is not a class of data:
# it only says where the columns are, so that gmm_fit() needs no methods.

# gmm_fit() for the `call` of a user, with a formula as `x` and possibly `data`,
# evaluated in `envir`.
fit_formula <- function(call, envir) {
  named <- quote(gmm_fit())
  definition <- gmm_fit
  data <- formals(function(data) NULL)
  formals(definition) <- append(formals(gmm_fit), data, 1L)
  written <- match.call(definition, call, envir = envir)
  formula <- eval(written$x, envir)
  data <- eval(written$data, envir)
  inner <- written
  inner[[1]] <- gmm_fit
  inner$data <- NULL
  inner$x <- formula_columns(formula, data, "data", named)
  fit <- eval(inner, envir)
  # do.call() puts a formula into the call with its environment.
  attributes(written$x) <- NULL
  fit$call <- call_by_name(written, "gmm_fit")
  fit["formula"] <- list(portable_formula(formula))
  fit
}

# The columns that a formula names (n x d), with the rows of the data; missing
# values stay.
formula_columns <- function(formula, data, arg, call) {
  terms <- rlang::try_fetch(
    stats::terms(formula, data = data),
    error = function(cnd) abort_formula(formula, call, cnd)
  )
  if (attr(terms, "response") != 0L || any(attr(terms, "order") != 1L) ||
        length(attr(terms, "term.labels")) == 0L ||
        !is.null(attr(terms, "offset"))) {
    abort_formula(formula, call)
  }
  frame <- rlang::try_fetch(
    stats::model.frame(terms, data, na.action = stats::na.pass),
    error = function(cnd) {
      gmvae_abort(c(
        "The columns of {.arg x} must be found in {.arg {arg}}.",
        x = "{conditionMessage(cnd)}."
      ), "input", call = call)
    }
  )
  frame <- frame[attr(terms, "term.labels")]
  attr(frame, "terms") <- NULL
  as_numeric_matrix(do.call(data.frame, c(
    unclass(frame)[names(frame)], list(check.names = FALSE,
                                       row.names = row.names(frame))
  )), "x", call)
}

abort_formula <- function(formula, call, parent = NULL) {
  gmvae_abort(c(
    "As a formula, {.arg x} must name columns after the {.code ~}, joined by
     {.code +}.",
    x = "You supplied {.code {deparse1(formula)}}.",
    i = "For instance {.code gmm_fit(~ eruptions + waiting, data = faithful)}."
  ), "option", call = call, parent = parent)
}

# Without the environment where it was written, which may hold large data.
portable_formula <- function(formula) {
  environment(formula) <- globalenv()
  formula
}

# The data that a call of gmm_fit() names, evaluated in `envir`.
data_of_call <- function(call, envir) {
  x <- eval(call$x, envir)
  if (!inherits(x, "formula")) return(x)
  formula_columns(x, eval(call$data, envir), "data", quote(gmm_fit()))
}

# New data for a fit by formula: its columns, unless they are there already.
apply_formula <- function(object, newdata, arg, call) {
  if (is.null(object$formula) || !is.data.frame(newdata) ||
        all(object$columns %in% names(newdata))) {
    return(newdata)
  }
  formula_columns(object$formula, newdata, arg, call)
}

# What gmm_fit() and its methods accept, and how they say no.

# The covariance models: the core knows them by code, people by description.
gmm_models <- data.frame(
  code = c("VVV", "EEE", "VVI", "VII"),
  alias = c("full", "tied", "diag", "spherical"),
  description = c(
    "ellipsoidal, varying volume, shape and orientation",
    "ellipsoidal, equal volume, shape and orientation",
    "diagonal, varying volume and shape",
    "spherical, varying volume"
  )
)

check_given <- function(no_x, no_k, call = rlang::caller_env()) {
  if (no_x) {
    gmvae_abort(c(
      "{.arg x}, the data, must be given.",
      i = "For instance {.code gmm_fit(faithful, k = 2)}."
    ), "input", call = call)
  }
  if (no_k) {
    gmvae_abort(c(
      "{.arg k}, the number of components, must be given.",
      i = "For instance {.code gmm_fit(x, k = 2)}, or {.code k = 1:6} to choose
           by BIC."
    ), "option", call = call)
  }
}

check_models <- function(model, d, call = rlang::caller_env()) {
  if (is.null(model)) {
    return(if (d == 1L) c("EEE", "VVV") else gmm_models$code)
  }
  known <- c(gmm_models$code, gmm_models$alias)
  if (is.character(model) && length(model) > 0L && all(model %in% known)) {
    return(unique(rep(gmm_models$code, 2)[match(model, known)]))
  }
  unknown <- if (is.character(model)) setdiff(model, known)
  gmvae_abort(c(
    "{.arg model} must name covariance models, or be `NULL` for all.",
    x = if (length(unknown) > 0L) {
      "There is no {.val {unknown}}."
    } else {
      "You supplied {describe(model)}."
    },
    i = "The models are {.or {.val {known}}}."
  ), "option", call = call)
}

check_k <- function(k, x, call = rlang::caller_env()) {
  length <- if (length(k) == 1L) 1L
  k <- unique(check_count(k, length = length, arg = "k", call = call))
  distinct <- n_distinct_rows(x, max(k))
  if (max(k) <= distinct) return(k)
  gmvae_abort(c(
    "{.arg k} must be at most the number of distinct rows of {.arg x}.",
    x = "You supplied {max(k)}, but {.arg x} has {nrow(x)} row{?s},
         {distinct} of them distinct."
  ), "option", call = call)
}

# The number of distinct rows, or any number of at least `enough` of them.
n_distinct_rows <- function(x, enough) {
  n <- nrow(x)
  first <- seq_len(min(n, 10L * enough))
  if (sum(!duplicated(x[first, , drop = FALSE])) >= enough) return(enough)
  sorted <- x[do.call(order, as.data.frame(x)), , drop = FALSE]
  changes <- sorted[-1, , drop = FALSE] != sorted[-n, , drop = FALSE]
  1L + sum(rowSums(changes) > 0)
}

check_start <- function(start, n, k, call = rlang::caller_env()) {
  if (is.null(start)) return(NULL)
  labels <- if (is.factor(start)) as.integer(start) else start
  good <- is.numeric(labels) && length(labels) == n && all(is.finite(labels)) &&
    all(labels == round(labels)) && length(k) == 1L && all(labels %in% 1:k)
  if (good && all(1:k %in% labels)) return(as.integer(labels))
  gmvae_abort(c(
    "{.arg start} must give each row of {.arg x} a component from 1 to
     {.arg k}, each at least once, for one {.arg k}.",
    x = if (good) {
      "Components without a row: {setdiff(1:k, labels)}."
    } else {
      "You supplied {describe(start)} for {n} row{?s}."
    }
  ), "option", call = call)
}

# Numeric data with observations in rows as a matrix of doubles with column
# names: its own, or `columns` where these are as many, or V1, V2, ...
as_numeric_matrix <- function(x, columns = NULL, arg = rlang::caller_arg(x),
                              call = rlang::caller_env()) {
  force(arg)
  if (is.data.frame(x)) {
    check_numeric_columns(x, arg, call)
    # Automatic row names are kept as well: the results are named by them.
    x <- `rownames<-`(as.matrix(x), rownames(x))
  } else if (is.numeric(x) && is.null(dim(x))) {
    x <- matrix(x, dimnames = list(names(x), NULL))
  }
  # Before the type: without rows, a data frame becomes a logical matrix.
  if (is.matrix(x) && length(x) == 0L) {
    gmvae_abort(c(
      "{.arg {arg}} must have at least one row and one column.",
      x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
    ), "input", call = call)
  }
  if (!is.matrix(x) || !is.numeric(x)) {
    gmvae_abort(c(
      "{.arg {arg}} must be a numeric matrix, a data frame of numeric columns
       or a numeric vector.",
      x = "You supplied {describe(x)}.",
      i = if (inherits(x, "Matrix")) "Convert it by `as.matrix()`."
    ), "input", call = call)
  }
  if (is.null(colnames(x))) {
    colnames(x) <- if (length(columns) == ncol(x)) columns else
      paste0("V", seq_len(ncol(x)))
  }
  storage.mode(x) <- "double"
  check_finite_values(x, arg, call)
  x
}

check_numeric_columns <- function(x, arg, call) {
  numeric <- vapply(x, function(column) {
    is.numeric(column) && is.null(dim(column))
  }, TRUE)
  if (all(numeric)) return(invisible())
  other <- names(x)[!numeric]
  gmvae_abort(c(
    "The columns of {.arg {arg}} must be numeric.",
    x = "{.val {other}} {?is/are} not.",
    i = if (arg == "x") "Leave {cli::qty(other)}{?it/them} out."
  ), "input", call = call)
}

check_finite_values <- function(x, arg, call) {
  bad <- which(!is.finite(x), arr.ind = TRUE)
  if (nrow(bad) == 0L) return(invisible())
  first <- utils::head(bad, 3)
  where <- sprintf("row %d of %s", first[, 1], colnames(x)[first[, 2]])
  gmvae_abort(c(
    "{.arg {arg}} must have finite values only.",
    x = "{nrow(bad)} value{?s} {?is/are} missing or infinite, the first in
         {where}.",
    i = "Drop these rows, or fill the values in."
  ), "data", call = call)
}

# Columns are known by their names, and a constant one has no density.
check_columns_differ <- function(x, call = rlang::caller_env()) {
  twice <- unique(colnames(x)[duplicated(colnames(x))])
  if (length(twice) > 0L) {
    gmvae_abort(c(
      "The columns of {.arg x} must have different names.",
      x = "{.val {twice}} {?is/are} there more than once."
    ), "input", call = call)
  }
  constant <- colnames(x)[apply(x, 2, function(column) {
    all(column == column[1])
  })]
  if (length(constant) == 0L) return(invisible())
  gmvae_abort(c(
    "The columns of {.arg x} must vary.",
    x = "{.val {constant}} {?is/are} constant.",
    i = "Leave {cli::qty(constant)}{?it/them} out."
  ), "data", call = call)
}

# Covariances are in squared units, which must be far from the ends of double.
check_units <- function(x, call = rlang::caller_env()) {
  ranges <- apply(x, 2, function(column) max(column) - min(column))
  extreme <- ranges < 1e-130 | ranges > 1e130
  if (!any(extreme)) return(invisible())
  columns <- colnames(x)[extreme]
  gmvae_abort(c(
    "The range of each column of {.arg x} must be from 1e-130 to 1e130.",
    x = "That of {.val {columns}} is {signif(ranges[extreme], 2)}.",
    i = "Change {cli::qty(columns)}{?its/their} units."
  ), "data", call = call)
}

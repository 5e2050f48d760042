# Covariates: what else is known of the cells, besides their batch, and is to be
# explained by the decoder. A data frame with a row for each cell and a column
# for each covariate, a factor or a number; the fit keeps that of its cells, by
# which the covariates of other cells are coded, too.

# `covariates` as a user gives them: a formula or names, of columns of a
# container's cell data, or a data frame.
as_covariates <- function(covariates, n, x = NULL, call, cells = NULL) {
  if (is.null(covariates)) return(NULL)
  if (rlang::is_formula(covariates)) {
    covariates <- covariate_names(covariates, call)
  }
  if (is.character(covariates) && is.null(dim(covariates))) {
    covariates <- named_columns(covariates, x, cells, call)
  }
  given <- is.data.frame(covariates) || methods::is(covariates, "DataFrame")
  if (!given || nrow(covariates) != n || ncol(covariates) == 0L) {
    abort_not_covariates(covariates, n, x, call)
  }
  columns <- lapply(label_lists(covariates), match_by_name, cells,
                    arg = "covariates", call = call)
  check_covariate_names(names(columns), call)
  for (name in names(columns)) {
    columns[[name]] <- as_covariate(columns[[name]], name, n, call)
  }
  structure(columns, class = "data.frame", row.names = .set_row_names(n))
}

# The names in ~ a + b.
covariate_names <- function(formula, call) {
  names <- sum_of_names(rlang::f_rhs(formula))
  if (is.null(rlang::f_lhs(formula)) && !anyNA(names)) return(unique(names))
  gmvae_abort(c(
    "A formula in {.arg covariates} must be a sum of names of columns, such as
     {.code ~ chemistry + percent_mito}.",
    x = "You supplied {.code {deparse1(formula)}}.",
    i = "For anything else, such as a logarithm or an interaction, compute a
         column first."
  ), "option", call = call)
}

# NA where `expr` is not only names and `+`.
sum_of_names <- function(expr) {
  if (is.symbol(expr)) return(as.character(expr))
  if (rlang::is_call(expr, "(", n = 1L)) return(sum_of_names(expr[[2]]))
  if (!rlang::is_call(expr, "+", n = 2L)) return(NA_character_)
  c(sum_of_names(expr[[2]]), sum_of_names(expr[[3]]))
}

named_columns <- function(names, x, cells, call) {
  columns <- cell_columns(x)
  if (is.null(columns)) {
    gmvae_abort(c(
      "{.arg covariates} must be a data frame with a row for each cell.",
      x = "You named the column{?s} {.val {names}}, but the counts are in a
           matrix, which has no such data on its cells.",
      i = "Give the data themselves, or the counts in a SingleCellExperiment."
    ), "option", call = call)
  }
  unknown <- setdiff(names, columns)
  if (length(unknown) > 0L) {
    gmvae_abort(c(
      "{.arg covariates} must name columns of the cell data.",
      x = "There is no column {first_few(unknown)}.",
      i = if (length(columns) > 0L) "The columns are {.val {columns}}." else
        "The cell data have no columns."
    ), "option", call = call)
  }
  cell_data(x, cells)[names]
}

abort_not_covariates <- function(covariates, n, x, call) {
  columns <- cell_columns(x)
  gmvae_abort(c(
    "{.arg covariates} must be a data frame with a row for each cell, {n}
     here{if (!is.null(columns))
     ', or a formula of columns of the cell data'}.",
    x = if (is.data.frame(covariates) ||
              methods::is(covariates, "DataFrame")) {
      "It has {nrow(covariates)} row{?s} and {ncol(covariates)} column{?s}."
    } else {
      "You supplied {describe(covariates)}."
    },
    i = "For instance {.code data.frame(chemistry, percent_mito)}."
  ), "option", call = call)
}

check_covariate_names <- function(names, call) {
  names <- as.character(names)
  bad <- is.na(names) | !nzchar(names) | duplicated(names)
  if (!any(bad)) return(invisible())
  gmvae_abort(c(
    "Columns of {.arg covariates} must have different names.",
    x = if (nzchar(names[bad][1])) "{.val {names[bad][1]}} occurs twice." else
      "Column {which(bad)[1]} has none."
  ), "option", call = call)
}

# A column as a factor or as finite numbers.
as_covariate <- function(values, name, n, call) {
  labels <- is.factor(values) || is.character(values) || is.logical(values)
  if (!labels && (!is.numeric(values) || is.object(values))) {
    gmvae_abort(c(
      "Covariate {.val {name}} must be a factor, strings or numbers.",
      x = "It is {describe(values)}."
    ), "option", call = call)
  }
  values <- without_missing_level(values)
  missing <- which(is.na(values) | (is.numeric(values) & is.infinite(values)))
  if (length(missing) > 0L) {
    gmvae_abort(c(
      "Covariate {.val {name}} must not have missing or infinite values.",
      x = "{length(missing)} of {n} values {cli::qty(length(missing))}{?is/are},
           the first that of cell {missing[1]}.",
      i = "Remove those cells, or give them a value."
    ), "option", call = call)
  }
  values <- unname(values)
  if (labels) return(factor(values, ordered = FALSE))
  as.double(values)
}

# Those that explain something: constant ones, and those that others determine,
# are left out, with a warning.
check_covariates <- function(covariates, batch, call) {
  if (is.null(covariates)) return(NULL)
  check_each_its_own(covariates, call)
  constant <- vapply(covariates, function(v) length(unique(v)) == 1L, NA)
  if (any(constant)) {
    gmvae_warn(c(
      "{.fn gmvae} leaves out {cli::qty(sum(constant))}covariate{?s}
       {.val {names(covariates)[constant]}}.",
      x = "{cli::qty(sum(constant))}{?It has/They have} the same value in all
           cells."
    ), "data", call = call)
    covariates <- covariates[!constant]
  }
  check_spread(covariates, call)
  determined <- determined_covariates(covariates, batch)
  if (length(determined) > 0L) {
    others <- c(if (n_batches(batch) > 0L) "batch", names(covariates))
    gmvae_warn(c(
      "{.fn gmvae} leaves out {cli::qty(determined)}covariate{?s}
       {.val {determined}}.",
      x = "{cli::qty(determined)}{?It is/They are} determined by what comes
           before: {.val {setdiff(others, determined)}}.",
      i = "Their effects can't be told apart. To keep it, leave out the others."
    ), "data", call = call)
    covariates <- covariates[setdiff(names(covariates), determined)]
  }
  warn_small_levels(covariates, call)
  if (ncol(covariates) > 0L) covariates
}

# Numbers are divided by their standard deviation.
check_spread <- function(covariates, call) {
  for (name in names(covariates)) {
    values <- covariates[[name]]
    spread <- if (is.numeric(values)) stats::sd(values) else 1
    if (is.finite(spread) && spread > 0) next
    gmvae_abort(c(
      "Covariate {.val {name}} must have numbers whose standard deviation can be
       computed.",
      x = "They reach from {format(min(values))} to {format(max(values))}.",
      i = "Give the covariate in another unit."
    ), "option", call = call)
  }
}

# Where each cell has a level of its own, it explains everything.
check_each_its_own <- function(covariates, call) {
  n <- nrow(covariates)
  own <- vapply(covariates, function(v) is.factor(v) && nlevels(v) == n, NA)
  if (n == 1L || !any(own)) return(invisible())
  gmvae_abort(c(
    "Covariate {.val {names(covariates)[own][1]}} must have fewer levels than
     there are cells.",
    x = "Each of the {n} cells has a level of its own.",
    i = "Give measurements as numbers, not as strings."
  ), "option", call = call)
}

# Names of the covariates whose columns add nothing to those of the batches and
# of the covariates before them.
determined_covariates <- function(covariates, batch) {
  gram <- function(names) {
    rows <- design_matrix(batch, covariates[names])
    if (is.null(rows)) return(diag(1, 1))
    rows <- rbind(1, rows)
    rows <- rows / sqrt(Matrix::rowSums(rows^2))
    as.matrix(Matrix::tcrossprod(rows))
  }
  rank_of <- function(names) {
    values <- eigen(gram(names), TRUE, only.values = TRUE)$values
    sum(values > 1e-8 * values[1])
  }
  kept <- character()
  rank <- rank_of(kept)
  for (name in names(covariates)) {
    with <- rank_of(c(kept, name))
    if (with > rank) kept <- c(kept, name)
    rank <- max(rank, with)
  }
  setdiff(names(covariates), kept)
}

warn_small_levels <- function(covariates, call, few = 10L) {
  for (name in names(Filter(is.factor, covariates))) {
    sizes <- table(covariates[[name]])
    small <- names(sizes)[sizes < few]
    if (length(small) == 0L) next
    gmvae_warn(c(
      "Levels of covariate {.val {name}} should have at least {few} cells.",
      x = "{length(small)} of {length(sizes)} {cli::qty(length(small))}
           {?has/have} fewer: {first_few(small)}.",
      i = "Whatever these cells have in common passes for an effect of the
           covariate: merge the level with a similar one."
    ), "data", call = call)
  }
}

# Cells that a fit decodes, its own or new ones --------------------------------

# The covariates of `n` cells, as given or from the cell data of `newdata`, for
# the columns of the fit; NULL where they are not known.
known_covariates <- function(object, covariates, n, newdata, call,
                             cells = NULL) {
  fitted <- object$covariates
  if (is.null(fitted)) {
    if (is.null(covariates)) return(NULL)
    gmvae_abort(c(
      "{.arg covariates} can be given only if the fit has covariates.",
      i = "Fit again with {.arg covariates} in {.fn gmvae}."
    ), "option", call = call)
  }
  if (is.null(covariates)) {
    if (!all(names(fitted) %in% cell_columns(newdata))) return(NULL)
    covariates <- names(fitted)
  }
  covariates <- as_covariates(covariates, n, newdata, call, cells)
  absent <- setdiff(names(fitted), names(covariates))
  if (length(absent) > 0L) {
    gmvae_abort(c(
      "{.arg covariates} must have the covariates of the fit:
       {.val {names(fitted)}}.",
      x = "{.val {absent}} {?is/are} missing."
    ), "option", call = call)
  }
  for (name in names(fitted)) {
    covariates[[name]] <- coded_as(covariates[[name]], fitted[[name]], name,
                                   "covariates", call)
  }
  covariates[names(fitted)]
}

# Values as those of the fit: a factor with its levels, or numbers.
coded_as <- function(values, fitted, name, arg, call) {
  if (is.factor(fitted)) {
    unknown <- setdiff(as.character(values), levels(fitted))
    if (length(unknown) == 0L) {
      return(factor(as.character(values), levels(fitted)))
    }
    gmvae_abort(c(
      "Values of {.val {name}} in {.arg {arg}} must be levels of the fit:
       {first_few(levels(fitted))}.",
      x = "The fit has no cells of {first_few(unknown)}."
    ), "option", call = call)
  }
  if (is.numeric(values) && all(is.finite(values))) return(as.double(values))
  gmvae_abort(c(
    "Values of {.val {name}} in {.arg {arg}} must be finite numbers, as in the
     fit.",
    x = "You supplied {describe(values)}."
  ), "option", call = call)
}

# `at`: the value of some covariates for all cells, coded as in the fit.
check_at <- function(at, object, call) {
  if (is.null(at)) return(NULL)
  fitted <- object$covariates
  named <- is.list(at) && length(at) > 0L &&
    all(nzchar(rlang::names2(at))) && !anyDuplicated(names(at)) &&
    all(lengths(at) == 1L)
  if (!named) {
    gmvae_abort(c(
      "{.arg at} must be a list with one value for each covariate that it
       names, such as {.code list(chemistry = \"v3\")}.",
      x = "You supplied {describe(at)}."
    ), "option", call = call)
  }
  unknown <- setdiff(names(at), names(fitted))
  if (length(unknown) > 0L) {
    gmvae_abort(c(
      "{.arg at} must name covariates of the fit.",
      x = "The fit has no covariate {first_few(unknown)}.",
      i = if (length(fitted) > 0L) {
        "Its covariates are {.val {names(fitted)}}."
      } else if ("batch" %in% unknown) {
        "For batches use {.arg batch}."
      } else {
        "It has none: fit again with {.arg covariates} in {.fn gmvae}."
      }
    ), "option", call = call)
  }
  Map(function(value, name) {
    coded_as(value, fitted[[name]], name, "at", call)
  }, at, names(at))
}

# Covariates with the values of `at`; where these are all, others are not
# needed.
covariates_at <- function(object, covariates, at, n) {
  if (is.null(covariates) && !all(names(object$covariates) %in% names(at))) {
    return(NULL)
  }
  if (is.null(covariates)) {
    covariates <- object$covariates[rep(1L, n), , drop = FALSE]
  }
  for (name in names(at)) covariates[[name]] <- rep(at[[name]], n)
  rownames(covariates) <- NULL
  covariates
}

check_covariates_given <- function(object, covariates, type, asked, call) {
  needed <- type %in% types_of_batch && !is.null(object$covariates)
  if (!is.null(covariates) || !needed) return(invisible())
  gmvae_abort(c(
    "{.arg covariates} must be given for {.code {asked}}.",
    x = "The fit has covariates: {.val {names(object$covariates)}}.",
    i = "Give a data frame with a row for each cell of {.arg newdata}."
  ), "option", call = call)
}

# What expected values are averaged over: the combinations of batches and levels
# of factors that occur among the cells of the fit, but for those that are
# given, with numbers at their means. A list of `weight` (sum 1), `batch` and
# `covariates` (rows), an entry for each combination.
reference_design <- function(object, batch_given = FALSE, at = NULL) {
  n <- nrow(object$latent)
  free <- setdiff(names(object$covariates), names(at))
  groups <- c(if (!batch_given && n_batches(object$batch) > 0L) {
    list(object$batch)
  }, Filter(is.factor, as.list(object$covariates[free])))
  group <- if (length(groups) == 0L) {
    factor(rep("all", n))
  } else {
    interaction(unname(groups), drop = TRUE, lex.order = TRUE)
  }
  first <- match(levels(group), group)
  covariates <- rows_of(object$covariates, first)
  for (name in free) {
    values <- object$covariates[[name]]
    if (is.numeric(values)) covariates[[name]][] <- mean(values)
  }
  list(weight = tabulate(group) / n, batch = object$batch[first],
       covariates = covariates)
}

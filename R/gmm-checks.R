# The data that gmm_fit() and its methods accept. A matrix of doubles is read
# where it lies; column names are kept apart from it, because renaming a matrix
# would copy it.

check_given <- function(no_x, call = rlang::caller_env()) {
  if (!no_x) return(invisible())
  gmvae_abort(c(
    "{.arg x} must be given: it holds the data.",
    i = "For instance {.code gmm_fit(faithful, k = 2)}."
  ), "input", call = call)
}

# Numeric data with observations in rows, as a matrix of doubles.
as_numeric_matrix <- function(x, arg = rlang::caller_arg(x),
                              call = rlang::caller_env()) {
  force(arg)
  check_not_integer64(x, arg, call)
  if (is_s4(x, "DelayedMatrix")) x <- as.matrix(x)
  if (is.data.frame(x)) {
    x[] <- lapply(x, drop_one_column)
    check_numeric_columns(x, arg, call)
    # Results are named by rows, also by automatic row names.
    x <- `rownames<-`(as.matrix(x), rownames(x))
  } else if (is.numeric(x) && length(dim(x)) < 2L) {
    x <- matrix(x, dimnames = list(names(x), NULL))
  }
  # Checked before the type: an empty data frame becomes a logical matrix.
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
      i = if (inherits(x, "Matrix")) "Convert it with `as.matrix()`."
    ), "input", call = call)
  }
  if (is.object(x)) x <- unclass(x)
  if (!is.double(x)) storage.mode(x) <- "double"
  x
}

# A column that is a matrix of one column, as scale() returns it, as a vector.
drop_one_column <- function(column) {
  if (is.numeric(column) && length(dim(column)) == 2L && ncol(column) == 1L) {
    column <- as.vector(column)
  }
  column
}

check_numeric_columns <- function(x, arg, call) {
  numeric <- vapply(x, function(column) {
    is.numeric(column) && length(dim(column)) < 2L
  }, TRUE)
  if (all(numeric)) return(invisible())
  other <- names(x)[!numeric]
  first <- x[[other[1]]]
  gmvae_abort(c(
    "The columns of {.arg {arg}} must be numeric.",
    x = "{.val {other}} {?is/are} not: {?it/the first} has class
         {.cls {class(first)[1]}}.",
    i = how_to_convert(first, other[1], arg),
    i = if (arg == "x") "Or leave {cli::qty(other)}{?this column/these columns}
         out."
  ), "input", call = call)
}

# The line that makes a column numeric, where there is one.
how_to_convert <- function(column, name, arg) {
  into <- sprintf("%s[[\"%s\"]]", arg, name)
  if (is.factor(column)) {
    return("Numbers that stand for the levels of a factor are no measurements.")
  }
  if (length(dim(column)) == 2L) {
    return("Each column of a matrix must be a column of its own:
            {.code do.call(cbind, {arg})}.")
  }
  if (is.list(column)) return("Each row of a column must have one number.")
  paste0("Convert it with {.code ", into, " <- as.numeric(", into, ")}",
         if (is.character(column)) ", if it holds numbers as text", ".")
}

# Package bit64 keeps whole numbers of 64 bits in the memory of doubles, whose
# values mean nothing.
check_not_integer64 <- function(x, arg, call) {
  columns <- if (is.data.frame(x)) {
    names(x)[vapply(x, inherits, TRUE, what = "integer64")]
  }
  if (!inherits(x, "integer64") && length(columns) == 0L) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must hold numbers that R itself can compute with.",
    x = if (is.data.frame(x)) {
      "{.val {columns}} {?is/are} of class {.cls integer64}."
    } else {
      "It is of class {.cls integer64}."
    },
    i = "Load package {.pkg bit64} and convert with {.fn as.double}."
  ), "input", call = call)
}

# The names of the columns; V1, V2, ... for columns without a name.
column_names <- function(x) {
  names <- colnames(x)
  if (is.null(names)) names <- character(ncol(x))
  none <- is.na(names) | !nzchar(names)
  names[none] <- paste0("V", seq_along(names))[none]
  names
}

# The data of gmm_fit() as a list: `given`, all rows in memory; `x`, those to
# fit, a matrix or a file, and `kept`, their numbers (NULL: all rows); `active`,
# the numbers of the rows of `x` that have some weight and some value (NULL:
# all); `ranges`, the columns' smallest and largest values over the active rows.
gmm_data <- function(x, weights, na_action, call) {
  source <- row_source_of(x, "x", call)
  if (is.null(source)) x <- source <- as_numeric_matrix(x, "x", call)
  rows <- rownames(source)
  weights <- match_by_name(weights, rows, call = call)
  weights <- check_weights(weights, nrow(source), call)
  columns <- column_names(source)
  check_names_differ(columns, call)
  written <- if (inherits(source, "row_source")) {
    write_rows(source, "x", call, na_action == "omit")
  }
  scan <- if (is.null(written)) cpp_gmm_scan(x) else written$scan
  check_no_infinite(scan, columns, "x", call)
  out <- list(x = x, given = x, weights = weights, columns = columns,
              rows = rows, n = nrow(source),
              n_incomplete = as.integer(scan$n_incomplete), kept = NULL,
              active = NULL)
  if (!is.null(written)) out[c("x", "given")] <- list(written$x, NULL)
  if (scan$n_incomplete > 0L) {
    check_columns_filled(scan, columns, nrow(source), call)
    if (na_action == "fail") check_no_missing(scan, columns, "x", call)
    if (na_action == "omit") {
      out <- keep_complete_rows(out, written, call)
      scan <- cpp_gmm_scan(out$x)
    } else {
      out$weights <- unweigh_empty_rows(out$x, weights)
    }
  }
  if (any(out$weights == 0)) out$active <- which(out$weights > 0)
  out$ranges <- column_ranges(out$x, scan, out$active)
  check_columns_vary(out$ranges, columns, nrow(out$x), call)
  check_units(out$ranges, columns, call)
  out
}

# `written`: of a file, which holds no others.
keep_complete_rows <- function(data, written, call) {
  kept <- if (is.null(written)) which(stats::complete.cases(data$x)) else
    written$kept
  if (length(kept) == 0L) {
    gmvae_abort(c(
      "{.arg x} must have complete rows for `na_action = \"omit\"`.",
      x = "None of its {data$n} row{?s} is complete.",
      i = "`na_action = \"em\"` uses the values that they have."
    ), "data", call = call)
  }
  data$kept <- kept
  if (is.null(written)) data$x <- data$x[kept, , drop = FALSE]
  if (length(data$weights) > 0L) {
    data$weights <- data$weights[kept]
  }
  data
}

# Rows without any value hold no information: they get weight 0, so that they do
# not count in BIC.
unweigh_empty_rows <- function(x, weights) {
  empty <- if (is_row_file(x)) {
    unlist(by_blocks(x, function(rows, from, to) {
      rowSums(!is.na(rows)) == 0
    }))
  } else {
    rep(TRUE, nrow(x))
  }
  for (j in seq_len(if (is_row_file(x)) 0L else ncol(x))) {
    empty <- empty & is.na(x[, j])
  }
  if (!any(empty)) return(weights)
  if (length(weights) == 0L) weights <- rep(1, nrow(x))
  replace(weights, empty, 0)
}

# Smallest and largest values of the columns (2 x d) over the active rows.
column_ranges <- function(x, scan, active) {
  if (is.null(active)) return(rbind(scan$min, scan$max))
  vapply(seq_len(ncol(x)), function(j) {
    values <- x[active, j]
    values <- values[!is.na(values)]
    if (length(values) > 0L) range(values) else c(NaN, NaN)
  }, c(0, 0))
}

check_no_infinite <- function(scan, columns, arg, call) {
  n <- sum(scan$n_infinite)
  if (n == 0) return(invisible())
  where <- place_names(scan$first_infinite, columns)
  gmvae_abort(c(
    "{.arg {arg}} must have no infinite values.",
    x = "{n} value{?s} {?is/are} infinite, the first in {where}.",
    i = "Drop these rows, or set the values to `NA` if they are unknown."
  ), "data", call = call)
}

check_no_missing <- function(scan, columns, arg, call) {
  n <- sum(scan$n_missing)
  if (n == 0) return(invisible())
  where <- place_names(scan$first_missing, columns)
  gmvae_abort(c(
    "{.arg {arg}} must have no missing values, unless {.arg na_action} of
     {.fn gmm_fit} allows them.",
    x = "{n} value{?s} in {scan$n_incomplete} row{?s} {?is/are} missing, the
         first in {where}.",
    i = if (arg == "x") {
      "{.code na_action = \"omit\"} drops such rows;
       {.code na_action = \"em\"} uses the values that they have."
    } else {
      "Drop such rows, or fit with {.code na_action = \"em\"}, which uses the
       values that they have."
    }
  ), "data", call = call)
}

place_names <- function(first, columns) {
  sprintf("row %d of %s", first[, 1], columns[first[, 2]])
}

check_columns_filled <- function(scan, columns, n, call) {
  empty <- columns[scan$n_missing == n]
  if (length(empty) == 0L) return(invisible())
  gmvae_abort(c(
    "Every column of {.arg x} must have values.",
    x = "{.val {empty}} {?has/have} only missing values.",
    i = "Drop {cli::qty(empty)}{?this column/these columns}."
  ), "data", call = call)
}

# Columns are matched by name.
check_names_differ <- function(columns, call) {
  twice <- unique(columns[duplicated(columns)])
  if (length(twice) == 0L) return(invisible())
  gmvae_abort(c(
    "The columns of {.arg x} must have different names.",
    x = "{.val {twice}} {?occurs/occur} more than once."
  ), "input", call = call)
}

# A constant column has variance 0, and so no density.
check_columns_vary <- function(ranges, columns, n, call) {
  constant <- columns[!((ranges[2, ] > ranges[1, ]) %in% TRUE)]
  if (length(constant) == 0L) return(invisible())
  gmvae_abort(c(
    "Every column of {.arg x} must vary over the rows that are used.",
    x = if (n == 1L) {
      "There is only one row."
    } else {
      "{.val {constant}} {?is/are} constant."
    },
    i = if (length(constant) < length(columns)) {
      "Drop {cli::qty(constant)}{?this column/these columns}."
    }
  ), "data", call = call)
}

# Covariances have squared units, and doubles range from 1e-308 to 1e308.
check_units <- function(ranges, columns, call) {
  width <- ranges[2, ] - ranges[1, ]
  extreme <- width < 1e-130 | width > 1e130
  if (!any(extreme)) return(invisible())
  columns <- columns[extreme]
  gmvae_abort(c(
    "The range of each column of {.arg x}, largest minus smallest value, must be
     from 1e-130 to 1e130.",
    x = "The range of {.val {columns}} is {signif(width[extreme], 2)}.",
    i = "Change the units of {cli::qty(columns)}{?this column/these columns}."
  ), "data", call = call)
}

# The number of distinct rows, or a number of at least `enough` once that many
# are found.
n_distinct_rows <- function(x, enough, active = NULL) {
  n <- if (is.null(active)) nrow(x) else length(active)
  first <- seq_len(min(n, 10 * enough))
  if (!is.null(active)) first <- active[first]
  if (sum(!duplicated(x[first, , drop = FALSE])) >= enough) return(enough)
  if (is_row_file(x)) return(n_distinct_on_disk(x, enough, active))
  if (!is.null(active)) x <- x[active, , drop = FALSE]
  sorted <- x[do.call(order, unname(as.data.frame(x))), , drop = FALSE]
  a <- sorted[-1, , drop = FALSE]
  b <- sorted[-n, , drop = FALSE]
  differ <- a != b
  unknown <- is.na(differ)
  differ[unknown] <- (is.na(a) != is.na(b))[unknown]
  1L + sum(rowSums(differ) > 0)
}

# The same of a file, whose distinct rows are gathered until they are enough.
n_distinct_on_disk <- function(x, enough, active) {
  found <- matrix(0, 0L, ncol(x))
  for_row_blocks(x, function(rows, from, to) {
    if (nrow(found) >= enough) return(NULL)
    if (!is.null(active)) rows <- rows[(from:to) %in% active, , drop = FALSE]
    found <<- unique(rbind(found, utils::head(unique(rows), enough)))
  })
  min(nrow(found), enough)
}

# Checks of what users give gmm_fit() for single rows: weights, labels, a start,
# noise. Each check returns what the core reads: one element per row of `x`,
# with components and rows counted from 0.

check_weights <- function(weights, n, call = rlang::caller_env()) {
  if (is.null(weights)) return(numeric())
  if (is.numeric(weights) && is.null(dim(weights)) && length(weights) == n &&
        all(is.finite(weights)) && all(weights >= 0) &&
        sum(weights) >= 1e-100 && sum(weights) <= 1e100) {
    return(as.double(weights))
  }
  gmvae_abort(c(
    "{.arg weights} must have a finite number of at least 0 for each row of
     {.arg x}, with a sum from 1e-100 to 1e100.",
    x = if (is.numeric(weights) && length(weights) == n) {
      bad <- which(!is.finite(weights) | weights < 0)
      if (length(bad) > 0L) {
        "{length(bad)} {?is/are} not; the first is {weights[bad[1]]}, in row
         {bad[1]}."
      } else {
        "Their sum is {format(sum(weights))}."
      }
    } else {
      "You supplied {describe(weights)} for {n} row{?s}."
    }
  ), "option", call = call)
}

# Labels as a list: `levels`, the names of the labelled components, and
# `component` of each row, -1 if unknown. Whole numbers are the components
# themselves; other labels become components in the order of their levels.
check_row_labels <- function(labels, n, call = rlang::caller_env()) {
  labels <- without_missing_level(labels)
  if (is.null(labels) || (is.logical(labels) && length(labels) == n &&
                            all(is.na(labels)))) {
    return(list(levels = NULL, component = integer()))
  }
  known <- if (is.atomic(labels)) labels[!is.na(labels)]
  if (is.character(labels)) labels <- factor(labels, sort(unique(known)))
  whole <- is.numeric(labels) && all(is.finite(known)) &&
    all(known == round(known)) && all(known >= 1) && all(known <= 1e6)
  if (length(labels) == n && is.null(dim(labels)) &&
        (is.factor(labels) || whole)) {
    component <- as.integer(labels)
    levels <- if (whole) as.character(seq_len(max(0, known))) else
      levels(labels)
    if (length(levels) == 0L) return(list(levels = NULL, component = integer()))
    return(list(levels = levels,
                component = ifelse(is.na(component), -1L, component - 1L)))
  }
  wrong <- if (is.numeric(labels) && length(labels) == n) {
    which(!is.na(labels) & !labels %in% seq_len(1e6))
  }
  gmvae_abort(c(
    "{.arg labels} must have one element for each row of {.arg x}: a factor,
     text, or whole numbers of at least 1, with `NA` for unknown components.",
    x = if (length(wrong) > 0L) {
      "{length(wrong)} {?is/are} not; the first is {labels[wrong[1]]}, in row
       {wrong[1]}."
    } else {
      "You supplied {describe(labels)} for {n} row{?s}."
    }
  ), "option", call = call)
}

# "noise" names the noise component alone.
check_noise_name <- function(levels, noise, call) {
  if (!noise$on || !"noise" %in% levels) return(invisible())
  gmvae_abort(c(
    "With {.arg noise}, {.arg labels} must not name a component {.val noise}.",
    x = "You supplied it.",
    i = "Set these labels to `NA`, and give the rows as a first guess:
         {.code noise = which(labels == \"noise\")}."
  ), "option", call = call)
}

# Noise as the core reads it: `on`, its expected `share` (NA: the share of
# `rows`), the first guess at its `rows`, and its `density` (NA: from the data).
check_noise <- function(noise, n, density, call = rlang::caller_env()) {
  if (is.null(density)) density <- NA_real_
  out <- list(on = !is.null(noise), share = NA_real_, rows = integer(),
              density = density)
  if (is.null(noise)) return(out)
  if (is.numeric(noise) && length(noise) == 1L && isTRUE(noise > 0) &&
        noise < 1) {
    out$share <- as.double(noise)
    return(out)
  }
  if (is.logical(noise) && length(noise) == n && !anyNA(noise)) {
    noise <- which(noise)
  }
  if (is.numeric(noise) && is.null(dim(noise)) && all(is.finite(noise)) &&
        all(noise %in% seq_len(n)) && !anyDuplicated(noise) &&
        length(noise) %in% seq_len(n - 1L)) {
    out$rows <- sort(as.integer(noise)) - 1L
    return(out)
  }
  gmvae_abort(c(
    "{.arg noise} must be the expected weight of the noise, between 0 and 1, or
     a first guess at the noise rows (some but not all): their numbers, or
     `TRUE` and `FALSE` for each row.",
    x = "You supplied {describe(noise)} for {n} row{?s}.",
    i = "For instance {.code noise = 0.05}."
  ), "option", call = call)
}

# The value of `k` if it is left out: the number of components of the start.
start_size <- function(start, noise) {
  if (is.null(start)) return(eval(formals(gmm_fit)$k))
  size <- if (is.data.frame(start) || is.matrix(start)) {
    ncol(start) - noise$on
  } else if (is.list(start)) {
    length(start$weights)
  } else if (is.factor(start) || is.character(start)) {
    length(unique(start))
  } else if (is.numeric(start) && any(is.finite(start))) {
    max(start[is.finite(start)])
  }
  if (isTRUE(size >= 1) && size <= 1e6) as.integer(size) else 1L
}

# A start as the core reads it: a partition, responsibilities, or a mixture; the
# other two are empty.
check_start <- function(start, n, k, columns, noise,
                        call = rlang::caller_env()) {
  out <- list(partition = integer(), responsibilities = matrix(0, 0, 0),
              mixture = NULL)
  if (is.null(start)) return(out)
  if (length(k) != 1L) {
    gmvae_abort(c(
      "{.arg k} must be one number if {.arg start} is given.",
      x = "You supplied {length(k)} numbers: {k}.",
      i = "You may leave out {.arg k}: {.arg start} implies it."
    ), "option", call = call)
  }
  if (inherits(start, "gmm_fit")) start <- coef(start)
  if (is.data.frame(start)) start <- as.matrix(start)
  if (is.list(start)) {
    share <- if (is.na(noise$share)) length(noise$rows) / n else noise$share
    out$mixture <- check_start_mixture(start, k, columns, share, call)
  } else if (is.matrix(start)) {
    out$responsibilities <- check_responsibilities(start, n, k, noise, call)
  } else {
    out$partition <- check_partition(start, n, k, noise, call)
  }
  out
}

check_partition <- function(start, n, k, noise, call) {
  given <- start
  if (is.character(start)) start <- factor(start)
  if (is.factor(start)) start <- as.integer(start)
  allowed <- if (noise$on) 0:k else seq_len(k)
  good <- is.numeric(start) && length(start) == n && all(start %in% allowed)
  if (good && all(seq_len(k) %in% start)) return(as.integer(start) - 1L)
  range <- if (noise$on) {
    "from 1 to {.arg k}, or 0 for noise"
  } else {
    "from 1 to {.arg k}"
  }
  empty <- if (good) as.character(setdiff(seq_len(k), start))
  gmvae_abort(c(
    paste0("{.arg start} must assign each row of {.arg x} to a component ",
           range, ", and each component must have a row."),
    x = if (good) {
      "{cli::qty(empty)}Component{?s} {empty} {?has/have} none."
    } else {
      "You supplied {describe(given)} for {n} row{?s} and {.arg k} = {k}."
    }
  ), "option", call = call)
}

check_responsibilities <- function(start, n, k, noise, call) {
  width <- k + noise$on
  if (is.numeric(start) && nrow(start) == n && ncol(start) == width) {
    bad <- which(!is.finite(start) | start < 0, arr.ind = TRUE)[, 1]
    if (length(bad) == 0L) bad <- which(abs(rowSums(start) - 1) > 1e-6)
    if (length(bad) == 0L) {
      return(`storage.mode<-`(unname(start), "double"))
    }
  } else {
    bad <- NULL
  }
  gmvae_abort(c(
    "As a matrix, {.arg start} must hold probabilities, {n} x {width} here: a
     row for each row of {.arg x}, a column for each component{
     if (noise$on) ' and one for the noise'}; each row must sum to 1.",
    x = if (is.null(bad)) {
      "You supplied {describe(start)}."
    } else {
      "{length(bad)} row{?s} {?does/do} not hold probabilities that sum to 1;
       the first is row {bad[1]}."
    }
  ), "option", call = call)
}

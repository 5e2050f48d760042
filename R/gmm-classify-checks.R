# Checks of what users give gmm_classify().

# Classes as a factor; `known`: the classes of a fit.
check_class <- function(class, n, call, known = NULL) {
  class <- without_missing_level(class)
  if (is.atomic(class) && length(class) == n && is.null(dim(class)) &&
        !anyNA(class)) {
    levels <- if (is.factor(class)) levels(class) else
      as.character(sort(unique(class)))
    if (is.null(known)) return(factor(as.character(class), levels))
    unknown <- setdiff(levels, known)
    if (length(unknown) == 0L) return(factor(as.character(class), known))
    gmvae_abort(c(
      "{.arg class} must have the classes of the fit.",
      x = "{.val {unknown}} {?is/are} not among them.",
      i = "The classes are {.val {known}}."
    ), "option", call = call)
  }
  open <- if (is.atomic(class) && length(class) == n) sum(is.na(class)) else 0L
  gmvae_abort(c(
    "{.arg class} must have the class of each row of {.arg x}, without missing
     values.",
    x = if (open > 0L) {
      "{open} of {n} {?is/are} missing."
    } else {
      "You supplied {describe(class)} for {n} row{?s}."
    },
    i = if (open > 0L) {
      "Drop these rows, or fit them all with {.code gmm_fit(labels = )}, which
       learns from rows without labels too."
    }
  ), "option", call = call)
}

check_class_criterion <- function(criterion, type, call) {
  values <- if (type == "edda") c("bic", "aic", "cv") else criteria
  check_choice(criterion, values, "criterion", call)
}

# A list with an element for each class if there are mixtures for each;
# otherwise models for all.
by_class <- function(value, classes, type, name, call) {
  if (type == "edda" && name == "k") return(NULL)
  if (!is.list(value)) {
    return(if (type == "edda") value else rep(list(value), length(classes)))
  }
  named <- !is.null(names(value))
  if (type == "mixture" && length(value) == length(classes) &&
        (!named || setequal(names(value), classes))) {
    return(unname(if (named) value[classes] else value))
  }
  gmvae_abort(c(
    if (type == "edda") {
      "{.arg {name}} must be a vector for `type = \"edda\"`."
    } else {
      "As a list, {.arg {name}} must have an element for each class, with its
       name if named."
    },
    x = "You supplied {describe(value)}.",
    i = "The classes are {.val {classes}}."
  ), "option", call = call)
}

check_proportions <- function(proportions, classes, call) {
  if (is.null(proportions)) return(NULL)
  values <- in_class_order(proportions, classes)
  if (is.numeric(values) && length(values) == length(classes) &&
        is.null(dim(values)) && all(is.finite(values)) && all(values > 0) &&
        is.finite(sum(values))) {
    return(stats::setNames(as.double(values) / sum(values), classes))
  }
  gmvae_abort(c(
    "{.arg proportions} must have a number above 0 for each class, with its name
     if named.",
    x = "You supplied {describe(proportions)}.",
    i = "The classes are {.val {classes}}."
  ), "option", call = call)
}

# Sorted by the names if these are the classes.
in_class_order <- function(values, classes) {
  if (is.null(names(values))) return(values)
  if (setequal(names(values), classes)) values[classes]
}

check_cost <- function(cost, classes, call) {
  if (is.null(cost)) return(NULL)
  n <- length(classes)
  if (is.numeric(cost) && identical(dim(cost), c(n, n)) &&
        all(is.finite(cost)) && all(cost >= 0)) {
    order <- lapply(1:2, function(side) {
      names <- dimnames(cost)[[side]]
      if (is.null(names)) seq_len(n) else match(classes, names)
    })
    sorted <- cost[order[[1]], order[[2]], drop = FALSE]
    if (!anyNA(sorted) && all(diag(sorted) == 0)) {
      return(matrix(as.double(sorted), n, n, dimnames = list(classes,
                                                             classes)))
    }
  }
  gmvae_abort(c(
    "{.arg cost} must be a {n} x {n} matrix of numbers of at least 0, a row for
     each true and a column for each predicted class, with their names if named,
     and 0 on its diagonal.",
    x = "You supplied {describe(cost)}.",
    i = "The classes are {.val {classes}}."
  ), "option", call = call)
}

# People know `noise` from gmm_fit().
check_no_noise <- function(..., call) {
  if (!"noise" %in% ...names()) return(invisible())
  gmvae_abort(c(
    "{.arg noise} must not be given: a classifier has no noise component.",
    x = "Each row has a class, so that no rows are left to learn the share of
         noise from.",
    i = "Where some classes are unknown, {.code gmm_fit(labels = , noise = )}
         learns from all rows. Rows far from all classes have a low
         {.code predict(type = \"density\")}."
  ), "option", call = call)
}

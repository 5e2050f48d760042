# Rules for the fields of fits: each is a function of the value and of the sizes
# of the fit, which returns what the value must do, in words, or NULL.

force_all <- function(...) invisible(list(...))

# Numbers of these dimensions, one for a vector; NULL: any length.
numbers <- function(dims, least = -Inf, most = Inf, whole = FALSE,
                    missing = FALSE) {
  force_all(dims, least, most, whole, missing)
  function(value, sizes) {
    dims <- sizes_of(dims, sizes)
    fits <- is.numeric(value) && !is.object(value) && has_dims(value, dims) &&
      in_range(value, least, most, missing) &&
      (!whole || is.integer(value) || all(value == round(value)))
    if (fits) return(NULL)
    kind <- if (whole) "whole numbers" else if (missing) "numbers" else
      "finite numbers"
    range <- if (is.finite(least) && is.finite(most)) {
      sprintf(" from %s to %s", format(least), format(most))
    } else if (is.finite(least)) {
      sprintf(" of at least %s", format(least))
    }
    paste0("hold ", size_in_words(dims), kind, range)
  }
}

whole_numbers <- function(dims, least = 0, most = .Machine$integer.max, ...) {
  numbers(dims, least, most, whole = TRUE, ...)
}

strings <- function(dims, unique = FALSE, missing = FALSE) {
  force_all(dims, unique, missing)
  function(value, sizes) {
    dims <- sizes_of(dims, sizes)
    fits <- is.character(value) && !is.object(value) && has_dims(value, dims) &&
      (missing || !anyNA(value)) && !(unique && anyDuplicated(value))
    if (!fits) {
      paste0("hold ", size_in_words(dims), if (unique) "different ", "strings")
    }
  }
}

flags <- function(dims) {
  force(dims)
  function(value, sizes) {
    dims <- sizes_of(dims, sizes)
    fits <- is.logical(value) && has_dims(value, dims) && !anyNA(value)
    if (!fits) paste0("hold ", size_in_words(dims), "`TRUE` or `FALSE`")
  }
}

# `values`: a function, as the core knows some of them.
one_of <- function(values) {
  force(values)
  function(value, sizes) {
    values <- values()
    plain <- rlang::is_string(value) && is.null(dim(value)) && !is.object(value)
    if (plain && value %in% values) return(NULL)
    paste("be one of", paste0("\"", values, "\"", collapse = ", "))
  }
}

# A factor of so many entries, none missing unless they may be; `levels` may be
# unknown.
groups <- function(n, levels = NULL, missing = FALSE) {
  force_all(n, levels, missing)
  function(value, sizes) {
    n <- sizes_of(n, sizes)
    levels <- sizes_of(levels, sizes)
    fits <- is.factor(value) && is.integer(unclass(value)) &&
      is.character(levels(value)) && length(value) == n &&
      (missing || !anyNA(value)) &&
      (is.null(levels) || nlevels(value) == levels) &&
      all(unclass(value) >= 1L & unclass(value) <= nlevels(value),
          na.rm = missing)
    if (fits) return(NULL)
    paste0("be a factor of ", size_in_words(n), "entries",
           if (!is.null(levels)) sprintf(" with %d levels", as.integer(levels)))
  }
}

# A data frame with these columns, among others; `n`: rows.
frame <- function(columns, n = NULL) {
  force_all(columns, n)
  function(value, sizes) {
    if (!is.data.frame(value)) return("be a data frame")
    sizes$rows <- if (is.null(n)) nrow(value) else sizes_of(n, sizes)
    if (nrow(value) != sizes$rows) {
      return(sprintf("have %d rows", as.integer(sizes$rows)))
    }
    fault <- field_fault(value, columns, sizes)
    if (!is.null(fault)) {
      paste0("have a column `", fault$field, "`, which must ", fault$must)
    }
  }
}

is_language <- function(value, sizes) {
  if (!is.call(value)) "be a call"
}

optional <- function(rule) {
  force(rule)
  function(value, sizes) if (!is.null(value)) rule(value, sizes)
}

# Several rules, one after the other.
both <- function(...) {
  rules <- list(...)
  function(value, sizes) {
    for (rule in rules) {
      must <- rule(value, sizes)
      if (!is.null(must)) return(must)
    }
  }
}

# Whatever `holds(value, sizes)`, once another rule has looked at the shape.
that <- function(holds, must) {
  force_all(holds, must)
  function(value, sizes) if (!isTRUE(holds(value, sizes))) must
}

sums_to_one <- that(function(value, sizes) {
  abs(sum(value) + sizes$noise - 1) < 1e-6
}, "sum to 1")

rows_sum_to_one <- that(function(value, sizes) {
  sums <- rowSums(value)
  all(abs(sums - 1) < 1e-6, na.rm = TRUE)
}, "have rows that sum to 1")

# d x d x k. Those of many columns are factorised by the core alone.
are_covariances <- that(function(value, sizes) {
  d <- dim(value)[1]
  d > 100L || all(apply(value, 3L, function(one) is_covariance(matrix(one, d))))
}, "be symmetric and positive definite")

sizes_of <- function(dims, sizes) {
  if (!is.character(dims)) return(dims)
  known <- dims %in% names(sizes)
  values <- suppressWarnings(as.numeric(dims))
  values[known] <- as.numeric(sizes[dims[known]])
  values
}

has_dims <- function(value, dims) {
  if (is.null(dims)) return(is.null(dim(value)))
  if (length(dims) == 1L) {
    return(is.null(dim(value)) && length(value) == dims)
  }
  length(dim(value)) == length(dims) && all(dim(value) == dims)
}

# Finite and in the range. The sum of finite numbers is finite, or too large,
# which the range tells; it takes no memory.
in_range <- function(value, least, most, missing) {
  if (length(value) == 0L) return(TRUE)
  if (missing) {
    value <- value[!is.na(value)]
    if (length(value) == 0L) return(TRUE)
  } else if (anyNA(value)) {
    return(FALSE)
  }
  lowest <- min(value)
  highest <- max(value)
  lowest >= least && highest <= most &&
    (missing || (is.finite(lowest) && is.finite(highest)))
}

size_in_words <- function(dims) {
  if (is.null(dims)) return("")
  paste0(paste(format(dims, trim = TRUE, scientific = FALSE), collapse = " x "),
         " ")
}

# The size that most of these say, so that the field that differs is the one
# that is named; `NULL` and odd ones do not count.
usual_size <- function(...) {
  sizes <- unlist(lapply(list(...), function(size) {
    if (is.numeric(size) && length(size) == 1L && is.finite(size)) size
  }))
  if (length(sizes) == 0L) return(0)
  values <- unique(sizes)
  values[which.max(tabulate(match(sizes, values)))]
}

is_gmm_control <- function(value, sizes) {
  control_fault(value, "gmm_control", function(control, call) {
    check_gmm_control(control, call)
  })
}

is_gmm_prior <- function(value, sizes) {
  control_fault(value, "gmm_prior", function(prior, call) {
    do.call("gmm_prior", unclass(prior))
  })
}

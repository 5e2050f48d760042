# What each field of a fit must be, for fits that come from outside: read from a
# file, changed by hand, made by another version. Methods check a fit once, at
# their beginning, and trust it afterwards; the core checks again what it reads.
#
# A field's rule is a function(value, sizes) that returns NULL, or in words what
# the value must do. `sizes` holds the numbers that several fields share, such
# as `k`; the dimensions of a rule are their names, or numbers.

# Stops unless `object` is a fit that this version can read.
check_fit <- function(object, arg = "object", call = rlang::caller_env()) {
  check_format(object, arg, call)
  if (inherits(object, "gmm_fit")) {
    maker <- "gmm_fit"
    sizes <- gmm_sizes(object)
    rules <- gmm_fields
  } else {
    maker <- "gmvae"
    sizes <- gmvae_sizes(object)
    rules <- gmvae_fields
  }
  fault <- field_fault(object, rules, sizes)
  if (!is.null(fault)) abort_field(fault, arg, maker, call)
  if (maker == "gmvae") check_layout(object, arg, call)
  invisible(object)
}

# A fit saved by a newer version may mean other things by its fields.
check_format <- function(object, arg, call) {
  version <- if (is.list(object)) object[["version"]]
  if (rlang::is_integerish(version, 1L, finite = TRUE) &&
        version >= 1L && version <= gmvae_format) {
    return(invisible())
  }
  newer <- rlang::is_integerish(version, 1L, finite = TRUE) &&
    version > gmvae_format
  gmvae_abort(c(
    "{.arg {arg}} must have a format that this version of gmvae can read.",
    x = "Its format is {describe(version)}; this version reads formats up to
         {gmvae_format}.",
    i = if (newer) "Update gmvae, or fit again." else "Fit again."
  ), "input", call = call)
}

abort_field <- function(fault, arg, maker, call) {
  gmvae_abort(c(
    "{.arg {arg}} must be a fit as {.fn {maker}} returned it.",
    x = "Its {.field {fault$field}} must {fault$must}.",
    x = "It is {fault$found}.",
    i = "Something changed the fit: fit again, or read the saved fit again."
  ), "input", call = call)
}

# The first field that breaks its rule: a list of the `field`, what it `must` do
# and what was `found`; NULL if there is none. A list of rules is for a list.
field_fault <- function(object, rules, sizes, of = "") {
  for (name in names(rules)) {
    field <- paste0(of, name)
    value <- if (is.list(object)) object[[name]]
    # `$` would take another field that begins with the same letters.
    if (!name %in% names(object) && any(startsWith(names(object), name))) {
      return(list(field = field, must = "be there", found = describe(NULL)))
    }
    rule <- rules[[name]]
    if (is.list(rule) && is.list(value)) {
      fault <- field_fault(value, rule, sizes, paste0(field, "$"))
      if (!is.null(fault)) return(fault)
      next
    }
    must <- if (is.list(rule)) "be a list" else rule(value, sizes)
    if (!is.null(must)) {
      return(list(field = field, must = must, found = describe(value)))
    }
  }
  NULL
}

# Rules -----------------------------------------------------------------------

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
    if (rlang::is_string(value) && value %in% values) return(NULL)
    paste("be one of", paste0("\"", values, "\"", collapse = ", "))
  }
}

# A factor of so many entries, none missing; `levels` may be unknown.
groups <- function(n, levels = NULL) {
  force_all(n, levels)
  function(value, sizes) {
    n <- sizes_of(n, sizes)
    levels <- sizes_of(levels, sizes)
    fits <- is.factor(value) && is.integer(unclass(value)) &&
      is.character(levels(value)) && length(value) == n && !anyNA(value) &&
      (is.null(levels) || nlevels(value) == levels) &&
      all(unclass(value) >= 1L & unclass(value) <= nlevels(value))
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

# Fits of gmm_fit() -----------------------------------------------------------

gmm_sizes <- function(object) {
  noise <- object[["noise"]]
  share <- if (is.list(noise)) noise[["weight"]]
  if (!is.numeric(share) || length(share) != 1L || is.na(share)) share <- 0
  k <- usual_size(object[["k"]], length(object[["weights"]]),
                  NROW(object[["means"]]))
  list(
    k = k,
    d = usual_size(length(object[["columns"]]), NCOL(object[["means"]]),
                   nrow(object[["covariances"]])),
    n = usual_size(object[["n"]], length(object[["cluster"]]),
                   length(object[["uncertainty"]])),
    noise = share,
    components = k + !is.null(noise)
  )
}

model_codes <- function() c(plane_models$code, line_models$code)

gmm_mixture <- list(
  weights = both(numbers("k", 0, 1), sums_to_one),
  means = numbers(c("k", "d")),
  covariances = both(numbers(c("d", "d", "k")), are_covariances)
)

gmm_candidate <- function(value, sizes) {
  if (!is.list(value)) return("hold lists")
  sizes$k <- usual_size(value[["k"]])
  sizes$noise <- usual_size(value[["mixture"]][["noise"]])
  fault <- field_fault(value, list(
    k = whole_numbers(1, 1), model = one_of(model_codes),
    loglik = numbers(1), objective = numbers(1), df = whole_numbers(1),
    n_iter = whole_numbers(1), converged = flags(1), history = numbers(NULL),
    starts = numbers(NULL, missing = TRUE), best_start = whole_numbers(1, 1),
    entropy = numbers(1),
    mixture = c(gmm_mixture, list(noise = numbers(1, 0, 1)))
  ), sizes)
  if (!is.null(fault)) {
    paste0("hold candidates whose `", fault$field, "` must ", fault$must)
  }
}

gmm_fields <- c(
  list(
    k = both(whole_numbers(1, 1),
             that(function(value, sizes) value == sizes$k,
                  "be the number of components")),
    n = both(whole_numbers(1, 1),
             that(function(value, sizes) value == sizes$n,
                  "be the number of rows")),
    columns = strings("d", unique = TRUE),
    noise = function(value, sizes) {
      if (is.null(value)) return(NULL)
      fault <- field_fault(value, list(
        weight = numbers(1, 0, 1), log_density = numbers(1),
        range = both(
          numbers(c(2, "d")),
          that(function(value, sizes) all(value[2, ] > value[1, ]),
               "have its lower ends in the first row")
        )
      ), sizes)
      if (!is.null(fault)) {
        paste0("have an element `", fault$field, "`, which must ", fault$must)
      }
    }
  ),
  gmm_mixture,
  list(
    cluster = both(
      numbers("n", 0, whole = TRUE, missing = TRUE),
      that(function(value, sizes) all(value <= sizes$k, na.rm = TRUE),
           "be numbers of components")
    ),
    uncertainty = numbers("n", 0, 1, missing = TRUE),
    posterior = optional(both(
      numbers(c("n", "components"), 0, 1, missing = TRUE), rows_sum_to_one
    )),
    loglik = numbers(1), df = whole_numbers(1), aic = numbers(1),
    bic = numbers(1), icl = numbers(1), objective = numbers(1),
    entropy = numbers(1), history = numbers(NULL), converged = flags(1),
    n_iter = whole_numbers(1),
    starts = both(numbers(NULL, missing = TRUE),
                  that(function(value, sizes) !is.null(names(value)),
                       "have names")),
    best_start = whole_numbers(1, 1),
    search = frame(list(
      k = whole_numbers("rows", 1), model = strings("rows"),
      loglik = numbers("rows", missing = TRUE),
      df = numbers("rows", missing = TRUE),
      bic = numbers("rows", missing = TRUE),
      icl = numbers("rows", missing = TRUE),
      aic = numbers("rows", missing = TRUE),
      reason = strings("rows", missing = TRUE)
    )),
    candidates = function(value, sizes) if (!is.list(value)) "be a list",
    model = one_of(model_codes),
    criterion = one_of(function() criteria),
    na_action = one_of(function() c("fail", "omit", "em")),
    labels = optional(strings(NULL)),
    n_obs = numbers(1, 0), n_incomplete = whole_numbers(1),
    n_omitted = whole_numbers(1), fingerprint = strings(1),
    call = optional(is_language), seed = numbers(1, 0),
    control = function(value, sizes) {
      control_fault(value, "gmm_control", check_gmm_control)
    },
    data = optional(numbers(c("n", "d"), missing = TRUE))
  )
)

# Only update() uses the other candidates of a fit.
check_candidates <- function(object, call) {
  rule <- function(value, sizes) {
    if (is.null(names(value))) return("have names")
    for (candidate in value) {
      must <- gmm_candidate(candidate, sizes)
      if (!is.null(must)) return(must)
    }
  }
  fault <- field_fault(object, list(candidates = rule), gmm_sizes(object))
  if (!is.null(fault)) abort_field(fault, "object", "gmm_fit", call)
}

# Options that are wrong, in words; NULL if none is.
control_fault <- function(value, class, check) {
  if (!inherits(value, class) || !is.list(value)) {
    return(sprintf("be made by %s()", class))
  }
  fault <- NULL
  rlang::try_fetch(check(value, NULL), error = function(cnd) {
    fault <<- cnd
  })
  if (is.null(fault)) return(NULL)
  cause <- if (is.null(fault$parent)) fault else fault$parent
  paste0("hold valid options: ", tolower_first(rlang::cnd_header(cause)))
}

tolower_first <- function(text) {
  text <- cli::ansi_strip(text)
  sub("[.]$", "", paste0(tolower(substr(text, 1, 1)), substring(text, 2)))
}

# Fits of gmvae() -------------------------------------------------------------

gmvae_sizes <- function(object) {
  control <- object[["control"]]
  input <- object[["input"]]
  mixture <- object[["mixture"]]
  part <- function(list, name) if (is.list(list)) list[[name]]
  sizes <- list(
    cells = usual_size(length(object[["cluster"]]), NROW(object[["posterior"]]),
                       NROW(object[["latent"]]), NROW(object[["latent_sd"]]),
                       length(object[["size_factors"]])),
    k = usual_size(object[["k"]], length(part(mixture, "weights")),
                   NCOL(object[["posterior"]])),
    n_latent = usual_size(part(control, "n_latent"), NCOL(object[["latent"]]),
                          NCOL(part(mixture, "means"))),
    features = usual_size(length(object[["features"]]),
                          length(part(input, "scale")),
                          length(part(input, "offset"))),
    genes = usual_size(object[["n_genes"]], NROW(object[["feature_table"]])),
    noise = 0
  )
  sizes$outlier_terms <- 3 + sizes$k + n_batches(object[["batch"]])
  sizes
}

equals_size <- function(size, what) {
  both(whole_numbers(1), that(function(value, sizes) value == sizes[[size]],
                              paste("be the number of", what)))
}

# Largest number that single precision holds, in which the networks compute.
largest_single <- 3.4e38

gmvae_fields <- list(
  k = both(whole_numbers(1, 1), equals_size("k", "clusters")),
  likelihood = one_of(function() likelihood_names()),
  covariance = one_of(function() covariance_names()),
  control = both(
    function(value, sizes) {
      control_fault(value, "gmvae_control", function(control, call) {
        check_gmvae_control(control, call)
        check_count(control$epochs, arg = "epochs", call = call)
        check_number(control$mask, 0, arg = "mask", call = call)
        check_flag(control$warmup, arg = "warmup", call = call)
      })
    },
    that(function(value, sizes) value$n_latent == sizes$n_latent,
         "have as many latent dimensions as the fit")
  ),
  features = strings("features", unique = TRUE),
  batch = optional(groups("cells")),
  batch_source = one_of(function() c("none", "user", "found")),
  cluster = groups("cells", "k"),
  posterior = both(numbers(c("cells", "k"), 0, 1 + 1e-9), rows_sum_to_one),
  latent = numbers(c("cells", "n_latent")),
  latent_sd = numbers(c("cells", "n_latent"), 0),
  mixture = list(
    weights = both(numbers("k", 0, 1), sums_to_one),
    means = numbers(c("k", "n_latent")),
    covariances = both(numbers(c("n_latent", "n_latent", "k")),
                       are_covariances)
  ),
  history = frame(list(
    epoch = whole_numbers("rows", 1), phase = strings("rows"),
    elbo = numbers("rows"), elbo_heldout = numbers("rows", missing = TRUE),
    reconstruction = numbers("rows"), kl = numbers("rows"),
    learning_rate = numbers("rows"), seconds = optional(numbers("rows", 0))
  )),
  elbo = both(
    numbers(c(2, 4), missing = TRUE),
    that(function(value, sizes) {
      identical(dimnames(value), list(
        c("train", "heldout"), c("elbo", "reconstruction", "kl_z", "kl_c")
      ))
    }, "have its row and column names")
  ),
  n_genes = equals_size("genes", "genes"),
  feature_table = both(
    frame(list(
      gene = strings("rows"), mean = numbers("rows"),
      variance = numbers("rows"), n_cells = numbers("rows", 0),
      score = numbers("rows", missing = TRUE), used = flags("rows")
    ), "genes"),
    that(function(value, sizes) sum(value$used) == sizes$features,
         "have as many used genes as the fit")
  ),
  size_factors = both(
    numbers("cells", 0),
    that(function(value, sizes) all(value > 0), "be positive")
  ),
  size_reference = numbers(1, 1e-300), size_scale = numbers(1, 1e-300),
  size_source = one_of(function() c("library", "user", "none")),
  heldout = both(
    whole_numbers(NULL, 1),
    that(function(value, sizes) all(value <= sizes$cells),
         "be numbers of cells")
  ),
  converged = flags(1), n_rollbacks = whole_numbers(1),
  active_units = whole_numbers(1),
  input = list(scale = numbers("features"), offset = numbers("features")),
  k_path = optional(frame(list(
    k = whole_numbers("rows", 1), stability = numbers("rows", missing = TRUE),
    stability_sd = numbers("rows", missing = TRUE),
    log_density = optional(numbers("rows", missing = TRUE)),
    stable = optional(flags("rows")),
    p = optional(numbers("rows", missing = TRUE)),
    p_unseen = optional(numbers("rows", missing = TRUE))
  ))),
  stability = numbers(1, missing = TRUE),
  cluster_stability = optional(numbers("k", missing = TRUE)),
  networks = optional(frame(list(
    seed = numbers("rows", 0), elbo = numbers("rows"),
    elbo_heldout = numbers("rows", missing = TRUE),
    stability = numbers("rows", missing = TRUE), agreement = numbers("rows"),
    kept = flags("rows"), k = optional(whole_numbers("rows", 1))
  ))),
  seed = whole_numbers(1, most = 2^53), call = optional(is_language),
  outlier = function(value, sizes) {
    if (is.null(value)) return(NULL)
    fault <- field_fault(value, list(
      centre = numbers(1), scale = numbers(1, 1e-300),
      level = numbers("outlier_terms"), spread = numbers(2),
      scores = both(numbers(NULL), that(function(value, sizes) {
        !is.unsorted(value)
      }, "ascend")),
      n = whole_numbers(1, 1)
    ), sizes)
    if (!is.null(fault)) {
      paste0("have an element `", fault$field, "`, which must ", fault$must)
    }
  }
)

# The parts of the parameters, whose places the sizes of the networks give.
check_layout <- function(object, arg, call) {
  layout <- cpp_gmvae_layout(network_state(object), length(object$features))
  n <- sum(layout$rows * layout$cols)
  fault <- field_fault(
    object,
    list(
      parameters = numbers(n, -largest_single, largest_single),
      layout = that(function(value, sizes) {
        is.data.frame(value) && identical(dim(value), dim(layout)) &&
          identical(value$name, layout$name) &&
          all(vapply(c("rows", "cols", "offset"), function(column) {
            isTRUE(all.equal(as.numeric(value[[column]]), layout[[column]]))
          }, NA))
      }, "have the parts of the networks, each at its place")
    ),
    list()
  )
  if (!is.null(fault)) abort_field(fault, arg, "gmvae", call)
  invisible(object)
}

# All of gmm_fit()'s arguments, checked and in the shapes of the core.

# A list of the data (see gmm_data()); `candidates`, the combinations of k and
# model to compare; `problem`, everything else that the core reads; and what the
# fit is to carry. `arguments` holds the arguments of gmm_fit() by name, with
# `k = NULL` if the user left it out.
gmm_inputs <- function(x, arguments, call) {
  arguments <- check_single_arguments(arguments, call)
  check_on_disk(x, arguments, call)
  data <- gmm_data(x, arguments$weights, arguments$na_action, call)
  n <- data$n
  columns <- data$columns
  for (name in setdiff(row_arguments, "weights")) {
    arguments[name] <- list(rows_in_order(arguments[[name]], data, name, call))
  }
  noise <- check_noise(arguments$noise, n, arguments$control$noise_density,
                       call)
  labels <- check_row_labels(arguments$labels, n, call)
  check_noise_name(labels$levels, noise, call)
  k <- arguments$k
  if (is.null(k)) k <- start_size(arguments$start, noise)
  start <- check_start(arguments$start, n, k, columns, noise, call)
  prior <- check_prior(arguments$prior, columns, call)
  models <- check_models(arguments$model, length(columns), call)
  weights <- data$weights
  by_row <- keep_rows(c(
    list(weights = weights, labels = labels$component), start,
    list(noise = noise)
  ), data$kept)
  inputs <- c(
    data[c("x", "given", "columns", "rows", "n", "n_incomplete",
                   "kept", "active", "ranges")],
    arguments[c("na_action", "criterion", "keep_data", "keep_posterior",
                "control")],
    arguments["BPPARAM"],
    list(
      labels = labels$levels,
      prior = prior,
      problem = c(by_row, list(prior = core_prior(prior, length(columns)))),
      n_obs = if (length(weights) > 0L) sum(weights) else nrow(data$x),
      # update() finds weights, labels, start and noise again by evaluating the
      # call; this hash tells whether they are still the same.
      fingerprint = rlang::hash(c(by_row[names(by_row) != "noise"],
                                  noise[c("share", "rows")]))
    )
  )
  inputs$candidates <- gmm_candidates(k, models, inputs, call)
  inputs
}

# Arguments with an element or row for each row of the data, in the order of
# these. Parameters and single numbers are returned as they are.
rows_in_order <- function(value, data, name, call) {
  if (is.data.frame(value)) {
    # Automatic row names are no names.
    named <- .row_names_info(value) > 0L
    value <- as.matrix(value)
    if (!named) rownames(value) <- NULL
  }
  if (!is.atomic(value)) return(value)
  match_by_name(value, data$rows, name, call)
}

check_single_arguments <- function(arguments, call) {
  choose <- function(name, values) {
    check_choice(arguments[[name]], values, name, call)
  }
  arguments$control <- check_gmm_control(arguments$control, call)
  arguments$na_action <- choose("na_action", c("fail", "omit", "em"))
  arguments$criterion <- choose("criterion", criteria)
  for (name in c("keep_data", "keep_posterior")) {
    arguments[[name]] <- check_flag(arguments[[name]], name, call)
  }
  check_bpparam(arguments$BPPARAM, call, "fit mixtures")
  arguments
}

# What needs the rows in memory.
check_on_disk <- function(x, arguments, call) {
  if (is.null(row_source_of(x, "x", call))) return(invisible())
  wants <- c(if (arguments$keep_data) "keep_data = TRUE",
             if (arguments$criterion == "test") "criterion = \"test\"")
  if (length(wants) == 0L) return(invisible())
  gmvae_abort(c(
    "{.arg x} must be in memory for {.code {wants}}.",
    x = "You supplied {describe(x)}.",
    i = "Give {.code as.matrix(x)}, or some of its rows."
  ), "option", call = call)
}

check_k <- function(k, call = rlang::caller_env()) {
  length <- if (length(k) == 1L) 1L
  unique(check_count(k, length = length, arg = "k", call = call))
}

# Drops the rows that are left out from labels, start and noise; gmm_data() has
# dropped them from the weights.
keep_rows <- function(problem, kept) {
  if (is.null(kept)) return(problem)
  for (name in c("labels", "partition")) {
    if (length(problem[[name]]) > 0L) {
      problem[[name]] <- problem[[name]][kept]
    }
  }
  if (length(problem$responsibilities) > 0L) {
    problem$responsibilities <- problem$responsibilities[kept, , drop = FALSE]
  }
  place <- match(problem$noise$rows + 1L, kept)
  problem$noise$rows <- place[!is.na(place)] - 1L
  problem
}

# The candidates: a data frame of the combinations of k and model. `reason` says
# why a candidate cannot be fitted; it is NA for those that the core is to fit.
gmm_candidates <- function(k, models, inputs, call) {
  candidates <- expand.grid(k = k, model = models, stringsAsFactors = FALSE,
                            KEEP.OUT.ATTRS = FALSE)
  candidates$reason <- NA_character_
  too_many <- rows_reason(k, inputs, call)
  singular <- if (any(is_oriented(models))) singular_reason(inputs)
  if (!is.null(singular) && all(is_oriented(models))) {
    gmvae_abort(c(
      "For models that are neither spherical nor diagonal, {.arg x} must have
       more rows than columns, and no column may be a linear combination of
       others.",
      x = "{singular}."
    ), "data", call = call)
  }
  if (!is.null(singular)) {
    candidates$reason[is_oriented(candidates$model)] <- singular
  }
  impossible <- candidates$k %in% k[!is.na(too_many)]
  candidates$reason[impossible] <- too_many[match(candidates$k[impossible], k)]
  candidates
}

# For each k: why the data are too few for so many components, or NA.
rows_reason <- function(k, inputs, call) {
  distinct <- n_distinct_rows(inputs$x, max(k), inputs$active)
  others <- max(n_active(inputs) - n_noise(inputs), 0)
  n_labels <- length(inputs$labels)
  say <- cli::pluralize
  reason <- rep(NA_character_, length(k))
  reason[k > others] <-
    say("there {?is/are} only {others} row{?s} besides the noise")
  reason[k > distinct] <-
    say("there {?is/are} only {distinct} distinct row{?s}")
  reason[k < n_labels] <- say("the labels name {n_labels} component{?s}")
  if (anyNA(reason)) return(reason)
  gmvae_abort(c(
    "{.arg k} must be at most the number of distinct rows of {.arg x}{
     if (n_labels > 0L) ', and at least the number of labelled components'}.",
    x = "You supplied {k[1]}, but {reason[1]}."
  ), "option", call = call)
}

n_active <- function(inputs) {
  if (is.null(inputs$active)) nrow(inputs$x) else length(inputs$active)
}

# The number of rows that EM starts with as noise.
n_noise <- function(inputs) {
  noise <- inputs$problem$noise
  if (is.na(noise$share)) return(length(noise$rows))
  floor(noise$share * n_active(inputs))
}

# Why covariances that are not diagonal would be singular, with the names of the
# columns, or NULL. A ridge makes them regular, and so does the scale of a prior
# if the user gives it (the default scale is the covariance of the data, which
# is just as singular).
singular_reason <- function(inputs) {
  d <- length(inputs$columns)
  if (inputs$control$ridge > 0 || !is.null(inputs$prior$scale)) return(NULL)
  n <- n_active(inputs)
  way_out <- "use a diagonal model or a ridge"
  if (n <= d) {
    return(sprintf("the data must have more rows (%d) than columns (%d): %s", n,
                   d, way_out))
  }
  # d or fewer complete rows always look dependent.
  if (inputs$n_incomplete > 0L && is.null(inputs$kept) &&
        nrow(inputs$x) - inputs$n_incomplete <= d) {
    return(NULL)
  }
  found <- dependent_columns(
    cpp_gmm_correlation(inputs$x, inputs$problem$weights), inputs$columns,
    inputs$x
  )
  if (length(found) == 0L) return(NULL)
  more <- length(found) - 3L
  paste0(paste(utils::head(found, 3), collapse = ", "),
         if (more > 0L) sprintf(", and so are %d more columns", more),
         ": drop ", if (length(found) > 1L) "them" else "it", ", or ", way_out)
}

# "`c` is a linear combination of `a` and `b`" for each column that is one. A
# pivoted Cholesky factorisation of the correlations takes the columns in the
# order of the variance that earlier ones leave unexplained; it stops where this
# is below 1e-10, and all later columns are combinations of the earlier ones.
dependent_columns <- function(correlation, columns, x) {
  if (anyNA(correlation)) return(character())
  root <- suppressWarnings(chol(correlation, pivot = TRUE, tol = 1e-10))
  rank <- attr(root, "rank")
  order <- attr(root, "pivot")
  if (rank == length(columns)) return(character())
  base <- seq_len(rank)
  if (is_row_file(x)) x <- x[seq_len(min(nrow(x), 20000L)), , drop = FALSE]
  vapply((rank + 1L):length(columns), function(j) {
    share <- backsolve(root[base, base, drop = FALSE], root[base, j])
    used <- sort(order[base[abs(share) > 1e-4]])
    exact <- is_combination(x[, order[j]], x[, used, drop = FALSE])
    paste(in_words(columns[order[j]]),
          if (exact) "is" else "is nearly", "a linear combination of",
          in_words(columns[used]))
  }, "")
}

# Do the first rows show no more than rounding between `y` and the columns?
is_combination <- function(y, columns) {
  rows <- utils::head(which(stats::complete.cases(columns, y)), 10000L)
  design <- cbind(1, columns[rows, , drop = FALSE])
  left <- stats::.lm.fit(design, y[rows])$residuals
  sum(left^2) <= 1e-22 * sum((y[rows] - mean(y[rows]))^2)
}

# "`a`, `b` and `c`"
in_words <- function(names) {
  quoted <- paste0("`", names, "`")
  n <- length(quoted)
  if (n == 1L) return(quoted)
  paste(paste(quoted[-n], collapse = ", "), "and", quoted[n])
}

# The search over the candidates, the combinations of k and model: a table with
# a row per candidate, and beside it the mixtures that the core has fitted.

# How many mixtures a fit carries beside its own.
n_candidates_kept <- 10L

criteria <- c("bic", "icl", "aic", "cv", "test")

# The column of the table by which a criterion ranks candidates.
ranked_by <- function(criterion) if (criterion == "test") "bic" else criterion

# The result of a search: `table`; `found`, for each row of the table the core's
# fit or NULL; `best`, the row that won; `noise` (log-density and range); `seed`
# and `folds`. `known` is a fit to the same data with the same options: its
# candidates are not fitted again.
gmm_search <- function(inputs, known = NULL, call) {
  if (inputs$criterion == "test") return(search_by_test(inputs, call))
  search <- start_search(inputs, known)
  progress <- progress_reporter(inputs$control$verbose)
  search <- fit_candidates(search, open_candidates(search, inputs$criterion),
                           inputs, progress, call)
  if (inputs$criterion == "cv") {
    search <- cross_validate(search, inputs, progress, call)
  }
  repeat {
    best <- which.min(search$table[[inputs$criterion]])
    if (length(best) == 0L) abort_no_fit(search$table, call)
    search$best <- best
    if (!is.null(search$found[[best]])) return(search)
    # `known` has its criteria, but its mixture was not among those kept.
    search <- fit_candidates(search, best, inputs, progress, call)
  }
}

start_search <- function(inputs, known) {
  candidates <- inputs$candidates
  missing <- rep(NA_real_, nrow(candidates))
  table <- data.frame(
    candidates[c("k", "model")], loglik = missing, df = NA_integer_,
    bic = missing, icl = missing, aic = missing, cv = missing,
    n_iter = NA_integer_,
    reason = candidates$reason
  )
  search <- list(table = table, found = vector("list", nrow(candidates)),
                 noise = NULL, seed = NULL, folds = NULL)
  if (is.null(known)) {
    search$seed <- if (is.null(inputs$seed)) draw_seed() else inputs$seed
    return(search)
  }
  of_known <- match(candidate_names(table), candidate_names(known$search))
  same <- which(!is.na(of_known))
  search$table[same, ] <- known$search[of_known[same], ]
  kept <- match(candidate_names(table), names(known$candidates))
  search$found[which(!is.na(kept))] <- known$candidates[kept[!is.na(kept)]]
  search$noise <- known$noise[c("log_density", "range")]
  search[c("seed", "folds")] <- known[c("seed", "folds")]
  search
}

candidate_names <- function(table) paste0(table$model, ",", table$k)

# Rows of the candidates to fit: those without a result, and for
# cross-validation also those whose mixtures were not kept.
open_candidates <- function(search, criterion) {
  table <- search$table
  open <- is.na(table$loglik) & is.na(table$reason)
  if (criterion == "cv") {
    unknown <- vapply(search$found, is.null, TRUE)
    open <- open | (unknown & is.na(table$cv) & is.na(table$reason))
  }
  which(open)
}

fit_candidates <- function(search, rows, inputs, progress, call) {
  if (length(rows) == 0L) return(search)
  candidates <- search$table[rows, ]
  # Cross-validation, tests and classifiers go on with every mixture.
  many <- inputs$criterion %in% c("cv", "test") || isTRUE(inputs$keep_all)
  n_kept <- if (many) length(rows) else n_candidates_kept
  problem <- c(list(k = candidates$k, model = core_model(candidates$model),
                    n_kept = n_kept), inputs$problem)
  core <- with_core_errors(
    cpp_gmm_fit(inputs$x, problem, core_control(inputs$control), search$seed,
                progress, inputs$elsewhere),
    call = call
  )
  for (i in seq_along(rows)) {
    candidate <- core$candidates[[i]]
    candidate$reason <- full_reason(candidate, inputs$columns)
    search$table[rows[i], ] <- table_row(search$table[rows[i], ], candidate,
                                         inputs$n_obs)
    if (!is.null(candidate$mixture)) search$found[[rows[i]]] <- candidate
  }
  search$noise <- noise_facts(core, inputs)
  search
}

# The density of the noise and the range of the data; NULL without noise.
noise_facts <- function(core, inputs) {
  if (!inputs$problem$noise$on) return(NULL)
  list(
    log_density = core$log_noise_density,
    range = `dimnames<-`(inputs$ranges, list(c("min", "max"), inputs$columns))
  )
}

# With n rows, p free parameters and the probabilities z of the components:
# BIC = -2 loglik + p log n, ICL = BIC - 2 sum_i w_i log max_j z_ij.
table_row <- function(row, candidate, n_obs) {
  row$n_iter <- candidate$n_iter
  row$reason <- candidate$reason
  if (!is.na(candidate$reason)) return(row)
  row$loglik <- candidate$loglik
  row$df <- candidate$df
  row$bic <- -2 * candidate$loglik + candidate$df * log(n_obs)
  row$icl <- row$bic - 2 * candidate$entropy
  row$aic <- -2 * candidate$loglik + 2 * candidate$df
  row
}

# -2 times the log-likelihood of left-out rows. Each fold is left out in turn
# (weight 0), EM continues from the candidate's mixture, and the rows of the
# fold are evaluated.
cross_validate <- function(search, inputs, progress, call) {
  if (is.null(search$folds)) search$folds <- draw_folds(inputs)
  open <- which(!vapply(search$found, is.null, TRUE) & is.na(search$table$cv))
  for (i in seq_along(open)) {
    row <- open[i]
    result <- cross_validate_candidate(search, row, inputs, call)
    if (is.character(result)) {
      search$table$reason[row] <- result
    } else {
      search$table$cv[row] <- result
    }
    if (!is.null(progress)) progress("Cross-validating", i, length(open), NaN)
  }
  search
}

# The fold of each row, 0 for those of weight 0.
draw_folds <- function(inputs) {
  n <- nrow(inputs$x)
  active <- if (is.null(inputs$active)) seq_len(n) else inputs$active
  n_folds <- min(inputs$control$n_folds, length(active))
  folds <- integer(n)
  folds[active[sample.int(length(active))]] <-
    rep_len(seq_len(n_folds), length(active))
  folds
}

# A number, or text that says why there is none.
cross_validate_candidate <- function(search, row, inputs, call) {
  problem <- inputs$problem
  weights <- problem$weights
  if (length(weights) == 0L) weights <- rep(1, nrow(inputs$x))
  problem[c("partition", "responsibilities")] <-
    list(integer(), matrix(0, 0, 0))
  problem$mixture <- core_mixture(search$found[[row]]$mixture, search$noise)
  problem <- c(list(k = search$table$k[row],
                    model = core_model(search$table$model[row]), n_kept = 1L),
               problem)
  deviance <- 0
  for (fold in seq_len(max(search$folds))) {
    out <- search$folds == fold
    problem$weights <- replace(weights, out, 0)
    core <- with_core_errors(
      cpp_gmm_fit(inputs$x, problem, core_control(inputs$control), search$seed,
                  NULL, NULL),
      call = call
    )
    candidate <- core$candidates[[1]]
    if (is.null(candidate$mixture)) {
      return(paste("cross-validation failed without one of the folds:",
                   candidate$reason))
    }
    noise <- noise_facts(core, inputs)
    density <- cpp_gmm_evaluate(
      inputs$x[out, , drop = FALSE], core_mixture(candidate$mixture, noise),
      "log_density", inputs$control$n_threads
    )
    deviance <- deviance - 2 * sum(weights[out] * density$log_density)
  }
  deviance
}

abort_no_fit <- function(table, call) {
  n <- nrow(table)
  first <- table[1, ]
  gmvae_abort(c(
    if (n == 1L) {
      "{.fn gmm_fit} could not fit the mixture."
    } else {
      "{.fn gmm_fit} could fit none of the {n} combinations of {.arg k} and
       {.arg model}."
    },
    x = "{if (n > 1L) 'The first, '}{first$model} with
         {first$k} component{?s}: {first$reason}.",
    i = "Use a smaller {.arg k}, a simpler {.arg model}, a {.arg prior}, or a
         ridge ({.code gmm_control(ridge = 1e-4)}).",
    i = if (isTRUE(startsWith(first$reason, tied_reason))) {
      "Equal values can be spread within their unit of measurement:
       {.code jitter(x, amount = unit)}."
    }
  ), "numerical", call = call)
}

# Silent where the user has asked for a fixed number of iterations.
warn_not_converged <- function(candidate, control, call) {
  asked <- control$max_iter == 1L || control$tol == 0
  if (candidate$converged || asked) return(invisible())
  n <- format(candidate$n_iter, big.mark = ",", decimal.mark = ".")
  gmvae_warn(c(
    "EM did not converge after {n} iterations.",
    i = "Increase {.arg max_iter} in {.fn gmm_control}, or {.arg tol} if the
         last digits of the log-likelihood do not matter."
  ), "not_converged", call = call)
}

# The search over the combinations (cells) of k and model: a table with a row
# per cell, beside it what the core found in each.

criteria <- c("bic", "icl", "aic", "cv")

# The outcome of a search: `table`, `found` (for each row of it the core's cell,
# or NULL), `best` (the row that won), `noise` (log-density and range), `seed`
# and `folds`. Cells that `known`, a fit to the same data by the same options,
# has already are not fitted again.
gmm_search <- function(inputs, known = NULL, call) {
  search <- start_search(inputs, known)
  progress <- progress_reporter(inputs$control$verbose)
  search <- run_cells(search, todo_cells(search, inputs$criterion), inputs,
                      progress, call)
  if (inputs$criterion == "cv") {
    search <- cross_validate(search, inputs, progress, call)
  }
  repeat {
    best <- which.min(search$table[[inputs$criterion]])
    if (length(best) == 0L) abort_no_fit(search$table, call)
    search$best <- best
    if (!is.null(search$found[[best]])) return(search)
    # A known winner whose mixture was not kept.
    search <- run_cells(search, best, inputs, progress, call)
  }
}

start_search <- function(inputs, known) {
  cells <- inputs$cells
  missing <- rep(NA_real_, nrow(cells))
  table <- data.frame(
    cells[c("k", "model")], loglik = missing, df = NA_integer_, bic = missing,
    icl = missing, aic = missing, cv = missing, n_iter = NA_integer_,
    reason = cells$reason
  )
  search <- list(table = table, found = vector("list", nrow(cells)),
                 noise = NULL, seed = NULL, folds = NULL)
  if (is.null(known)) {
    search$seed <- draw_seed()
    return(search)
  }
  of_known <- match(cell_names(table), cell_names(known$search))
  same <- which(!is.na(of_known))
  search$table[same, ] <- known$search[of_known[same], ]
  kept <- match(cell_names(table), names(known$cells))
  search$found[which(!is.na(kept))] <- known$cells[kept[!is.na(kept)]]
  search$noise <- known$noise[c("log_density", "range")]
  search[c("seed", "folds")] <- known[c("seed", "folds")]
  search
}

cell_names <- function(table) paste0(table$model, ",", table$k)

# Cells without an outcome so far; for cross-validation also those whose
# mixtures were not kept.
todo_cells <- function(search, criterion) {
  table <- search$table
  open <- is.na(table$loglik) & is.na(table$reason)
  if (criterion == "cv") {
    unknown <- vapply(search$found, is.null, TRUE)
    open <- open | (unknown & is.na(table$cv) & is.na(table$reason))
  }
  which(open)
}

run_cells <- function(search, rows, inputs, progress, call) {
  if (length(rows) == 0L) return(search)
  cells <- search$table[rows, ]
  problem <- c(list(k = cells$k, model = core_model(cells$model)),
               inputs$problem)
  core <- with_core_errors(
    cpp_gmm_fit(inputs$x, problem, core_control(inputs$control), search$seed,
                progress),
    call = call
  )
  for (i in seq_along(rows)) {
    cell <- core$cells[[i]]
    search$table[rows[i], ] <- table_row(search$table[rows[i], ], cell,
                                         inputs$n_obs)
    if (!is.null(cell$mixture)) search$found[[rows[i]]] <- cell
  }
  search$noise <- noise_facts(core, inputs)
  search
}

# What the core has found about noise, with the range of the data, or NULL.
noise_facts <- function(core, inputs) {
  if (!inputs$problem$noise$on) return(NULL)
  list(
    log_density = core$log_noise_density,
    range = `dimnames<-`(inputs$ranges, list(c("min", "max"), inputs$columns))
  )
}

# With n rows, p free parameters and the probabilities z of the components:
# BIC = -2 loglik + p log n, ICL = BIC - 2 sum_i w_i log max_j z_ij.
table_row <- function(row, cell, n_obs) {
  row$n_iter <- cell$n_iter
  row$reason <- cell$reason
  if (is.null(cell$mixture)) return(row)
  row$loglik <- cell$loglik
  row$df <- cell$df
  row$bic <- -2 * cell$loglik + cell$df * log(n_obs)
  row$icl <- row$bic - 2 * cell$entropy
  row$aic <- -2 * cell$loglik + 2 * cell$df
  row
}

# Held-out log-likelihood, times -2: each fold is left out (its rows get weight
# 0), the cell's mixture is fitted on from where it is, and evaluated there.
cross_validate <- function(search, inputs, progress, call) {
  if (is.null(search$folds)) search$folds <- draw_folds(inputs)
  open <- which(!vapply(search$found, is.null, TRUE) & is.na(search$table$cv))
  for (i in seq_along(open)) {
    row <- open[i]
    result <- cross_validate_cell(search, row, inputs, call)
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

# A number, or the reason why there is none.
cross_validate_cell <- function(search, row, inputs, call) {
  problem <- inputs$problem
  weights <- problem$weights
  if (length(weights) == 0L) weights <- rep(1, nrow(inputs$x))
  problem[c("partition", "responsibilities")] <-
    list(integer(), matrix(0, 0, 0))
  problem$mixture <- core_mixture(search$found[[row]]$mixture, search$noise)
  problem <- c(list(k = search$table$k[row],
                    model = core_model(search$table$model[row])), problem)
  deviance <- 0
  for (fold in seq_len(max(search$folds))) {
    out <- search$folds == fold
    problem$weights <- replace(weights, out, 0)
    core <- with_core_errors(
      cpp_gmm_fit(inputs$x, problem, core_control(inputs$control), search$seed,
                  NULL),
      call = call
    )
    cell <- core$cells[[1]]
    if (is.null(cell$mixture)) {
      return(paste("no fit without one of the folds:", cell$reason))
    }
    noise <- noise_facts(core, inputs)
    density <- cpp_gmm_evaluate(
      inputs$x[out, , drop = FALSE], core_mixture(cell$mixture, noise),
      "log_density", inputs$control$n_threads
    )
    deviance <- deviance - 2 * sum(weights[out] * density$log_density)
  }
  deviance
}

abort_no_fit <- function(table, call) {
  first <- table[1, ]
  more <- nrow(table) - 1L
  gmvae_abort(c(
    "{.fn gmm_fit} must find a mixture that is not degenerate.",
    x = "{first$model} with {first$k} component{?s}: {first$reason}.",
    i = if (more > 0L) "{more} more combination{?s} of k and model failed too.",
    i = "Use a smaller {.arg k}, a simpler {.arg model}, a {.arg prior} or a
         ridge."
  ), "numerical", call = call)
}

warn_not_converged <- function(cell, control, call) {
  if (cell$converged || control$max_iter == 1L) return(invisible())
  gmvae_warn(c(
    "EM must converge for the fit to be a maximum of the likelihood.",
    x = "It stopped after {cell$n_iter} iteration{?s}.",
    i = "Raise `max_iter` or `tol` in {.fn gmm_control}."
  ), "not_converged", call = call)
}

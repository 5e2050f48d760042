#' Cross-validate a classifier
#'
#' Estimates how well a fit of [gmm_classify()] predicts rows that it has not
#' seen. Each fold is left out in turn, the models that the fit chose are fitted
#' to the other rows, and the fold is predicted.
#'
#' @param object A fit of [gmm_classify()].
#' @param folds Number of folds, a whole number of at least 2 (the number of
#'   rows is used instead if it is smaller, which leaves out one row at a time);
#'   or the fold of each row, whole numbers (n, or an n x `repeats` matrix).
#'   Folds that are made here are stratified: each has about the same share of
#'   each class.
#' @param repeats How often to repeat with other folds, a whole number of at
#'   least 1.
#' @param ... Not used. Arguments after it must be named.
#' @param x The data that were fitted. `NULL`: the copy that the fit holds
#'   (`keep_data = TRUE`), or else the `x` in the call of [gmm_classify()],
#'   evaluated where `gmm_classify_cv()` is called.
#' @param proportions,cost As for [gmm_classify()]. `NULL`: those of the fit.
#' @param BPPARAM A `BiocParallelParam`, to fit the folds in parallel, for
#'   instance `BiocParallel::MulticoreParam(2)`, or `"mirai"`, as for
#'   [gmm_bootstrap()]. `NULL`: one after the other.
#'   The result is the same.
#' @returns An object of class `gmm_classify_cv`, a list with
#'   * `error`, `brier`, `mean_cost`: as in [gmm_classify()], for rows that were
#'     left out; means over the repeats
#'   * `se`: standard errors of the three, from their spread over the folds
#'   * `scores`: a data frame with a row for each fold: `repeat_number`, `fold`,
#'     `n` (sum of the weights), `error`, `brier`, `mean_cost`
#'   * `confusion`: the table of classes (rows) and predictions (columns), the
#'     mean over the repeats
#'   * `predicted`: the predictions in the first repeat, a factor (n);
#'     `posterior` (n x C): probabilities of the classes, means over the repeats
#'   * `folds` (n x `repeats`), `class` (n), `classes`, `cost`, `row_weights`
#'
#'   `print()` and [plot()][plot.gmm_classifier] with `type = "calibration"`
#'   show it.
#' @details
#' All folds are predicted with the proportions of the fit. The choice of the
#' models is not repeated within the folds: if many were compared by
#' `criterion = "cv"`, the error is slightly too good.
#'
#' With e_f the score of fold f and n_f its rows (sum of weights), the score is
#' the mean of e_f weighted by n_f, and its squared standard error is the
#' weighted variance of e_f around it, divided by the number of folds minus 1,
#' as in \pkg{mclust}. With several repeats it is the mean over these.
#' @section Reproducibility: [set.seed()] governs the folds and the starts of
#'   EM. The result does not depend on `BPPARAM` or `n_threads`.
#' @section Errors:
#'   * `gmvae_error_input`: `x` is not found or not the data of the fit.
#'   * `gmvae_error_option`: `folds` or another argument is out of range; a
#'     class has no rows outside one of the folds.
#'   * `gmvae_error_numerical`: the models could not be fitted without one of
#'     the folds.
#'   * `gmvae_error_package`: `BPPARAM` is given and BiocParallel not installed.
#' @seealso [gmm_classify()]
#' @examples
#' set.seed(1)
#' fit <- gmm_classify(iris[, 1:4], iris$Species, model = c("EEE", "VEV"))
#' gmm_classify_cv(fit, folds = 10, repeats = 2)
#' @export
gmm_classify_cv <- function(object, folds = 10, repeats = 1, ..., x = NULL,
                            proportions = NULL, cost = NULL, BPPARAM = NULL) {
  caller <- parent.frame()
  call <- quote(gmm_classify_cv())
  check_no_dots(..., call = call)
  check_classifier(object, call)
  check_bpparam(BPPARAM, call, "cross-validate")
  repeats <- check_count(repeats, max = 1e5, call = call)
  problem <- problem_of(object, classified_data(object, x, "x", caller, call))
  if (!is.null(proportions)) {
    problem$proportions <- check_proportions(proportions, object$classes, call)
  }
  if (!is.null(cost)) problem$cost <- check_cost(cost, object$classes, call)
  used <- !is.na(object$posterior[, 1])
  folds <- class_folds(folds, object$class, used, repeats, call)
  cv_bridge(problem, folds, used, BPPARAM, call)
}

check_classifier <- function(object, call, arg = "object") {
  if (inherits(object, "gmm_classifier")) {
    return(validate_fit(object, arg, call))
  }
  gmvae_abort(c(
    "{.arg {arg}} must be a fit of {.fn gmm_classify}.",
    x = "You supplied {describe(object)}."
  ), "input", call = call)
}

# What gmm_classify() had to solve, with the models it chose.
problem_of <- function(object, x) {
  colnames(x) <- object$columns
  edda <- object$type == "edda"
  list(
    x = x, class = unname(object$class), type = object$type,
    weights = object$row_weights, prior = object$prior,
    na_action = object$na_action, criterion = "bic", control = object$control,
    proportions = object$proportions, cost = object$cost,
    models = if (edda) object$models$model[1] else
      as.list(object$models$model),
    k = if (!edda) as.list(object$models$k)
  )
}

# The folds of the rows (n x repeats), 0 for rows that are not used.
class_folds <- function(folds, class, used, repeats, call) {
  n <- length(class)
  if (is.numeric(folds) && length(folds) == 1L && n > 1L) {
    folds <- check_count(folds, min = 2, call = call)
    folds <- min(folds, sum(used))
    made <- vapply(seq_len(repeats), function(i) {
      replace(integer(n), used, stratified_folds(class[used], folds))
    }, integer(n))
    folds <- matrix(made, n)
  } else {
    folds <- check_given_folds(folds, n, repeats, call)
    folds[!used, ] <- 0L
  }
  check_fold_classes(folds, class, used, call)
  folds
}

# Deals the rows of each class, in random order, to the folds; each class goes
# on where the last one ended, so that folds differ by one row at most.
stratified_folds <- function(class, n_folds) {
  shuffled <- sample.int(length(class))
  order <- shuffled[order(as.integer(class)[shuffled])]
  folds <- integer(length(class))
  folds[order] <- rep_len(seq_len(n_folds), length(class))
  folds
}

check_given_folds <- function(folds, n, repeats, call) {
  values <- if (is.factor(folds)) as.integer(folds) else folds
  if (is.numeric(values) && length(values) == n * repeats &&
        (is.null(dim(values)) || identical(dim(values), c(n, repeats))) &&
        all(is.finite(values)) && all(values == round(values)) &&
        all(abs(values) < 1e9)) {
    values <- matrix(values, n)
    return(matrix(apply(values, 2, function(column) {
      match(column, sort(unique(column)))
    }), n))
  }
  gmvae_abort(c(
    "{.arg folds} must be a whole number of at least 2, or the fold of each row:
     {n} whole numbers, or a matrix with such a column for each of {repeats}
     repeat{?s}.",
    x = "You supplied {describe(folds)}."
  ), "option", call = call)
}

# Each class must be learnt from rows outside each fold.
check_fold_classes <- function(folds, class, used, call) {
  for (i in seq_len(ncol(folds))) {
    for (fold in seq_len(max(folds[, i]))) {
      rest <- class[used & folds[, i] != fold]
      missing <- setdiff(levels(class), as.character(rest))
      if (length(missing) == 0L) next
      gmvae_abort(c(
        "Each class must have rows outside each fold.",
        x = "All rows of class {.val {missing[1]}} are in fold {fold}.",
        i = "Use fewer classes, or folds that are stratified by class, as
             {.fn gmm_classify_cv} makes them."
      ), "option", call = call)
    }
  }
}

# Fits, predicts and scores all folds.
cv_bridge <- function(problem, folds, used, BPPARAM, call) {
  tasks <- expand_folds(folds)
  posteriors <- run_folds(problem, folds, tasks, BPPARAM, call)
  classes <- levels(problem$class)
  weights <- problem$weights
  if (is.null(weights)) weights <- rep(1, length(used))
  n <- length(used)
  by_repeat <- lapply(seq_len(ncol(folds)), function(i) {
    posterior <- matrix(NA_real_, n, length(classes),
                        dimnames = list(rownames(problem$x), classes))
    for (task in which(tasks$repeat_number == i)) {
      posterior[folds[, i] == tasks$fold[task], ] <- posteriors[[task]]
    }
    posterior
  })
  score <- function(rows, posterior) {
    class_scores(posterior[rows, , drop = FALSE],
                 decide(posterior[rows, , drop = FALSE], problem$cost),
                 problem$class[rows], weights[rows], problem$cost)
  }
  scores <- lapply(seq_len(nrow(tasks)), function(task) {
    i <- tasks$repeat_number[task]
    rows <- which(folds[, i] == tasks$fold[task])
    found <- score(rows, by_repeat[[i]])[c("error", "brier", "mean_cost")]
    data.frame(tasks[task, ], n = sum(weights[rows]), found)
  })
  scores <- do.call(rbind, scores)
  confusion <- lapply(by_repeat, function(posterior) {
    score(which(used), posterior)$confusion
  })
  mean_of <- function(parts) Reduce(`+`, parts) / length(parts)
  structure(
    c(
      cv_summary(scores),
      list(
        scores = scores, confusion = mean_of(confusion),
        predicted = decide(by_repeat[[1]], problem$cost),
        posterior = mean_of(by_repeat), folds = folds, class = problem$class,
        classes = classes, cost = problem$cost,
        row_weights = problem$weights, version = gmvae_format
      )
    ),
    class = "gmm_classify_cv"
  )
}

# A row for each fold of each repeat.
expand_folds <- function(folds) {
  tasks <- lapply(seq_len(ncol(folds)), function(i) {
    data.frame(repeat_number = i, fold = seq_len(max(folds[, i])))
  })
  do.call(rbind, tasks)
}

# Probabilities of the classes for the rows of each task, in parallel or not.
# Every task has a seed of its own, so that the workers do not matter.
run_folds <- function(problem, folds, tasks, BPPARAM, call) {
  seeds <- vapply(seq_len(nrow(tasks)), function(i) draw_seed(), 0L)
  progress <- if (is.null(BPPARAM)) progress_reporter(problem$control$verbose)
  run <- function(task) {
    problem$seed <- seeds[task]
    out <- folds[, tasks$repeat_number[task]] == tasks$fold[task]
    found <- predict_fold(problem, out, call)
    if (!is.null(progress)) {
      progress("Cross-validating", task, nrow(tasks), NaN)
    }
    found
  }
  if (is.null(BPPARAM)) return(lapply(seq_len(nrow(tasks)), run))
  pool <- open_workers(BPPARAM, call)
  on.exit(pool$close())
  problem$control$n_threads <- threads_each(problem$control$n_threads, pool,
                                            nrow(tasks))
  map_tasks(seq_len(nrow(tasks)), run, pool, call, each = "fold")
}

# The posterior probabilities of the rows in `out`, from a fit to the others.
predict_fold <- function(problem, out, call) {
  rows <- list(x = problem$x[out, , drop = FALSE])
  problem$x <- problem$x[!out, , drop = FALSE]
  problem$class <- problem$class[!out]
  problem$weights <- problem$weights[!out]
  fit <- rlang::try_fetch(
    fit_classes(problem, call),
    gmvae_error = function(cnd) {
      gmvae_abort("The models could not be fitted without one of the folds.",
                  "numerical", parent = cnd, call = call)
    }
  )
  fit$columns <- colnames(problem$x)
  fit[c("na_action", "control")] <- problem[c("na_action", "control")]
  fit$classes <- levels(problem$class)
  proportions <- problem$proportions
  if (is.null(proportions)) proportions <- fit$shares
  class_posterior(fit, rows$x, proportions, call)
}

# Means over the folds by their sizes, and standard errors; both averaged over
# the repeats.
cv_summary <- function(scores) {
  parts <- c("error", "brier", "mean_cost")
  found <- lapply(split(scores, scores$repeat_number), function(rows) {
    size <- rows$n / sum(rows$n)
    vapply(parts, function(part) {
      mean <- sum(size * rows[[part]])
      c(mean, sum(size * (rows[[part]] - mean)^2) / (nrow(rows) - 1))
    }, c(0, 0))
  })
  mean <- Reduce(`+`, found) / length(found)
  c(as.list(mean[1, ]), list(se = sqrt(mean[2, ])))
}

#' @export
print.gmm_classify_cv <- function(x, ...) {
  repeats <- ncol(x$folds)
  cat(cli::pluralize("Cross-validation of {length(x$classes)} class{?es}, ",
                     "{max(x$folds)} fold{?s}, {repeats} repeat{?s}"),
      "\n\n", sep = "")
  parts <- c("error", "brier", if (!is.null(x$cost)) "mean_cost")
  print(data.frame(estimate = unlist(unclass(x)[parts]), se = x$se[parts]),
        digits = 4)
  cat("\n")
  print(x$confusion)
  invisible(x)
}

# The search table of the models of an EDDA, with the mean cost of errors
# (`error`) and the Brier score of each, by the same folds; `rank` orders them.
compare_by_cv <- function(problem, call) {
  problem$criterion <- "bic"
  table <- fit_classes(problem, call)$search
  used <- if (problem$na_action == "omit") {
    stats::complete.cases(problem$x)
  } else {
    rep(TRUE, nrow(problem$x))
  }
  folds <- class_folds(problem$control$n_folds, problem$class, used, 1L, call)
  table$error <- table$brier <- NA_real_
  for (i in which(is.na(table$reason))) {
    problem$models <- table$model[i]
    found <- rlang::try_fetch(
      cv_bridge(problem, folds, used, NULL, call),
      gmvae_error_numerical = function(cnd) conditionMessage(cnd)
    )
    if (is.character(found)) {
      table$reason[i] <- "cross-validation failed without one of the folds"
      next
    }
    table$error[i] <- found$mean_cost
    table$brier[i] <- found$brier
  }
  if (all(is.na(table$error))) {
    gmvae_abort(c(
      "None of the models could be cross-validated.",
      i = "Use a simpler {.arg model}, fewer folds ({.code n_folds} in
           {.fn gmm_control}), or a {.arg prior}."
    ), "numerical", call = call)
  }
  table$rank <- order(order(table$error, table$brier))
  table
}

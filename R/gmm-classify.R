#' Classify by Gaussian mixtures
#'
#' Learns from rows whose classes are known, and predicts the classes of others
#' by Bayes' rule. The density of each class is one normal distribution
#' (eigenvalue decomposition discriminant analysis, EDDA), which includes linear
#' and quadratic discriminant analysis, or a mixture of its own (mixture
#' discriminant analysis, MclustDA in \pkg{mclust}).
#'
#' @param x Numeric data with observations in rows (n x d), as for [gmm_fit()].
#' @param class The classes of the rows: a factor, text, numbers or logical
#'   values (n), without missing values. [gmm_fit()] with `labels` learns from
#'   rows without labels too.
#' @param type `"edda"`: one component for each class, with the same covariance
#'   model for all; `"mixture"`: a mixture for each class, with its own number
#'   of components and model.
#' @param model Covariance models to compare, see [gmm_models()]: `"EEE"` gives
#'   linear and `"VVV"` quadratic discriminant analysis. `NULL`: all. For
#'   `"mixture"` also a list with models for each class, in the order of the
#'   classes or named by them.
#' @param k Numbers of components to compare for `"mixture"`, or a list of these
#'   for each class.
#' @param ... Not used. Arguments after it must be named.
#' @param weights Weights of the rows (n), as for [gmm_fit()]. `NULL`: all 1.
#' @param proportions Probabilities of the classes where predictions are made:
#'   numbers above 0, in the order of the classes or named by them; they are
#'   divided by their sum. `NULL`: the shares of the classes in the data.
#' @param cost Costs of errors: a matrix of numbers of at least 0 with a row for
#'   each true class and a column for each predicted class, in the order of the
#'   classes or named by them, and 0 on its diagonal. Predictions have the
#'   smallest expected cost. `NULL`: 1 for each error, so that the most probable
#'   class is predicted.
#' @param prior,na_action As for [gmm_fit()]: a prior for means and covariances,
#'   and what to do with missing values.
#' @param criterion Criterion for the choice, always the smallest: `"bic"` or
#'   `"aic"`; `"cv"`: for `"edda"` the mean cost of errors in stratified
#'   cross-validation (Bensmail and Celeux 1996; equal ones are decided by the
#'   Brier score), for `"mixture"` the cross-validated likelihood of
#'   [gmm_fit()] within each class. `"icl"` is for `"mixture"` only. `n_folds`
#'   in [gmm_control()] sets the number of folds.
#' @param keep_data `TRUE` keeps a copy of `x`, for plots and cross-validation
#'   without the data at hand.
#' @param control Options of EM, from [gmm_control()].
#' @returns An object of class `gmm_classifier`, a list with
#'   * `classes` (C): their names; `class` (n): the classes as given, a factor
#'   * `type`, `criterion`, `proportions` (C), `cost`: as chosen or given;
#'     `shares` (C): the shares of the classes in the data (by weight)
#'   * `models`: a data frame with a row for each class: `class`, `n`, the
#'     number of rows that were used; `k`, `model`
#'   * `search`: a data frame of all combinations that were compared, as that of
#'     [gmm_fit()], with `error` and `brier` if `criterion = "cv"` chose; for
#'     `"mixture"` its first column is the class
#'   * `weights` (K), `means` (K x d), `covariances` (d x d x K): the components
#'     of all classes as one mixture, and `component_class` (K), the number of
#'     the class of each
#'   * `predicted` (n), `posterior` (n x C), `uncertainty` (n): what
#'     [predict()][predict.gmm_classifier] gives for the rows of `x`
#'   * `error`, `brier`, `mean_cost`, `confusion`: the share of misclassified
#'     rows, the Brier score, the mean cost and the table of classes (rows) and
#'     predictions (columns) for the rows of `x`. They are too good: see
#'     [gmm_classify_cv()]
#'   * `loglik`, `df`, `bic`, `aic`: of the mixture of all classes, see below
#'   * `n`, `n_obs`, `n_incomplete`, `columns`, `prior`, `na_action`,
#'     `row_weights`, `control`, `call`, `data` (if kept), `version`
#'
#'   Methods: [predict()][predict.gmm_classifier],
#'   [plot()][plot.gmm_classifier], [summary()][summary.gmm_classifier],
#'   `print()`, `logLik()`, `nobs()`.
#' @section Details:
#' With f_c the share of class c and p_c its density, the log-likelihood is
#' sum_i w_i log sum_c f_c p_c(x_i), and BIC = -2 loglik + df log n, where df
#' counts the parameters of the densities but not the shares. (\pkg{mclust} has
#' the same numbers, and BIC with the opposite sign.)
#'
#' The Brier score is sum_i w_i sum_c (y_ic - p_ic)^2 / (2 sum_i w_i), where
#' y_ic is 1 for the class of row i and 0 for others, and p_ic is its
#' probability: 0 if all are certain and right, 1 if all are certain and wrong
#' (Brier 1950).
#'
#' With missing values (`na_action = "em"`) classes are predicted from the
#' observed values.
#'
#' There is no `noise` component: each row has a class, so that none is left
#' from which its share could be learned, and no class to predict for it. With
#' some rows of unknown class, [gmm_fit()] with `labels` and `noise` learns
#' both.
#' @section Errors:
#'   * `gmvae_error_input`, `gmvae_error_data`: as for [gmm_fit()].
#'   * `gmvae_error_option`: `class` has missing values or not an element for
#'     each row; another argument is out of range or unknown; `noise` is given,
#'     see Details.
#'   * `gmvae_error_numerical`: no model could be fitted, for instance because a
#'     class has too few rows.
#' @references
#' Bensmail and Celeux (1996) Regularized Gaussian discriminant analysis through
#' eigenvalue decomposition. *Journal of the American Statistical Association*
#' 91, 1743-1748. \doi{10.1080/01621459.1996.10476746}
#'
#' Fraley and Raftery (2002) Model-based clustering, discriminant analysis, and
#' density estimation. *Journal of the American Statistical Association* 97,
#' 611-631. \doi{10.1198/016214502760047131}
#'
#' Brier (1950) Verification of forecasts expressed in terms of probability.
#' *Monthly Weather Review* 78, 1-3.
#' @seealso [gmm_classify_cv()] for honest error rates; [gmm_fit()] with
#'   `labels` where only some classes are known; [discriminant_coordinates()].
#' @examples
#' fit <- gmm_classify(iris[, 1:4], iris$Species)
#' fit
#' predict(fit, iris[c(1, 71, 150), ], type = "posterior")
#'
#' # A mixture for each class
#' gmm_classify(iris[, 3:4], iris$Species, "mixture", k = 1:2)$models
#'
#' # Missing a virginica costs five times as much as another error
#' cost <- 1 - diag(3)
#' cost[3, ] <- 5 * cost[3, ]
#' gmm_classify(iris[, 1:2], iris$Species, cost = cost)$confusion
#' @export
gmm_classify <- function(x, class, type = c("edda", "mixture"), model = NULL,
                         k = 1:5, ..., weights = NULL, proportions = NULL,
                         cost = NULL, prior = NULL,
                         na_action = c("fail", "omit", "em"),
                         criterion = c("bic", "aic", "icl", "cv"),
                         keep_data = FALSE, control = gmm_control()) {
  call <- quote(gmm_classify())
  check_no_noise(..., call = call)
  check_no_dots(..., call = call)
  check_given(missing(x))
  type <- if (missing(type)) "edda" else
    check_choice(type, c("edda", "mixture"), call = call)
  na_action <- if (missing(na_action)) "fail" else na_action
  criterion <- if (missing(criterion)) "bic" else criterion
  keep_data <- check_flag(keep_data, call = call)
  control <- check_gmm_control(control, call)
  data <- gmm_data(x, weights,
                   check_choice(na_action, c("fail", "omit", "em"),
                                call = call), call)
  class <- check_class(if (!missing(class)) class, data$n, call)
  colnames(data$given) <- data$columns
  problem <- list(
    x = data$given, class = class, type = type,
    weights = if (!is.null(weights)) as.double(weights),
    prior = check_prior(prior, data$columns, call), na_action = na_action,
    criterion = check_class_criterion(criterion, type, call),
    control = control, proportions = check_proportions(proportions,
                                                       levels(class), call),
    cost = check_cost(cost, levels(class), call)
  )
  problem$models <- by_class(model, levels(class), type, "model", call)
  problem$k <- lapply(by_class(k, levels(class), type, "k", call), check_k,
                      call)
  fit <- classify_bridge(problem, call)
  fit$call <- call_by_name(match.call(), "gmm_classify")
  if (keep_data) fit$data <- problem$x
  fit
}

# Fits, chooses and constructs.
classify_bridge <- function(problem, call) {
  problem$seed <- draw_seed()
  if (problem$type == "edda" && problem$criterion == "cv") {
    compared <- compare_by_cv(problem, call)
    problem$models <- compared$model[which.min(compared$rank)]
    found <- fit_classes(problem, call)
    found$search <- compared[names(compared) != "rank"]
  } else {
    found <- fit_classes(problem, call)
  }
  new_gmm_classifier(found, problem, call)
}

# The mixture of all classes, from rows with known classes: a list with
# `weights`, `means`, `covariances`, `component_class`, `shares`, `models`, `df`
# and the table `search`.
fit_classes <- function(problem, call) {
  found <- if (problem$type == "edda") fit_edda(problem, call) else
    fit_class_mixtures(problem, call)
  names(found$weights) <- found$components
  dimnames(found$means) <- list(found$components, colnames(problem$x))
  dimnames(found$covariances) <- list(colnames(problem$x),
                                      colnames(problem$x), found$components)
  found
}

# The arguments of gmm_fit() that a problem has for some of its rows.
class_inputs <- function(problem, rows, k, model, labels, call) {
  arguments <- list(
    k = k, model = model, weights = problem$weights[rows], labels = labels,
    start = labels, noise = NULL, prior = problem$prior,
    na_action = problem$na_action,
    criterion = if (is.null(labels)) problem$criterion else "bic",
    keep_data = FALSE, keep_posterior = FALSE, control = problem$control
  )
  inputs <- gmm_inputs(problem$x[rows, , drop = FALSE], arguments, call)
  inputs$seed <- problem$seed
  inputs
}

# One component for each class. gmm_fit() with all rows labelled does the
# M-steps; its log-likelihoods know the labels, and those here do not.
fit_edda <- function(problem, call) {
  n_classes <- nlevels(problem$class)
  rows <- seq_len(nrow(problem$x))
  inputs <- class_inputs(problem, rows, n_classes, problem$models,
                         problem$class, call)
  inputs$keep_all <- TRUE
  search <- gmm_search(inputs, NULL, call)
  table <- search$table[c("k", "model", "loglik", "df", "bic", "aic", "reason")]
  models <- gmm_models(length(inputs$columns), n_classes)
  weights <- inputs$problem$weights
  for (i in seq_along(search$found)) {
    if (is.null(search$found[[i]])) next
    density <- cpp_gmm_evaluate(
      inputs$x, core_mixture(search$found[[i]]$mixture, NULL), "log_density",
      inputs$control$n_threads
    )$log_density
    table$loglik[i] <- sum(if (length(weights) > 0L) weights * density else
      density)
    table$df[i] <- n_classes * length(inputs$columns) +
      models$n_parameters[match(table$model[i], models$code)]
  }
  table$bic <- -2 * table$loglik + table$df * log(inputs$n_obs)
  table$aic <- -2 * table$loglik + 2 * table$df
  criterion <- if (problem$criterion == "aic") "aic" else "bic"
  best <- which.min(table[[criterion]])
  mixture <- search$found[[best]]$mixture
  c(
    mixture[c("weights", "means", "covariances")],
    list(
      components = levels(problem$class),
      component_class = seq_len(n_classes),
      shares = mixture$weights,
      models = class_models(problem, inputs, rep(1L, n_classes),
                            rep(table$model[best], n_classes)),
      df = table$df[best], n_obs = inputs$n_obs, search = table
    )
  )
}

# A mixture for each class.
fit_class_mixtures <- function(problem, call) {
  classes <- levels(problem$class)
  fits <- lapply(seq_along(classes), function(i) {
    rows <- which(problem$class == classes[i])
    rlang::try_fetch(
      gmm_bridge(class_inputs(problem, rows, problem$k[[i]],
                              problem$models[[i]], NULL, call),
                 NULL, quote(gmm_fit()), call),
      gmvae_error = function(cnd) {
        gmvae_abort("The mixture of class {.val {classes[i]}} could not be
                     fitted.", error_class(cnd), parent = cnd, call = call)
      }
    )
  })
  sizes <- vapply(fits, `[[`, 0, "n_obs")
  shares <- sizes / sum(sizes)
  k <- vapply(fits, `[[`, 0L, "k")
  columns <- colnames(problem$x)
  list(
    weights = unlist(Map(function(fit, share) share * unname(fit$weights), fits,
                         shares)),
    means = do.call(rbind, lapply(fits, `[[`, "means")),
    covariances = array(unlist(lapply(fits, `[[`, "covariances")),
                        c(length(columns), length(columns), sum(k))),
    components = paste(rep(classes, k), sequence(k), sep = ":"),
    component_class = rep(seq_along(classes), k),
    shares = shares,
    models = data.frame(class = classes,
                        n = vapply(fits, function(fit) fit$n - fit$n_omitted,
                                   0L),
                        k = k, model = vapply(fits, `[[`, "", "model")),
    df = sum(vapply(fits, `[[`, 0L, "df")),
    n_obs = sum(sizes),
    search = do.call(rbind, Map(function(fit, name) {
      data.frame(class = name, fit$search)
    }, fits, classes))
  )
}

# The part of an error's class that gmvae_abort() takes.
error_class <- function(cnd) {
  sub("^gmvae_error_", "", grep("^gmvae_error_", class(cnd), value = TRUE)[1])
}

class_models <- function(problem, inputs, k, model) {
  class <- problem$class
  if (!is.null(inputs$kept)) class <- class[inputs$kept]
  data.frame(class = levels(class), n = as.vector(table(class)), k = k,
             model = model)
}

new_gmm_classifier <- function(found, problem, call) {
  classes <- levels(problem$class)
  proportions <- problem$proportions
  if (is.null(proportions)) proportions <- found$shares
  object <- structure(
    c(
      problem[c("type", "criterion", "prior", "na_action", "control", "cost",
                "class")],
      list(classes = classes, proportions = stats::setNames(proportions,
                                                            classes),
           shares = stats::setNames(found$shares, classes)),
      found[c("models", "search", "weights", "means", "covariances",
              "component_class", "df", "n_obs")],
      list(columns = colnames(problem$x), n = nrow(problem$x),
           row_weights = problem$weights,
           n_incomplete = sum(!stats::complete.cases(problem$x)),
           call = NULL, version = gmvae_format)
    ),
    class = "gmm_classifier"
  )
  names(object$class) <- rownames(problem$x)
  # Under the shares of the data, whatever the proportions elsewhere.
  density <- evaluate_rows(object, problem$x, "log_density", call)$log_density
  weights <- used_weights(object, density)
  object$loglik <- sum((weights * density)[weights > 0])
  object$bic <- -2 * object$loglik + object$df * log(object$n_obs)
  object$aic <- -2 * object$loglik + 2 * object$df
  posterior <- class_posterior(object, problem$x, call = call)
  object$posterior <- posterior
  object$predicted <- decide(posterior, object$cost)
  object$uncertainty <- 1 - do.call(pmax, as.data.frame(posterior))
  names(object$uncertainty) <- rownames(posterior)
  scores <- class_scores(posterior, object$predicted, problem$class, weights,
                         object$cost)
  object[names(scores)] <- scores
  object
}

# 0 for rows that are not used: `NA` among `values`.
used_weights <- function(object, values) {
  weights <- object$row_weights
  if (is.null(weights)) weights <- rep(1, length(values))
  replace(weights, is.na(values), 0)
}

# Posterior probabilities of the classes (m x C).
class_posterior <- function(object, x, proportions = object$proportions,
                            call = rlang::caller_env()) {
  object <- with_proportions(object, proportions)
  posterior <- evaluate_rows(object, x, "posterior", call)$posterior
  sum_posteriors(posterior, object$component_class, object$classes)
}

# The mixture of all classes with these probabilities of the classes.
with_proportions <- function(object, proportions) {
  ratio <- (proportions / object$shares)[object$component_class]
  weights <- object$weights * ratio
  object$weights <- weights / sum(weights)
  object
}

# The class of the smallest expected cost, the first of equals.
decide <- function(posterior, cost) {
  scores <- if (is.null(cost)) posterior else -posterior %*% cost
  best <- max.col(replace(scores, is.na(scores), -Inf), "first")
  best[is.na(posterior[, 1])] <- NA
  stats::setNames(factor(colnames(posterior)[best], colnames(posterior)),
                  rownames(posterior))
}

# Error, Brier score, mean cost and table of errors, of rows with weights.
class_scores <- function(posterior, predicted, class, weights, cost) {
  rows <- which(weights > 0 & !is.na(predicted))
  w <- weights[rows] / sum(weights[rows])
  truth <- as.integer(class)[rows]
  guess <- as.integer(predicted)[rows]
  hit <- outer(truth, seq_along(levels(class)), `==`)
  error <- sum(w[truth != guess])
  list(
    error = error,
    brier = sum(w * (hit - posterior[rows, , drop = FALSE])^2) / 2,
    mean_cost = if (is.null(cost)) error else
      sum(w * cost[cbind(truth, guess)]),
    confusion = unclass(stats::xtabs(
      weights[rows] ~ Class + Predicted,
      data.frame(Class = unname(class)[rows],
                 Predicted = unname(predicted)[rows])
    ))[, , drop = FALSE]
  )
}

#' @importFrom stats logLik
#' @export
logLik.gmm_classifier <- function(object, ...) {
  structure(object$loglik, df = object$df, nobs = object$n_obs,
            class = "logLik")
}

#' @importFrom stats nobs
#' @export
nobs.gmm_classifier <- function(object, ...) {
  object$n_obs
}

# Exchange of fits with mclust, whose objects other packages and scripts expect.

# mclust has a generic icl() of its own, which hides ours where it is attached.
#' @rawNamespace S3method(mclust::icl, gmm_fit)
NULL

#' Exchange fits with mclust
#'
#' `as.Mclust()` turns a fit of [gmm_fit()] into an object of \pkg{mclust}, for
#' packages and scripts that expect one. `as_gmm_fit()` turns an object of
#' \pkg{mclust} into a fit of [gmm_fit()]. Both keep the parameters and so all
#' numbers that follow from them, such as densities and probabilities.
#'
#' @param x A fit of [gmm_fit()]. `as.Mclust()` is a generic of \pkg{mclust}.
#' @param data The data that were fitted. `NULL`: as for
#'   [plot()][plot.gmm_fit].
#' @param object An object of class `Mclust`, from `mclust::Mclust()` or
#'   `mclust::densityMclust()`.
#' @param ... Not used.
#' @returns
#'   * `as.Mclust()`: an object of class `Mclust` with its 16 elements. BIC and
#'     ICL have the sign of \pkg{mclust}: larger is better. Rows that the fit
#'     left out are not in it. It cannot hold the weights of rows, the names of
#'     components, labels or a prior.
#'   * `as_gmm_fit()`: an object of class `gmm_fit`, see [gmm_fit()], with the
#'     components in the order of `object` and its data. The search table holds
#'     the BIC of `object`. \pkg{mclust} does not report iterations: `n_iter` is
#'     0, and `converged` is `TRUE`.
#' @details
#' For some models \pkg{mclust} reports the log-likelihood, ICL and
#' probabilities before its last M-step. `as_gmm_fit()` keeps this
#' log-likelihood and ICL, but computes the probabilities from the parameters,
#' as `predict()` does in both packages. The differences are small, as its EM
#' stops when the log-likelihood rises by less than 1e-5 of its value.
#' With noise, [gmm_fit()] takes the volume of the smallest box around the data
#' along the columns, and \pkg{mclust} that along the principal components if it
#' is smaller; `as_gmm_fit()` keeps the volume of `object`.
#' @section Errors:
#'   * `gmvae_error_input`: `object` is not of class `Mclust`, or was fitted to
#'     other data than it holds; `data` are not found.
#'   * `gmvae_error_data`: the fit has rows with missing values, which
#'     \pkg{mclust} cannot hold.
#' @seealso [gmm_fit()], [relabel()]; `vignette("coming-from")`
#' @examplesIf requireNamespace("mclust", quietly = TRUE)
#' fit <- gmm_fit(faithful, k = 2)
#' theirs <- mclust::as.Mclust(fit)
#' theirs$bic + fit$bic
#' back <- as_gmm_fit(theirs)
#' all.equal(predict(back, faithful), predict(fit, faithful))
#' @name as_gmm_fit
NULL

#' @rdname as_gmm_fit
#' @exportS3Method mclust::as.Mclust
as.Mclust.gmm_fit <- function(x, data = NULL, ...) { # nolint: object_name.
  caller <- parent.frame()
  call <- quote(as.Mclust())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  rows <- fitted_data(x, data, "data", caller, call)
  colnames(rows) <- x$columns
  used <- !is.na(x$cluster)
  rows <- rows[used, , drop = FALSE]
  if (anyNA(rows)) {
    gmvae_abort(c(
      "{.pkg mclust} cannot hold rows with missing values.",
      x = "{sum(!stats::complete.cases(rows))} row{?s} of the fit {?has/have}
           some.",
      i = "Fit {.code predict(fit, type = \"imputed\")}, or use
           {.code na_action = \"omit\"}."
    ), "data", call = call)
  }
  d <- ncol(rows)
  noise <- !is.null(x$noise)
  model <- mclust_model(x)
  posterior <- x$posterior[used, , drop = FALSE]
  if (is.null(posterior)) {
    posterior <- evaluate_rows(x, rows, "posterior", call)$posterior
  }
  structure(
    list(
      call = x$call, data = rows, modelName = model, n = nrow(rows), d = d,
      G = x$k, BIC = mclust_bic(x, model, nrow(rows)), loglik = x$loglik,
      df = x$df, bic = -x$bic, icl = -x$icl,
      hypvol = if (noise) exp(-x$noise$log_density) else NA_real_,
      parameters = c(
        list(
          pro = unname(c(x$weights, x$noise$weight)),
          mean = if (d == 1L) x$means[, 1] else unname_columns(t(x$means)),
          variance = mclust_variance(x, model)
        ),
        if (noise) list(Vinv = exp(x$noise$log_density))
      ),
      z = unname_columns(posterior),
      classification = unname(x$cluster[used]),
      uncertainty = unname(x$uncertainty[used])
    ),
    class = "Mclust"
  )
}

unname_columns <- function(x) `dimnames<-`(x, list(rownames(x), NULL))

# mclust has codes of their own for one component.
mclust_model <- function(object) {
  if (object$k > 1L) return(object$model)
  if (length(object$columns) == 1L) return("X")
  type <- gmm_models()$type[match(object$model, plane_models$code)]
  c(spherical = "XII", diagonal = "XXI", ellipsoidal = "XXX")[[type]]
}

mclust_bic <- function(object, model, n) {
  search <- object$search
  k <- sort(unique(search$k))
  models <- unique(search$model)
  bic <- matrix(NA_real_, length(k), length(models), dimnames = list(k, models))
  bic[cbind(match(search$k, k), match(search$model, models))] <- -search$bic
  structure(
    bic, class = "mclustBIC", G = k, modelNames = models, n = n,
    d = length(object$columns), oneD = length(object$columns) == 1L,
    criterion = "BIC", control = mclust::emControl(), warn = FALSE,
    initialization = list(hcPairs = NULL, subset = NULL, noise = NULL),
    Vinv = if (!is.null(object$noise)) exp(object$noise$log_density),
    returnCodes = `dimnames<-`(ifelse(is.na(bic), -1, 0), dimnames(bic))
  )
}

# The covariances in the parts that mclust's functions for `model` read.
mclust_variance <- function(object, model) {
  d <- length(object$columns)
  k <- object$k
  sigma <- object$covariances
  out <- list(modelName = model, d = d, G = k)
  if (d == 1L) {
    square <- sigma[1, 1, ]
    out$sigmasq <- unname(if (model == "V") square else square[1])
    if (model == "V") out$scale <- out$sigmasq
    return(out)
  }
  dimnames(sigma)[[3]] <- NULL
  letter <- strsplit(model, "")[[1]]
  out$sigma <- sigma
  if (letter[1] != "V") out$Sigma <- matrix(sigma[, , 1], d,
                                            dimnames = dimnames(sigma)[1:2])
  if (model %in% c("EEE", "XXX", "VVV")) {
    roots <- array(apply(sigma, 3, chol), dim(sigma), dimnames(sigma))
    if (model == "VVV") return(c(out, list(cholsigma = roots)))
    return(c(out, list(cholSigma = roots[, , 1])))
  }
  axes <- component_axes(sigma, common = letter[3] != "V",
                         along = letter[3] == "I")
  scale <- axes$scale
  shape <- axes$shape
  if (letter[1] != "V") scale <- scale[1]
  if (letter[2] != "V") shape <- shape[, 1]
  out$scale <- scale
  if (letter[2] == "I") out$sigmasq <- scale else out$shape <- shape
  if (letter[3] != "I") out$orientation <- axes$orientation
  out
}

# Covariances as scale, shape and orientation: `scale` (k) the d-th root of the
# determinant, `shape` (d x k) the variances along the axes divided by it,
# `orientation` the axes (d x d if `common`, otherwise d x d x k). Components
# with common axes share those of the sum of their covariances, each divided by
# its scale.
component_axes <- function(sigma, common, along) {
  d <- dim(sigma)[1]
  k <- dim(sigma)[3]
  scale <- apply(sigma, 3, function(covariance) {
    exp(determinant(covariance)$modulus[1] / d)
  })
  scaled <- sweep(sigma, 3, scale, "/")
  axes_of <- function(covariance) {
    if (along) diag(d) else eigen(covariance, symmetric = TRUE)$vectors
  }
  orientation <- if (common) {
    array(axes_of(rowSums(scaled, dims = 2)), c(d, d, k))
  } else {
    array(apply(scaled, 3, axes_of), c(d, d, k))
  }
  shape <- vapply(seq_len(k), function(j) {
    axes <- orientation[, , j]
    diag(crossprod(axes, scaled[, , j] %*% axes))
  }, numeric(d))
  list(scale = scale, shape = shape,
       orientation = if (common) orientation[, , 1] else orientation)
}

#' @rdname as_gmm_fit
#' @export
as_gmm_fit <- function(object, ...) {
  UseMethod("as_gmm_fit")
}

#' @export
as_gmm_fit.gmm_fit <- function(object, ...) object

#' @export
as_gmm_fit.default <- function(object, ...) {
  gmvae_abort(c(
    "{.arg object} must be of class {.cls Mclust}.",
    x = "You supplied {describe(object)}.",
    i = "{.fn mclust::Mclust} and {.fn mclust::densityMclust} return such
         objects."
  ), "input", call = quote(as_gmm_fit()))
}

#' @export
as_gmm_fit.Mclust <- function(object, ...) {
  call <- quote(as_gmm_fit())
  check_no_dots(..., call = call)
  check_mclust(object, call)
  inputs <- gmm_inputs(object$data, mclust_arguments(object), call)
  noise <- mclust_noise(object, inputs)
  mixture <- mclust_mixture(object)
  evaluation <- with_core_errors(
    cpp_gmm_evaluate(inputs$x, core_mixture(mixture, noise),
                     c("cluster", "posterior"), inputs$control$n_threads),
    call = call
  )
  table <- search_of_mclust(object)
  best <- which(table$k == object$G & table$model == gmm_model_of(object))[1]
  table$icl[best] <- -object$icl
  candidate <- list(
    k = as.integer(object$G), model = gmm_model_of(object),
    loglik = object$loglik, objective = object$loglik,
    df = as.integer(object$df), n_iter = 0L, converged = TRUE,
    history = object$loglik, starts = c(mclust = object$loglik),
    best_start = 1L, entropy = (object$icl - object$bic) / 2,
    reason = NA_character_, mixture = mixture
  )
  search <- list(table = table, best = best, noise = noise, seed = 1L,
                 found = replace(vector("list", nrow(table)), best,
                                 list(candidate)))
  fit <- new_gmm_fit(candidate, search, inputs, evaluation)
  fit$call <- call("gmm_fit", x = object$call$data, k = fit$k,
                   model = fit$model)
  fit$call$noise <- mclust_noise_weight(object)
  fit$data <- inputs$given
  colnames(fit$data) <- inputs$columns
  fit
}

check_mclust <- function(object, call) {
  parts <- c("data", "modelName", "n", "d", "G", "BIC", "loglik", "df", "bic",
             "icl", "parameters")
  if (all(parts %in% names(object)) && object$G >= 1L &&
        NROW(object$data) == object$n) {
    return(invisible())
  }
  gmvae_abort(c(
    "{.arg object} must hold a mixture of at least one component, and its
     data.",
    x = if (isTRUE(object$G == 0)) {
      "It has only noise."
    } else if (all(parts %in% names(object))) {
      "It was fitted to {object$n} row{?s}, and holds {NROW(object$data)}."
    } else {
      "It has no {.field {setdiff(parts, names(object))}}."
    }
  ), "input", call = call)
}

# The code of the model here: one component has the simplest of each type.
gmm_model_of <- function(object) {
  single <- c(X = "E", XII = "EII", XXI = "EEI", XXX = "EEE")
  if (object$modelName %in% names(single)) single[[object$modelName]] else
    object$modelName
}

mclust_noise_weight <- function(object) {
  pro <- object$parameters$pro
  if (length(pro) > object$G) pro[[object$G + 1L]]
}

mclust_arguments <- function(object) {
  noise <- mclust_noise_weight(object)
  list(
    k = as.integer(object$G), model = gmm_model_of(object), weights = NULL,
    labels = NULL, start = NULL, noise = noise, prior = NULL,
    na_action = "fail", criterion = "bic", keep_data = TRUE,
    keep_posterior = TRUE,
    control = gmm_control(
      noise_density = if (!is.null(noise)) object$parameters$Vinv,
      verbose = FALSE
    )
  )
}

mclust_noise <- function(object, inputs) {
  if (!inputs$problem$noise$on) return(NULL)
  list(log_density = log(object$parameters$Vinv),
       range = `dimnames<-`(inputs$ranges, list(c("min", "max"),
                                                inputs$columns)))
}

mclust_mixture <- function(object) {
  parameters <- object$parameters
  d <- object$d
  k <- object$G
  pro <- if (k == 1L && is.null(parameters$pro)) 1 else parameters$pro
  sigma <- if (d == 1L) rep_len(parameters$variance$sigmasq, k) else
    parameters$variance$sigma
  list(
    weights = as.double(pro[seq_len(k)]),
    means = matrix(as.double(t(matrix(parameters$mean, d))), k),
    covariances = array(as.double(sigma), c(d, d, k)),
    noise = sum(mclust_noise_weight(object))
  )
}

# mclust's table of BIC, whose sign is the other one, as a search table.
search_of_mclust <- function(object) {
  bic <- unclass(object$BIC)
  k <- as.integer(rownames(bic))[row(bic)]
  table <- data.frame(k = k, model = colnames(bic)[col(bic)], bic = -c(bic))
  table <- table[table$k >= 1L, ]
  own <- table$k == object$G & table$model == gmm_model_of(object)
  if (!any(own)) {
    table <- rbind(table, data.frame(k = as.integer(object$G),
                                     model = gmm_model_of(object),
                                     bic = -object$bic))
  }
  n_covariance <- mapply(function(k, model) {
    counts <- gmm_models(object$d, k)
    counts$n_parameters[match(model, counts$code)]
  }, table$k, table$model)
  equal <- isTRUE(attr(object$BIC, "control")$equalPro)
  noise <- !is.null(mclust_noise_weight(object))
  df <- as.integer(n_covariance + table$k * object$d +
                     (if (equal) 0 else table$k - 1) + 2 * noise)
  loglik <- (df * log(object$n) - table$bic) / 2
  failed <- is.na(table$bic)
  data.frame(
    table[c("k", "model")], loglik = loglik,
    df = replace(df, failed, NA_integer_), bic = table$bic, icl = NA_real_,
    aic = 2 * df - 2 * loglik, cv = NA_real_, n_iter = NA_integer_,
    reason = ifelse(failed, "mclust could not fit it", NA_character_),
    row.names = NULL
  )
}

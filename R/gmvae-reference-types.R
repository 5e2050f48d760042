# Cell types of a query: probabilities and conformal sets.

# `labels` as a factor of the cells of the fit, or NULL.
check_reference_labels <- function(labels, fit, call) {
  if (is.null(labels)) return(NULL)
  n <- nrow(fit$latent)
  wrong <- !(is.factor(labels) || is.character(labels) ||
               rlang::is_integerish(labels)) || length(labels) != n
  if (wrong) {
    gmvae_abort(c(
      "{.arg labels} must have one type for each of the {n} cells of the fit, a
       factor or strings.",
      x = "You supplied {describe(labels)}.",
      i = "They are those of the reference, not of the query."
    ), "option", call = call)
  }
  labels <- match_by_name(labels, rownames(fit$latent), call = call)
  labels <- droplevels(factor(labels))
  if (nlevels(labels) > 1L) return(labels)
  gmvae_abort(c(
    "{.arg labels} must have at least two types.",
    x = if (nlevels(labels) == 0L) "All are missing." else
      "All that are not missing are {.val {levels(labels)}}."
  ), "option", call = call)
}

# Gaussian components, one for each pair of a type and a cluster, of these
# cells: mixture discriminant analysis with known subclasses. A mean has one
# cell more at the mean of its cluster, the covariance as many as there are
# dimensions with that of the fit's mixture.
label_classifier <- function(latent, cluster, labels, mixture) {
  pair <- interaction(labels, cluster, drop = TRUE, lex.order = TRUE)
  n <- tabulate(pair, nlevels(pair))
  first <- match(levels(pair), pair)
  centres <- mixture$means[as.integer(cluster)[first], , drop = FALSE]
  means <- (rowsum(latent, as.integer(pair)) + centres) / (n + 1)
  within <- crossprod(latent - means[as.integer(pair), , drop = FALSE])
  d <- ncol(latent)
  covariance <- (within + d * within_components(mixture)) / (nrow(latent) + d)
  root <- backsolve(chol(covariance), diag(d))
  list(means = means %*% root, root = root, log_weight = log(n / sum(n)),
       label = as.integer(labels)[first], levels = levels(labels))
}

# The covariance of a mixture's components, mean over them (D x D).
within_components <- function(mixture) {
  by <- rep(mixture$weights, each = ncol(mixture$means)^2)
  rowSums(mixture$covariances * by, dims = 2)
}

# Logarithms of the joint density of points and types, up to a constant (m x L).
label_densities <- function(classifier, latent) {
  points <- latent %*% classifier$root
  squares <- outer(rowSums(points^2), rowSums(classifier$means^2), `+`) -
    2 * tcrossprod(points, classifier$means)
  joint <- sweep(-squares / 2, 2, classifier$log_weight, `+`)
  densities <- vapply(seq_along(classifier$levels), function(label) {
    log_sum_exp(joint[, classifier$label == label, drop = FALSE])
  }, numeric(nrow(latent)))
  matrix(densities, nrow(latent),
         dimnames = list(rownames(latent), classifier$levels))
}

log_sum_exp <- function(x) {
  top <- x[cbind(seq_len(nrow(x)), max.col(x, ties.method = "first"))]
  top + log(rowSums(exp(x - top)))
}

# Of each type against all others: probabilities near 1 round to ties, these
# don't.
log_odds <- function(densities) {
  odds <- vapply(seq_len(ncol(densities)), function(label) {
    densities[, label] - log_sum_exp(densities[, -label, drop = FALSE])
  }, numeric(nrow(densities)))
  matrix(odds, nrow(densities), dimnames = dimnames(densities))
}

# Cells whose types calibrate the sets: those that were held out. Where these
# can't give a set with that coverage, every fifth labelled cell.
calibration_cells <- function(fit, labels, coverage, call) {
  labelled <- which(!is.na(labels))
  heldout <- intersect(fit$heldout, labelled)
  needed <- ceiling(1 / (1 - coverage) - 1e-9) - 1
  if (length(heldout) >= needed) return(heldout)
  others <- labelled[seq(1, length(labelled), by = 5)]
  gmvae_warn(c(
    "Sets with a coverage of {coverage} should be calibrated on at least
     {needed} cell{?s} that the fit has not seen.",
    x = "{length(heldout)} of the held-out cells {cli::qty(length(heldout))}
         {?has/have} a type.",
    i = "Every fifth cell with a type calibrates them instead, so that sets may
         miss the right type a little more often."
  ), "input", call = call)
  others
}

# Probabilities, conformal p-values and sets of the types of the query's cells.
classify_cells <- function(known, latent, labels, coverage, fit, call) {
  calibrating <- calibration_cells(fit, labels, coverage, call)
  training <- setdiff(which(!is.na(labels)), c(calibrating, fit$heldout))
  lacking <- setdiff(levels(labels), as.character(labels[training]))
  if (length(lacking) > 0L) {
    # The only cells of a type teach the classifier and calibrate nothing.
    teaching <- which(labels %in% lacking)
    training <- c(training, teaching)
    calibrating <- setdiff(calibrating, teaching)
  }
  if (length(calibrating) == 0L) {
    gmvae_abort(c(
      "{.arg labels} must name several cells of each type.",
      x = "{.fn map_to_reference} learns {nlevels(labels)} type{?s} from all
           {length(training)} labelled cell{?s}, and none is left to calibrate
           the sets of types.",
      i = "Label more cells of each type."
    ), "option", call = call)
  }
  classifier <- label_classifier(
    known$latent[training, , drop = FALSE],
    factor(max.col(known$posterior[training, , drop = FALSE],
                   ties.method = "first"), seq_along(fit$mixture$weights)),
    factor(labels[training], levels(labels)), fit$mixture
  )
  odds_of <- function(latent) log_odds(label_densities(classifier, latent))
  own <- odds_of(known$latent[calibrating, , drop = FALSE])
  own <- own[cbind(seq_along(calibrating), as.integer(labels[calibrating]))]
  densities <- label_densities(classifier, latent)
  odds <- log_odds(densities)
  p_values <- odds
  p_values[] <- conformal_p_values(odds, own)
  list(probabilities = exp(densities - log_sum_exp(densities)),
       p_values = p_values,
       # A p-value equal to 1 - coverage is outside, whatever its last bits.
       sets = p_values > 1 - coverage + 1e-9,
       calibration = list(coverage = coverage, n = length(own),
                          heldout = all(calibrating %in% fit$heldout)))
}

# The share of the scores of `calibration` that are as low, one more counted.
conformal_p_values <- function(scores, calibration) {
  (1 + findInterval(scores, sort(calibration))) / (1 + length(calibration))
}

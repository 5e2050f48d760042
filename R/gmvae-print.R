# A fit on the screen, and its summary.

#' Print or summarise a fit of gmvae()
#'
#' `print()` shows the fit on one screen. `summary()` computes the same and
#' more: the parts of the evidence lower bound (ELBO), a table of the clusters,
#' and the sizes of the networks. Both end with cautions: what you should know
#' before you trust the fit. `nobs()` returns the number of cells.
#'
#' @param x,object A fit of [gmvae()]; for `print()` also its summary.
#' @param ... Ignored.
#' @returns `print()`: `x`, invisibly. `nobs()`: a whole number. `summary()`: a
#'   `summary_gmvae` object, a list with
#'   * `call`, `likelihood`, `covariance`, `k`, `n_cells`, `n_genes` (rows of
#'     the data), `n_features` (genes used), `batches` (table of the cells of
#'     each batch; `NULL` without batches), `covariates` (for each its number of
#'     levels or `"number"`, strings named by covariate; `NULL` without),
#'     `labels` (table of the labelled cells of each class; `NULL` without) and
#'     `wrong_labels` (the share of labels that seem wrong, from 0 to 1; `NA`
#'     without);
#'   * `clusters`: data frame with one row per cluster: `cells`, `weight` (of
#'     the component, from 0 to 1), `confidence` (mean confidence of its cells,
#'     see [predict.gmvae()]), `stability` (`cluster_stability` of the fit);
#'   * `stability`: how well halves of the cells reproduce the clusters, an
#'     adjusted Rand index, as in the fit; `levels`: other stable numbers of
#'     clusters (stability of at least 0.875), if `k` was chosen; `choice`: how
#'     `k` was chosen and which others are nearly as good, in words, `NULL` if
#'     `k` was given or clusters were joined;
#'   * `n_networks`, the number of networks that were trained, and `agreement`,
#'     the adjusted Rand index between the clusters of two networks, mean of all
#'     pairs (`NA` for one network);
#'   * `confidence`: the confidence of a cell, see [predict.gmvae()], mean over
#'     the cells; `n_unsure`: the number of cells for which it is below 0.8;
#'   * `elbo`: as in the fit, natural logarithms, per cell;
#'   * `n_latent` and `active_units`: latent dimensions, and those in use;
#'   * `effective_components`: exponential of the entropy of the weights, from
#'     1 to k;
#'   * `hidden` (units of the hidden layers), `n_parameters` (of the networks),
#'     `epochs`, `seconds`, `n_heldout`, `converged`, `n_rollbacks`;
#'   * `cautions`: character, named by caution; empty if there are none.
#'
#' @section Cautions: [gmvae()] also warns of those marked so.
#'   * `rollbacks`: training repeated epochs because of non-finite values.
#'   * `not_converged` (warning): training did not converge, or its joint phase
#'     was too short to tell, with fewer than ten epochs and fewer than 10,000
#'     training steps. Use more epochs.
#'   * `collapsed` (warning): the cells differ in at most one latent dimension,
#'     so that clusters mean little. The cells may be of one kind, or the genes
#'     used may be too few.
#'   * `one_cluster` (warning): all cells are in one of several clusters, for
#'     the same reasons.
#'   * `empty`: some clusters have no cells. Use a smaller `k`.
#'   * `unstable` (warning): halves of the cells do not reproduce the clusters
#'     (`stability` below 0.6). Use a smaller `k`, or let [gmvae()] choose it;
#'     if it did, the cells may vary continuously. Not shown beside
#'     `one_cluster`.
#'   * `some_unstable` (warning): clusterings of halves of the cells do not
#'     reproduce the named clusters (`cluster_stability` below 0.6). Do not rely
#'     on them.
#'   * `continuum`: one cluster was chosen although divisions describe unseen
#'     cells better, because they do so in simulated cells of one population,
#'     too. The cells may vary continuously.
#'   * `batches_found` (warning): two batches were detected, see [gmvae()].
#'   * `one_batch`: the named clusters have nearly all cells (95%, and more than
#'     chance explains) from one batch. Check whether other batches lack these
#'     kinds of cells.
#'   * `wrong_labels`: more than a quarter of the given labels seem wrong: their
#'     cells do not lie with others of that label.
#'   * `lost_classes`: the clusters of the named classes have no cells.
#'   * `networks`: the clusters of networks from different seeds differ
#'     (`agreement` below 0.6). Do not rely on details of the clusters.
#'   * `overlap`: many cells lie between clusters (their largest posterior
#'     probability is below 0.7 on average). Use the posterior probabilities
#'     rather than the clusters.
#' @seealso [gmvae()], [plot.gmvae()], [predict.gmvae()], [update.gmvae()],
#'   [rename_clusters()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 5, features = 500)
#' summary(fit)
#' @name summary.gmvae
NULL

#' @rdname summary.gmvae
#' @export
summary.gmvae <- function(object, ...) {
  local_decimal_point()
  validate_fit(object)
  sure <- confidence(object, object$posterior)
  found_again <- unname(object$cluster_stability)
  if (is.null(found_again)) found_again <- NA_real_  # an older fit
  clusters <- data.frame(
    cells = tabulate(object$cluster, object$k),
    weight = unname(cluster_weights(object)),
    confidence = as.vector(tapply(sure, object$cluster, mean)),
    stability = found_again,
    row.names = levels(object$cluster)
  )
  structure(
    list(
      call = object$call, likelihood = object$likelihood,
      covariance = object$covariance, k = object$k,
      n_cells = nrow(object$posterior), n_genes = object$n_genes,
      n_features = length(object$features),
      proteins = describe_proteins(object$proteins),
      batches = if (n_batches(object$batch) > 0L) table(batch = object$batch),
      covariates = describe_covariates(object$covariates),
      labels = if (!is.null(object$labels)) table(label = object$labels),
      wrong_labels = wrong_share(object),
      clusters = clusters,
      stability = object$stability,
      levels = other_levels(object),
      choice = choice_sentence(object),
      n_networks = max(1L, nrow(object$networks)),
      agreement = network_agreement(object),
      confidence = mean(sure), n_unsure = sum(sure < 0.8),
      elbo = object$elbo, n_latent = object$control$n_latent,
      active_units = object$active_units,
      effective_components = effective_components(cluster_weights(object)),
      hidden = object$control$hidden,
      n_parameters = length(object$parameters),
      epochs = nrow(object$history), seconds = sum(object$history$seconds),
      n_heldout = length(object$heldout), converged = object$converged,
      n_rollbacks = object$n_rollbacks, cautions = fit_cautions(object)
    ),
    class = "summary_gmvae"
  )
}

#' @rdname summary.gmvae
#' @export
print.gmvae <- function(x, ...) {
  local_decimal_point()
  facts <- summary(x)
  print_heading(facts)
  print_facts(c(
    Genes = format_genes(facts),
    Proteins = format_proteins(facts$proteins),
    Batches = format_batches(facts$batches),
    Covariates = format_covariates(facts$covariates),
    Labels = format_labels(facts),
    Clusters = format_sizes(facts$clusters),
    Choice = facts$choice,
    Confidence = format_confidence(facts),
    Stability = format_stability(facts),
    Agreement = format_agreement(facts),
    ELBO = format_elbo(facts),
    Latent = format_latent(facts),
    Training = format_training(facts)
  ))
  print_cautions(facts$cautions)
  invisible(x)
}

#' @rdname summary.gmvae
#' @export
print.summary_gmvae <- function(x, ...) {
  local_decimal_point()
  print_heading(x)
  if (!is.null(x$call)) {
    print_facts(c(Call = paste(deparse(x$call), collapse = " ")))
  }
  print_facts(c(
    Genes = format_genes(x),
    Proteins = format_proteins(x$proteins),
    Batches = format_batches(x$batches),
    Covariates = format_covariates(x$covariates),
    Labels = format_labels(x),
    Choice = x$choice,
    Confidence = format_confidence(x),
    Stability = format_stability(x),
    Agreement = format_agreement(x),
    ELBO = format_elbo(x),
    "  parts" = sprintf(
      "reconstruction %s, KL of latent point %s, KL of cluster %s",
      number(x$elbo["train", "reconstruction"]),
      number(x$elbo["train", "kl_z"]), number(x$elbo["train", "kl_c"])
    ),
    Latent = format_latent(x),
    Mixture = paste(x$covariance, "covariance"),
    Networks = sprintf("hidden layers of %s, %s parameters",
                       toString(x$hidden), count(x$n_parameters)),
    Training = format_training(x)
  ))
  cat("\n")
  print_clusters(x$clusters)
  print_cautions(x$cautions)
  invisible(x)
}

#' @importFrom stats nobs
#' @rdname summary.gmvae
#' @export
nobs.gmvae <- function(object, ...) nrow(object$posterior)

print_heading <- function(facts) {
  cat(cli::pluralize("Gaussian-mixture VAE: {count(facts$n_cells)} cells in ",
                     "{facts$k} cluster{?s}"), "\n", sep = "")
}

# A space where no line may break; no fact has a character like it.
tie <- "~"

# One line per fact, wrapped under itself.
print_facts <- function(facts) {
  for (name in names(facts)) {
    lines <- strwrap(facts[[name]], width = getOption("width") - 14L)
    lines <- gsub(tie, " ", lines, fixed = TRUE)
    cat(sprintf("%-12s %s\n", c(name, rep("", length(lines) - 1L)), lines),
        sep = "")
  }
}

print_clusters <- function(clusters, most = 20L) {
  shown <- utils::head(clusters, most)
  shown$weight <- sprintf("%.3f", shown$weight)
  for (column in c("confidence", "stability")) {
    shown[[column]] <- ifelse(is.na(shown[[column]]), "-",
                              sprintf("%.3f", shown[[column]]))
  }
  print(shown)
  if (nrow(clusters) > most) {
    cat("...", nrow(clusters) - most, "more in `clusters`\n")
  }
}

print_cautions <- function(cautions) {
  for (caution in cautions) {
    cat(strwrap(caution, getOption("width") - 2L, initial = "! ",
                prefix = "  "), sep = "\n")
  }
}

format_genes <- function(facts) {
  sprintf("%s of %s, likelihood \"%s\"", count(facts$n_features),
          count(facts$n_genes), facts$likelihood)
}

format_sizes <- function(clusters, most = 20L) {
  shown <- utils::head(clusters, most)
  sizes <- paste0(rownames(shown), ":", tie, count(shown$cells),
                  collapse = ", ")
  rest <- nrow(clusters) - most
  paste0(sizes, " cells",
         if (rest > 0L) paste0("; ", rest, " more clusters"))
}

# The number of proteins, and in `name` what holds them; NULL without.
describe_proteins <- function(proteins) {
  if (is.null(proteins)) return(NULL)
  list(n = length(proteins$features), name = proteins$name,
       transform = proteins$transform)
}

format_proteins <- function(proteins) {
  if (is.null(proteins)) return(NULL)
  paste0(count(proteins$n), if (!is.null(proteins$name)) {
    sprintf(" of \"%s\"", proteins$name)
  }, if (proteins$transform == "clr") ", centred log ratios" else
    ", values as given")
}

# NULL, so no line, without batches.
format_batches <- function(batches, most = 10L) {
  if (is.null(batches)) return(NULL)
  shown <- utils::head(seq_along(batches), most)
  sizes <- paste0(names(batches)[shown], ":", tie, count(batches[shown]),
                  collapse = ", ")
  rest <- length(batches) - most
  paste0(sizes, " cells", if (rest > 0L) paste0("; ", rest, " more batches"))
}

# "2 levels" or "number", named by covariate; NULL without covariates.
describe_covariates <- function(covariates) {
  if (is.null(covariates)) return(NULL)
  vapply(covariates, function(values) {
    if (is.factor(values)) sprintf("%d levels", nlevels(values)) else "number"
  }, "")
}

format_covariates <- function(covariates, most = 10L) {
  if (is.null(covariates)) return(NULL)
  shown <- utils::head(covariates, most)
  rest <- length(covariates) - most
  paste0(paste0(names(shown), " (", gsub(" ", tie, shown), ")",
                collapse = ", "),
         if (rest > 0L) paste0("; ", rest, " more"))
}

format_labels <- function(facts) {
  if (is.null(facts$labels)) return(NULL)
  wrong <- whole_percent(facts$wrong_labels)
  cli::pluralize("{count(sum(facts$labels))} of {count(facts$n_cells)} cells, ",
                 "{length(facts$labels)} class{?es}; about {wrong} of the ",
                 "labels seem wrong")
}

format_confidence <- function(facts) {
  sprintf("%.2f on average, %s of %s cells below 0.8", facts$confidence,
          count(facts$n_unsure), count(facts$n_cells))
}

format_stability <- function(facts) {
  if (!isTRUE(is.finite(facts$stability))) return("not measured")
  if ("one_cluster" %in% names(facts$cautions)) {
    return("none, as all cells are in one cluster")
  }
  paste0(
    sprintf("%.2f between clusterings of halves of the cells",
            facts$stability),
    if (length(facts$levels) > 0L) {
      cli::pluralize("; also stable: {facts$levels} clusters")
    }
  )
}

# NULL, so no line, for a single network.
format_agreement <- function(facts) {
  if (facts$n_networks == 1L) return(NULL)
  sprintf("%.2f between %d networks from different seeds", facts$agreement,
          facts$n_networks)
}

format_elbo <- function(facts) {
  paste0(
    number(facts$elbo["train", "elbo"]), " per training cell",
    if (facts$n_heldout > 0L) {
      sprintf(", %s per held-out cell (of %s)",
              number(facts$elbo["heldout", "elbo"]),
              count(facts$n_heldout))
    }
  )
}

format_latent <- function(facts) {
  sprintf("%d of %d dimensions in use; effective number of clusters %.1f of %d",
          facts$active_units, facts$n_latent, facts$effective_components,
          facts$k)
}

format_training <- function(facts) {
  state <- if (facts$converged) "converged" else "not converged"
  cli::pluralize("{facts$epochs} epoch{?s} in ",
                 "{format(facts$seconds, digits = 2)} s, {state}")
}

number <- function(x) {
  formatC(x, format = "f", digits = 1, big.mark = ",", decimal.mark = ".")
}

count <- function(x) {
  trimws(format(x, big.mark = ",", decimal.mark = ".", scientific = FALSE))
}

# A fit on the screen, and its summary.

#' Print or summarise a fit of gmvae()
#'
#' `print()` shows the fit on one screen; `summary()` computes the same and
#' more: the parts of the bound, a table of the clusters, the networks.
#'
#' The cautions, last, are sentences on what to know before trusting the fit:
#' steps that had to be repeated, training that ended too early, clusters
#' without cells, a collapsed latent space (at most one dimension in which the
#' cells differ), clusters that halves of the cells do not share (`stability`
#' below 0.6, of all clusters or of some) or that networks from different seeds
#' do not (`agreement` below 0.6), batches that were found rather than given,
#' clusters of one batch (95% of their cells, and not by chance), clusters that
#' overlap (mean confidence below 0.7).
#'
#' @param x,object A `gmvae` object; for `print()` also its summary.
#' @param ... Ignored.
#' @returns `print()`: `x`, invisibly. `summary()`: a `summary_gmvae` object, a
#'   list with
#'   * `call`, `likelihood`, `covariance`, `k`, `n_cells`, `n_genes` (rows of
#'     the data), `n_features` (genes used), `batches` (table of the cells of
#'     each batch; `NULL` without batches);
#'   * `clusters`: a data frame with a row per cluster: `cells`, `weight` (of
#'     the component), `confidence` (mean probability of its cells), `stability`
#'     (`cluster_stability` of the fit);
#'   * `stability`: adjusted Rand index between the clusters that mixtures of
#'     two halves of the cells give, mean over six halvings; `levels`: other
#'     numbers of clusters that repeat themselves (stability of at least 0.875),
#'     where `k` was chosen;
#'   * `n_networks` and `agreement`: how many networks were trained, and the
#'     mean adjusted Rand index between the clusters of each two of them (`NA`
#'     for one);
#'   * `confidence`: mean over the cells of the largest posterior probability;
#'     `n_unsure`: cells for which it is below 0.8;
#'   * `bound`: as in the fit, natural logarithms per cell;
#'   * `n_latent` and `active_units`: latent dimensions, and those in use;
#'   * `effective_components`: exponential of the entropy of the weights, from
#'     1 to k;
#'   * `hidden`, `n_parameters`, `epochs`, `seconds`, `n_heldout`,
#'     `converged`, `n_rollbacks`, `cautions` (character).
#'
#' `nobs()`: the number of cells.
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
  check_fit(object)
  sure <- confidence(object$posterior)
  found_again <- unname(object$cluster_stability)
  if (is.null(found_again)) found_again <- NA_real_  # an older fit
  clusters <- data.frame(
    cells = tabulate(object$cluster, object$k),
    weight = unname(object$mixture$weights),
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
      batches = if (n_batches(object$batch) > 0L) table(batch = object$batch),
      clusters = clusters,
      stability = object$stability,
      levels = other_levels(object$k_path, object$k),
      n_networks = max(1L, nrow(object$networks)),
      agreement = network_agreement(object),
      confidence = mean(sure), n_unsure = sum(sure < 0.8),
      elbo = object$elbo, n_latent = object$control$n_latent,
      active_units = object$active_units,
      effective_components = effective_components(object$mixture$weights),
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
  facts <- summary(x)
  print_heading(facts)
  print_facts(c(
    Genes = format_genes(facts),
    Batches = format_batches(facts$batches),
    Clusters = format_sizes(facts$clusters$cells),
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
  print_heading(x)
  if (!is.null(x$call)) {
    print_facts(c(Call = paste(deparse(x$call), collapse = " ")))
  }
  print_facts(c(
    Genes = format_genes(x),
    Batches = format_batches(x$batches),
    Confidence = format_confidence(x),
    Stability = format_stability(x),
    Agreement = format_agreement(x),
    ELBO = format_elbo(x),
    "  parts" = sprintf(
      "reconstruction %s, KL of latent %s, KL of cluster %s",
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

# One line per fact, wrapped under itself.
# A space where no line may break; no fact has a character like it.
tie <- "~"

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

format_sizes <- function(cells, most = 20L) {
  shown <- utils::head(seq_along(cells), most)
  sizes <- paste0(shown, ":", tie, count(cells[shown]), collapse = ", ")
  rest <- length(cells) - most
  paste0(sizes, " cells",
         if (rest > 0L) paste0("; ", rest, " more clusters"))
}

# Nothing, so no line, where there are none.
format_batches <- function(batches, most = 10L) {
  if (is.null(batches)) return(NULL)
  shown <- utils::head(seq_along(batches), most)
  sizes <- paste0(names(batches)[shown], ":", tie, count(batches[shown]),
                  collapse = ", ")
  rest <- length(batches) - most
  paste0(sizes, " cells", if (rest > 0L) paste0("; ", rest, " more batches"))
}

format_confidence <- function(facts) {
  sprintf("%.2f on average, %s of %s cells below 0.8", facts$confidence,
          count(facts$n_unsure), count(facts$n_cells))
}

format_stability <- function(facts) {
  if (!isTRUE(is.finite(facts$stability))) return("not measured")
  paste0(
    sprintf("%.2f between mixtures of halves of the cells", facts$stability),
    if (length(facts$levels) > 0L) {
      cli::pluralize("; also stable: {facts$levels} clusters")
    }
  )
}

# Nothing, so no line, where there is only one network.
format_agreement <- function(facts) {
  if (facts$n_networks == 1L) return(NULL)
  sprintf("%.2f between %d networks from different seeds", facts$agreement,
          facts$n_networks)
}

format_elbo <- function(facts) {
  paste0(
    number(facts$elbo["train", "elbo"]), " per cell in training",
    if (facts$n_heldout > 0L) {
      sprintf(", %s held out (%s cells)",
              number(facts$elbo["heldout", "elbo"]),
              count(facts$n_heldout))
    }
  )
}

format_latent <- function(facts) {
  sprintf("%d of %d dimensions active, %.1f of %d components in effective use",
          facts$active_units, facts$n_latent, facts$effective_components,
          facts$k)
}

format_training <- function(facts) {
  state <- if (facts$converged) "converged" else "not converged"
  cli::pluralize("{facts$epochs} epoch{?s} in ",
                 "{format(facts$seconds, digits = 2)} s, {state}")
}

number <- function(x) formatC(x, format = "f", digits = 1, big.mark = ",")
count <- function(x) trimws(format(x, big.mark = ",", scientific = FALSE))

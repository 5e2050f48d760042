#' Map new cells to the clusters and cell types of a fit
#'
#' `map_to_reference()` takes the cells of a fit as a reference and says for
#' each cell of a query which cluster it belongs to, which cell types are
#' plausible, with a guaranteed coverage, and whether it may be of a kind that
#' the reference lacks. The query may come from batches that the fit has not
#' seen, name its genes in another way, and lack some of them. The fit does not
#' change.
#'
#' @param fit A fit of [gmvae()] with n cells, k clusters and G genes used.
#' @param query New cells (genes x m), as `x` of [gmvae()]: a matrix, a
#'   SummarizedExperiment or a Seurat object with raw counts, genes in rows.
#' @param batch The batch of each cell of the query (m), or one for all, as in
#'   [gmvae()]. Batches of the fit are known; for each other batch the shifts of
#'   the decoder are fitted, see New batches. `NULL`: the query is like the
#'   reference, or, if the fit has batches, each cell is taken to be of that one
#'   in which its ELBO is higher.
#' @param ... Must be empty.
#' @param labels Cell types of the cells of the fit (n): a factor, or strings,
#'   in their order or named by cell; cells with `NA` are not used. At least two
#'   types.
#' @param genes How the query's names of genes become those of the fit, if they
#'   differ: a data frame with a column of either names, such as Ensembl
#'   identifiers and symbols, further columns being ignored; or a character
#'   vector of the fit's names, named by the query's; or, for a
#'   SummarizedExperiment, the name of a column of its `rowData()` with the
#'   fit's names. Versions of Ensembl identifiers (`.3` of `ENSG00000111640.3`)
#'   are ignored where names do not match with them.
#' @param coverage Probability from 0.5 to 0.999 with which the set of a cell
#'   contains its type.
#' @param reference The counts that the fit was made from, as `x` of [gmvae()].
#'   With them, `map_to_reference()` also looks at the neighbours of each cell,
#'   and finds kinds that the reference lacks much better, see Unseen kinds. And
#'   if the query lacks genes of the fit, the encoder sees the cells of the fit
#'   without these genes, too, so that types, sets and p-values compare like
#'   with like; with `NULL` it sees cells that are simulated from the fit, see
#'   Missing genes.
#' @param size_factors One positive number per cell of the query (m), see
#'   [predict()][predict.gmvae].
#' @param assay,layer Where the counts are, if `query` is a SummarizedExperiment
#'   or a Seurat object, as in [gmvae()].
#' @returns A `gmvae_mapping` object, a list with m cells and, if `labels` are
#'   given, L types:
#'   * `cells`: data frame (m rows, named by cell): `cluster` (factor),
#'     `confidence` (in the cluster, see [predict.gmvae()]), `outlier_score` and
#'     `outlier_p_value`, see Unseen kinds, `elbo_score` and `elbo_p_value`, the
#'     score and p-value of [predict()][predict.gmvae] with `type = "outlier"`,
#'     and `batch` if there is one; with `labels` also `label` (factor, the most
#'     probable type), `label_probability`, and `set`, the types in the cell's
#'     set in one string, joined by `" | "`, empty if no type fits the cell;
#'   * `posterior` (m x k): probabilities of the clusters, rows sum to 1;
#'   * `latent` (m x D): means of the latent points;
#'   * `label_probabilities`, `label_p_values` (m x L) and `sets` (m x L,
#'     logical): probabilities of the types (rows sum to 1), their conformal
#'     p-values from 0 to 1, and whether a type is in the set of a cell;
#'   * `genes`: list of `matched` and `missing` names, and `information`, the
#'     share of the encoder's information that the matched ones have;
#'   * `shifts` (G x new batches): the decoder's shifts of the output for each
#'     new batch, natural logarithms for counts; `NULL` if there is none;
#'   * `calibration`: list of `coverage`, the number `n` of cells that the sets
#'     are calibrated on, and whether they were `heldout`.
#'
#'   `print()` shows it on one screen; `as.data.frame()` returns `cells`.
#' @section Cell types: The types are classified in the latent space. Each pair
#'   of a type and a cluster with cells is a Gaussian component of the type,
#'   with a covariance matrix common to all (mixture discriminant analysis,
#'   Hastie and Tibshirani 1996), fitted to the training cells of the fit. So a
#'   type may have several clusters, and a cluster several types.
#'
#'   The held-out cells of the fit, which neither the networks nor the
#'   classifier have seen, calibrate the sets (split conformal prediction;
#'   Angelopoulos and Bates 2023, section 1). The score of a type is the
#'   logarithm of its odds; its p-value is the share of held-out cells whose
#'   own type has an odds as low, one more counted, and the set has the types
#'   whose p-values are above `1 - coverage`. If the query's cells are like the
#'   held-out ones, sets contain the right type with probability `coverage`,
#'   whatever the quality of the classifier. A set with several types says that
#'   these can't be told apart; an empty one that no type is as plausible as
#'   for usual cells. For cells of other batches, or other mixtures of types,
#'   the coverage is approximate, and for types that the reference lacks there
#'   is none: look at `outlier_p_value`.
#' @section Unseen kinds: Cells of a kind that the reference lacks are far from
#'   its clusters in the latent space, or the decoder reconstructs them badly,
#'   whatever the probabilities of clusters and types. These scores measure it:
#'   * the Mahalanobis distance of the latent mean from the nearest component of
#'     the mixture;
#'   * `elbo_score`;
#'   * with `reference`, the neighbourhood of the cell: the sum over the genes
#'     of the squared mean Pearson residual of the cell and its 50 nearest
#'     neighbours in the latent space, among the query and the held-out cells
#'     of the fit. The residuals of a known kind are noise, which the mean
#'     removes; what a new kind has in common remains. The variance of a gene
#'     is that of the fit's own cells around the decoder's expectation.
#'
#'   `outlier_score` is the largest of them, each less the median of the
#'   held-out cells and in units of their median absolute deviation.
#'   `outlier_p_value` is the share of held-out cells with a score as high, one
#'   more counted: a conformal p-value, uniform for cells like the held-out
#'   ones whatever the networks (Bates et al. 2023). That holds with
#'   neighbourhoods, too, as query and held-out cells share them (Marandon et
#'   al. 2024), and about so in large queries, which are compared 4,000 cells
#'   at a time. The p-value is at least one over one more than the number of
#'   held-out cells, so that few of these can't give small ones. For cells of
#'   new batches, and if fewer than 19 cells were held out, `outlier_score` is
#'   about the distance alone.
#'
#'   Where each of ten types of sorted blood cells in turn was left out of a
#'   reference of 1,500 cells, `outlier_score` had an area under the ROC curve
#'   of 0.89 (mean of the types), without `reference` of 0.76; it was 0.99 and
#'   0.91 for three types of the mouse cortex (`tests/bench/reference.R`). If
#'   the query has only a few cells of a new kind, these are found a little less
#'   well than without `reference`, as most of their neighbours are of other
#'   kinds. A kind that lies between known kinds need not be an outlier.
#' @section New batches: The encoder does not see batches, so clusters and types
#'   need no fitting. The decoder has a shift of its first hidden layer and of
#'   the output of each gene for each batch. For new batches these alone are
#'   fitted, by the ELBO of at most 2,000 cells of the query, starting from the
#'   mean over the batches of the fit, with a weak penalty on their squares.
#'   They serve the ELBO and its p-values. Where all cells of a new
#'   batch are of a kind that the reference lacks, the shifts explain a part of
#'   what is new.
#' @section Missing genes: The encoder is trained with genes hidden at random
#'   (`mask` of [gmvae_control()]), and genes that the query lacks are hidden
#'   from it, those that it has weighing more. The decoder and the size factors
#'   are about the genes that are there. They must have at least 20% of the
#'   information, see [predict()][predict.gmvae]. Without `reference`, the
#'   classifier of types, the sets and the p-values rest on cells that are
#'   simulated from the fit at the posterior of its cells; their noise is that
#'   of the model.
#' @section Errors and warnings: `gmvae_error_input` if the query has no names
#'   of genes of the fit or too few, or if `reference` is not the data of the
#'   fit; `gmvae_error_option` for wrong `labels`, `genes`, `batch` or
#'   `coverage`; `gmvae_error_data` as in [gmvae()]. `gmvae_warning_input` if
#'   genes are missing, and if too few cells are held out to calibrate sets.
#' @references Angelopoulos and Bates (2023) Conformal prediction: a gentle
#'   introduction. *Foundations and Trends in Machine Learning* 16, 494-591.
#'   \doi{10.1561/2200000101}
#'
#'   Bates, Candes, Lei, Romano and Sesia (2023) Testing for outliers with
#'   conformal p-values. *Annals of Statistics* 51, 149-178.
#'   \doi{10.1214/22-AOS2244}
#'
#'   Hastie and Tibshirani (1996) Discriminant analysis by Gaussian mixtures.
#'   *Journal of the Royal Statistical Society B* 58, 155-176.
#'   \doi{10.1111/j.2517-6161.1996.tb02073.x}
#'
#'   Marandon, Lei, Mary and Roquain (2024) Adaptive novelty detection with
#'   false discovery rate guarantee. *Annals of Statistics* 52, 157-183.
#'   \doi{10.1214/23-AOS2338}
#' @seealso [predict()][predict.gmvae] for cells of the same batches and genes
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts
#' seen <- seq(1, 1000, by = 3)
#' set.seed(1)
#' fit <- gmvae(counts[, seen], k = 5, features = 500)
#' mapped <- map_to_reference(fit, counts[, 2:4],
#'                            labels = pbmc_sorted$celltype_coarse[seen])
#' mapped
#' mapped$cells
#' @export
map_to_reference <- function(fit, query, batch = NULL, ..., labels = NULL,
                             genes = NULL, coverage = 0.9, reference = NULL,
                             size_factors = NULL, assay = NULL,
                             layer = "counts") {
  call <- quote(map_to_reference())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  check_no_covariates(fit, call)
  refuse_proteins(fit, "fit", "Map the query with {.code predict(fit, query,
                  proteins = )}, which needs its proteins, too; or fit the
                  reference without {.arg proteins}.", call)
  check_query_given(missing(query), call)
  coverage <- check_number(coverage, 0.5, 0.999, call = call)
  labels <- check_reference_labels(labels, fit, call)
  if (!is_container(query)) {
    check_no_assay(!missing(assay) || !missing(layer), call, query, "query")
  }
  given <- given_counts(query, assay, "query", call, layer, on_disk = TRUE)
  matched <- match_query_genes(given, query, genes, fit, call)
  # The names of the user's rows may repeat where a table translates them.
  counts <- with_all_names(matched$counts, "query", call)
  batch <- query_batch(batch, ncol(counts), query, colnames(counts), call)
  size_factors <- check_size_factors(size_factors, ncol(counts),
                                     fit$likelihood, call, colnames(counts))
  counts <- checked_values(counts, fit$likelihood, "query", call)
  on.exit(discard_cells(counts))
  model <- reference_model(fit, matched$present, batch, call)
  model <- with_new_shifts(model, counts, size_factors, batch, call)
  cells <- map_cells(model, counts, size_factors, batch, call)
  known <- known_cells(model, reference, call)
  score_pool <- neighbourhood_scorer(model, cells, counts, size_factors,
                                     reference, call)
  new_mapping(model, cells, known, score_pool, labels, coverage, matched, call)
}

# A query has other batches; what its covariates would be is not clear.
check_no_covariates <- function(fit, call) {
  if (is.null(fit$covariates)) return(invisible())
  gmvae_abort(c(
    "{.arg fit} must have no covariates besides batches.",
    x = "It has {.val {names(fit$covariates)}}.",
    i = "Fit the reference with {.arg batch} alone, or map the query with
         {.code predict(fit, query, covariates = )}."
  ), "input", call = call)
}

check_query_given <- function(absent, call) {
  if (!absent) return(invisible())
  gmvae_abort("{.arg query} must be given: the cells to map.", "input",
              call = call)
}

# The result -------------------------------------------------------------------

new_mapping <- function(model, cells, known, score_pool, labels, coverage,
                        matched, call) {
  fit <- model$fit
  elbo <- outlier_table(known$outlier, cells$posterior, cells$depth,
                        batch_shares(cells$batch, fit), cells$elbo, call)
  posterior <- cluster_posterior(fit, cells$posterior)
  outlier <- outlier_p_values(model, cells, known, elbo$score, score_pool)
  table <- data.frame(
    cluster = unname(most_probable(posterior)),
    confidence = confidence(fit, posterior), outlier_score = outlier$score,
    outlier_p_value = outlier$p_value,
    elbo_score = elbo$score, elbo_p_value = elbo$p_value,
    row.names = rownames(elbo)
  )
  if (!is.null(cells$batch)) table$batch <- unname(cells$batch)
  result <- list(
    cells = table, posterior = posterior, latent = cells$latent,
    genes = list(matched = fit$features[matched$present],
                 missing = fit$features[!matched$present],
                 information = matched$information),
    shifts = new_shifts(model), likelihood = fit$likelihood
  )
  if (!is.null(labels)) {
    types <- classify_cells(known, cells$latent, labels, coverage, fit, call)
    best <- max.col(types$probabilities, ties.method = "first")
    result$cells$label <- factor(levels(labels)[best], levels(labels))
    result$cells$label_probability <- largest_probability(types$probabilities)
    result$cells$set <- apply(types$sets, 1L, function(inside) {
      paste(levels(labels)[inside], collapse = " | ")
    })
    result$label_probabilities <- types$probabilities
    result$label_p_values <- types$p_values
    result$sets <- types$sets
    result$calibration <- types$calibration
  }
  structure(result, class = "gmvae_mapping")
}

# The shifts of the output (G x new batches); NULL without new batches.
new_shifts <- function(model) {
  if (length(model$new) == 0L) return(NULL)
  layout <- cpp_gmvae_layout(model$state, sum(model$present))
  slice <- layout[match("decoder.mean.design", layout$name), ]
  shifts <- matrix(
    model$state$parameters[slice$offset + seq_len(slice$rows * slice$cols)],
    slice$rows,
    dimnames = list(model$fit$features[model$present],
                    c(model$known, model$new))
  )
  shifts[, model$new, drop = FALSE]
}

#' @rdname map_to_reference
#' @param x A `gmvae_mapping` object.
#' @export
print.gmvae_mapping <- function(x, ...) {
  local_decimal_point()
  cells <- x$cells
  n <- nrow(cells)
  n_genes <- length(x$genes$matched) + length(x$genes$missing)
  cat("Cells mapped to a fit of gmvae()\n")
  print_facts(c(
    Cells = count(n),
    Genes = sprintf("%s of %s, with %s of the encoder's information",
                    count(length(x$genes$matched)),
                    count(n_genes),
                    whole_percent(x$genes$information)),
    "New batches" = if (!is.null(x$shifts)) {
      paste(colnames(x$shifts), collapse = ", ")
    },
    Clusters = paste(sprintf("%s: %d", levels(cells$cluster),
                             tabulate(cells$cluster, nlevels(cells$cluster))),
                     collapse = ", "),
    Outliers = sprintf("%s of the cells have p < 0.05",
                       whole_percent(mean(cells$outlier_p_value < 0.05)))
  ))
  if (is.null(x$sets)) return(invisible(x))
  size <- rowSums(x$sets)
  cat(sprintf("Sets with a coverage of %s, calibrated on %s cells:\n",
              format(x$calibration$coverage), count(x$calibration$n)))
  cat(sprintf("  one type: %s, several: %s, none: %s\n",
              whole_percent(mean(size == 1)), whole_percent(mean(size > 1)),
              whole_percent(mean(size == 0))))
  print(table(type = cells$label))
  invisible(x)
}

#' @export
as.data.frame.gmvae_mapping <- function(x, row.names = NULL, optional = FALSE,
                                        ...) {
  x$cells
}

#' Clusters, latent positions and expected counts of cells
#'
#' `predict()` assigns cells to the clusters of a fit, maps them to its latent
#' space, computes their expected counts, or measures how unlike the cells of
#' the fit they are. The cells may be new cells or those of the fit.
#'
#' @param object A fit of [gmvae()].
#' @param newdata New cells (genes x m), as `x` of [gmvae()]: **genes in rows**,
#'   with names, and raw counts. Missing: the cells of the fit. Types `"elbo"`,
#'   `"outlier"` and `"all"`, and `reject`, need the counts, which a fit does
#'   not hold: for these, give `newdata`.
#' @param type What to return, see Value. `"class"` is the same as `"cluster"`,
#'   and `"prob"` the same as `"posterior"`.
#' @param ... Must be empty.
#' @param threshold For types `"cluster"` and `"all"`, a number from 0 to 1:
#'   cells whose confidence is below `threshold` are `"unassigned"`. It finds
#'   cells between the clusters of the fit, and cells of clusters that are not
#'   found again; cells of a kind that the fit has not seen often have a
#'   confidence near 1.
#' @param reject For types `"cluster"` and `"all"` and new cells, a number from
#'   0 to 1, for instance 0.05: cells whose outlier p-value is below `reject`
#'   are `"unknown"`, and so is about this share of the cells of known kinds;
#'   see Outliers.
#' @param features For types `"mean"` and `"normalized"`: the genes to return,
#'   by name or by position in `object$features`. `NULL`: all that the fit uses.
#'   The result is a dense matrix, 8 bytes for each gene and cell: for many
#'   cells, ask for the genes of interest only, or give a `sink`.
#' @param size_factors One positive number per cell of `newdata` (m). Required
#'   if [gmvae()] was given size factors, and then in the same unit. Otherwise
#'   relative to the median cell of the fit, which has 1; `NULL`: see Details.
#' @param batch For types `"mean"`, `"normalized"`, `"elbo"`, `"outlier"` and
#'   `"all"` and for `reject`, of a fit with batches: the batch of each cell
#'   (m), or one batch for all cells, as in [gmvae()]. `NULL`: for `"mean"` of
#'   the cells of the fit their own batches, for `"normalized"` the average over
#'   the batches. Otherwise `batch` is required for new cells, unless `gmvae()`
#'   detected the batches itself: then each cell is taken to be of the batch in
#'   which its ELBO is higher. Batches must be those of the fit for `"mean"`
#'   and `"normalized"`. For the other types they may be new: the cells are
#'   then taken to be of the batch of the fit in which their ELBO is higher,
#'   with a message.
#' @param covariates For types `"mean"`, `"elbo"`, `"outlier"` and `"all"` and
#'   for `reject`, of a fit with covariates: those of each cell, a data frame
#'   with m rows and the columns that the fit has. `NULL`: for the cells of the
#'   fit their own; for a SummarizedExperiment or a Seurat object the columns of
#'   its cell data with the names of the covariates. Factors must have levels of
#'   the fit.
#' @param at For types `"mean"` and `"normalized"`: a named list of values of
#'   covariates, one for each, such as `list(chemistry = "v3")`: what would be
#'   expected if all cells had these values (counterfactual expression). It
#'   takes the place of the cells' own values.
#' @param proteins Of a fit with proteins: those of the new cells, all that the
#'   fit uses, in the form that `proteins` of [gmvae()] had. `NULL`: for a
#'   SingleCellExperiment or a Seurat object those under the name that the fit
#'   has.
#' @param sink For types `"mean"` and `"normalized"` of cells that are too many
#'   for memory: where the values go, block by block. The path of an HDF5 file
#'   to be made, which needs package HDF5Array; or a function of `values`, a
#'   matrix of genes x cells as `predict()` would return it, and `cells`, the
#'   numbers of these cells. It is called for each block of cells in turn, from
#'   the first cell to the last. A block takes about 200 MB, and the values are
#'   the same as without a `sink`. `NULL`: a matrix in memory.
#' @param BPPARAM `NULL`, or the workers that read `newdata` if it is on disk,
#'   as in [gmvae()]. The results are the same.
#' @param assay,layer Where the counts are, if `newdata` is a
#'   SummarizedExperiment or a Seurat object, as in [gmvae()]; otherwise must
#'   not be given.
#' @returns With m cells, k clusters and D latent dimensions, by `type`:
#'   * `"cluster"`: factor (m), named by cell: the most probable component, with
#'     levels 1 to k, then `"unassigned"` if `threshold` is above 0, and
#'     `"unknown"` if `reject` is.
#'   * `"posterior"`: matrix (m x k), the probability of each component. Rows
#'     sum to 1.
#'   * `"confidence"`: numeric (m), named by cell: the probability that the cell
#'     is in its cluster where the clusters are found again, see Confidence.
#'   * `"latent"`: matrix (m x D), the means of the latent points.
#'   * `"mean"`: matrix (genes x m), the expected values given the mean of the
#'     latent point: counts for the size factor and the batch of the cell;
#'     probabilities from 0 to 1 for `"bernoulli"`; values in the units of the
#'     data for `"gaussian"`.
#'   * `"normalized"`: matrix (genes x m), the same for a cell with the median
#'     total count of the cells of the fit, averaged over the batches with their
#'     numbers of cells as weights, or as if all cells were of the given
#'     `batch`. The same holds for covariates: the average is over the
#'     combinations of batches and levels of factors that occur in the fit, with
#'     numbers at their means, but for the values in `at`. So the values of two
#'     cells do not differ by sequencing depth, batch or covariates.
#'
#'     With a `sink`, both types return nothing, invisibly, or for a file a
#'     DelayedMatrix of the dataset `"values"` in it.
#'   * `"elbo"`: numeric (m), named by cell: the evidence lower bound (ELBO) of
#'     the cell, a lower bound of the natural logarithm of its likelihood,
#'     averaged over one pair of antithetic draws of the latent point.
#'   * `"outlier"`: data frame with m rows: `score`, in standard deviations,
#'     higher for cells that are less like those of the fit, and `p_value`, from
#'     0 to 1; see Outliers.
#'   * `"all"`: data frame with m rows, named by cell: `cluster`, `confidence`,
#'     `elbo`, `outlier_score` and `outlier_p_value`, then a column
#'     `posterior_<cluster>` for each cluster and `z<dimension>` for each latent
#'     dimension.
#' @details
#' Genes of `newdata` are matched by name; their order does not matter, and
#' genes that the fit does not use are ignored. A gene that the fit uses and
#' `newdata` lacks is taken as zero (for `"gaussian"`, as its mean in the fit),
#' with a warning that names it. The genes that are there must have at least 20%
#' of the information that the encoder uses. The information of gene \eqn{g} is
#' \eqn{v_g \sum_h w_{hg}^2}{v_g sum_h w_hg^2}, where \eqn{v_g} is the variance
#' of its scaled values over the cells (`variance` of `feature_table`) and
#' \eqn{w_{hg}}{w_hg} its weight in unit \eqn{h} of the first layer. With less,
#' labels would be confident and often wrong.
#'
#' The size factor of a new cell is its total over the genes that the fit uses,
#' divided by the median of these totals over the cells of the fit.
#'
#' For cells of the fit, type `"mean"` with `batch` or `at` gives the values
#' expected in another batch or at other values of the covariates. New cells can
#' be assigned to clusters without a batch label.
#' @section Outliers:
#' A new cell of a kind that the fit has not seen has a low ELBO. But the ELBO
#' also falls with the number of counts of a cell, and it differs between
#' clusters. So the score compares like with like: it is the difference between
#' the expected ELBO and the ELBO of the cell, in standard deviations. The
#' expected ELBO depends on the logarithm of the cell's total over the genes
#' used (by quadratic regression), on its posterior probabilities (one level for
#' each cluster) and on its batch; the standard deviation depends on the
#' logarithm of the total. For `"gaussian"` data there is no total. Both
#' regressions use at most 2,000 training cells of the fit. The held-out cells
#' of the fit then show how much lower the ELBO is for unseen cells of known
#' kinds, and the scores of the training cells are corrected by that
#' difference.
#'
#' `p_value` is the share of these corrected scores that are at least as high as
#' the score of the new cell, where the new cell counts as one more of them
#' (Davison and Hinkley 1997). So it is at least 1 / (n + 1) for the n training
#' cells that were used, at most 2,000: a smaller `reject` rejects no cell. For
#' cells like those of the fit it is nearly uniform, so that about 5% of them
#' are below 0.05. The
#' p-value tells how unusual a cell is, not which kind of cell it is; a kind
#' that is intermediate between known kinds need not be unusual. A cell with far
#' fewer or far more counts than all cells of the fit is unusual, too. Without
#' held-out cells (`heldout = 0` in [gmvae_control()]) p-values are too small,
#' and with few held-out cells they are uncertain. For cells of a batch that the
#' fit has not seen, p-values are too small by as much as that batch differs
#' from those of the fit; compare the scores of such cells with each other.
#' @section Confidence:
#' The posterior probabilities assume that the clusters are right: they tell how
#' clearly the mixture separates a cell from the other clusters, even if other
#' mixtures describe the cells equally well. The confidence also takes into
#' account how repeatable the clusters are. It is
#' \eqn{\sum_b p_b M_{bc}}{sum_b p_b M_bc} for a cell of cluster \eqn{c} with
#' the posterior probabilities \eqn{p}, where \eqn{M_{bc}}{M_bc}
#' (`cluster_confusion` of the fit, see [gmvae()]) is the
#' probability that a cell of cluster \eqn{b} is in cluster \eqn{c} if the
#' clusters are found again from half of the cells. So the cells of two clusters
#' that divide one kind of cells at random have confidences near 0.5, and cells
#' of a cluster that every half finds have nearly their posterior probability.
#' All halves use the same network, so the confidence does not tell whether
#' another network would find other clusters. For a few hundred cells it is too
#' low, because half of them divide less clearly than all of them.
#' @section Errors and warnings: `gmvae_error_input` if genes have no names, if
#'   none or too few of them are in the fit, if genes seem to be in columns, or
#'   if `newdata` is needed; `gmvae_error_data` as in [gmvae()];
#'   `gmvae_error_option` for the other arguments, also for one that does not
#'   apply to `type`; `gmvae_error_file` if the file of `sink` can't be written,
#'   for instance as the disk is full: then there is no file.
#'   `gmvae_warning_input` if `newdata` lacks genes of the fit.
#'   A message (class `gmvae_message`) names batches that the fit has not seen.
#' @references Davison and Hinkley (1997) *Bootstrap Methods and their
#'   Application*, section 4.2.3. Cambridge University Press.
#'   \doi{10.1017/CBO9780511802843}
#' @seealso [gmvae()], [plot.gmvae()], [summary.gmvae()]
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts
#' set.seed(1)
#' fit <- gmvae(counts[, 1:200], k = 5, features = 500)
#' new <- counts[, 201:205]
#' predict(fit, new)
#' round(predict(fit, new, type = "posterior"), 3)
#' predict(fit, new, threshold = 0.9)
#' predict(fit, new, type = "outlier")
#' predict(fit, new, type = "normalized", features = fit$features[1:3])
#' @importFrom stats predict
#' @export
predict.gmvae <- function(object, newdata,
                          type = c("cluster", "posterior", "confidence",
                                   "latent", "mean", "normalized", "elbo",
                                   "outlier", "all"),
                          ..., threshold = 0, reject = 0, features = NULL,
                          size_factors = NULL, batch = NULL,
                          covariates = NULL, at = NULL, proteins = NULL,
                          sink = NULL, BPPARAM = NULL, assay = NULL,
                          layer = "counts") {
  call <- quote(predict())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  check_bpparam(BPPARAM, call, "read cells")
  types <- eval(formals(predict.gmvae)$type)
  type <- if (missing(type)) types[1] else check_type(type, types, call)
  threshold <- check_number(threshold, 0, 1, call = call)
  reject <- check_number(reject, 0, 1, call = call)
  check_applies(c(threshold = threshold > 0, reject = reject > 0,
                  features = !is.null(features),
                  batch = !is.null(batch) && reject == 0,
                  covariates = !is.null(covariates) && reject == 0,
                  at = !is.null(at), sink = !is.null(sink)),
                types_with, type, call)
  sink <- check_sink(sink, call)
  at <- check_at(at, object, call)
  rows <- wanted_rows(features, object, call)
  # To reject cells and for all results, what outliers need is enough.
  needed <- if (reject > 0 || type == "all") "outlier" else type
  asked <- if (reject > 0) "reject" else sprintf("type = \"%s\"", type)
  cells <- if (missing(newdata)) {
    check_no_assay(!missing(assay) || !missing(layer), call)
    if (!is.null(proteins)) {
      gmvae_abort(
        "{.arg proteins} can be given only together with {.arg newdata}.",
        "option", call = call
      )
    }
    training_cells(object, needed, size_factors, batch, covariates, at, asked,
                   call)
  } else {
    if (!is_container(newdata)) {
      check_no_assay(!missing(assay) || !missing(layer), call, newdata)
    }
    encode_cells(object, newdata, needed, size_factors, batch, covariates, at,
                 proteins, assay, layer, asked, call, BPPARAM)
  }
  unlike <- if (needed == "outlier") {
    outlier_table(object$outlier, cells$components, cells$depth,
                  design_rows(design_of(object, cells)), cells$elbo, call)
  }
  sure <- if (type %in% c("cluster", "confidence", "all")) {
    stats::setNames(confidence(object, cells$posterior),
                    rownames(cells$posterior))
  }
  cluster <- if (type %in% c("cluster", "all")) {
    assigned(cells$posterior, sure, threshold, reject, unlike$p_value)
  }
  switch(type,
    cluster = cluster,
    posterior = cells$posterior,
    confidence = sure,
    latent = cells$latent,
    elbo = cells$elbo,
    outlier = unlike,
    mean = decode_to(sink, function(i) {
      decode_cells(object, cells$latent[i, , drop = FALSE], cells$size[i],
                   known_of(cells, i), rows, call)
    }, object$features[rows], rownames(cells$latent), call),
    normalized = decode_to(sink, function(i) {
      decode_normalized(object, cells$latent[i, , drop = FALSE], rows,
                        if (!is.null(batch)) cells$batch[i], at, call)
    }, object$features[rows], rownames(cells$latent), call),
    all = all_results(cluster, sure, cells, unlike)
  )
}

# Types that an argument changes anything of, see check_applies().
types_with <- list(
  threshold = c("cluster", "all"),
  reject = c("cluster", "all"),
  features = c("mean", "normalized"),
  batch = c("mean", "normalized", "elbo", "outlier", "all"),
  covariates = c("mean", "elbo", "outlier", "all"),
  at = c("mean", "normalized"),
  sink = c("mean", "normalized")
)

check_no_assay <- function(given, call, newdata = NULL, arg = "newdata") {
  if (!given) return(invisible())
  gmvae_abort(c(
    "{.arg assay} and {.arg layer} apply only if {.arg {arg}} is a
     SummarizedExperiment or a Seurat object.",
    x = if (is.null(newdata)) "{.arg {arg}} is missing." else
      "{.arg {arg}} is {describe(newdata)}."
  ), "option", call = call)
}

# Without a threshold of confidence (`sure`), clusters only: no level that can't
# occur. The same for cells that are rejected, by the p-values of the outlier
# test.
assigned <- function(posterior, sure, threshold, reject = 0, p_value = NULL) {
  cluster <- most_probable(posterior)
  if (threshold > 0) {
    levels(cluster) <- c(levels(cluster), "unassigned")
    cluster[sure < threshold] <- "unassigned"
  }
  if (reject > 0) {
    levels(cluster) <- c(levels(cluster), "unknown")
    cluster[p_value < reject] <- "unknown"
  }
  cluster
}

all_results <- function(cluster, sure, cells, unlike) {
  posterior <- cells$posterior
  latent <- cells$latent
  colnames(posterior) <- paste0("posterior_", colnames(posterior))
  data.frame(cluster = unname(cluster), confidence = unname(sure),
             elbo = unname(cells$elbo), outlier_score = unlike$score,
             outlier_p_value = unlike$p_value, posterior, latent,
             row.names = rownames(unlike), check.names = FALSE)
}

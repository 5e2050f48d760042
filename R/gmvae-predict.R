#' Clusters, latent positions and expected counts of cells
#'
#' `predict()` assigns cells to the clusters of a fit, maps them to its latent
#' space, computes their expected counts, or measures how unlike the cells of
#' the fit they are. The cells may be new cells or those of the fit.
#'
#' @param object A fit of [gmvae()].
#' @param newdata New cells (genes x m), as `x` of [gmvae()]: **genes in rows**,
#'   with names, and raw counts. Missing: the cells of the fit, for all types
#'   but `"elbo"` and `"outlier"`, which need the counts.
#' @param type What to return, see Value. `"class"` is the same as `"cluster"`,
#'   and `"prob"` the same as `"posterior"`.
#' @param ... Must be empty.
#' @param threshold For types `"cluster"` and `"all"`, a number from 0 to 1:
#'   cells whose largest posterior probability is below `threshold` are
#'   `"unassigned"`. It finds cells between the clusters of the fit; cells of a
#'   kind that the fit has not seen often have a probability near 1.
#' @param reject For types `"cluster"` and `"all"` and new cells, a number from
#'   0 to 1, for instance 0.05: cells whose outlier p-value is below `reject`
#'   are `"unknown"`, and so is about this share of the cells of known kinds;
#'   see Outliers.
#' @param features For types `"mean"` and `"normalized"`: the genes to return,
#'   by name or by position in `object$features`. `NULL`: all that the fit uses.
#'   The result is a dense matrix: for many cells, ask for the genes of interest
#'   only.
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
#' @param assay,layer Where the counts are, if `newdata` is a
#'   SummarizedExperiment or a Seurat object, as in [gmvae()]; otherwise must
#'   not be given.
#' @returns With m cells, k clusters and D latent dimensions, by `type`:
#'   * `"cluster"`: factor (m), named by cell: the most probable component, with
#'     levels 1 to k, then `"unassigned"` if `threshold` is above 0, and
#'     `"unknown"` if `reject` is.
#'   * `"posterior"`: matrix (m x k), the probability of each component. Rows
#'     sum to 1.
#'   * `"latent"`: matrix (m x D), the means of the latent points.
#'   * `"mean"`: matrix (genes x m), the expected values given the mean of the
#'     latent point: counts for the size factor and the batch of the cell;
#'     probabilities from 0 to 1 for `"bernoulli"`; values in the units of the
#'     data for `"gaussian"`.
#'   * `"normalized"`: matrix (genes x m), the same for a cell with the median
#'     total count of the cells of the fit, averaged over the batches with their
#'     numbers of cells as weights, or as if all cells were of the given
#'     `batch`. So the values of two cells do not differ by sequencing depth or
#'     batch.
#'   * `"elbo"`: numeric (m), named by cell: the evidence lower bound (ELBO) of
#'     the cell, a lower bound of the natural logarithm of its likelihood,
#'     averaged over one pair of antithetic draws of the latent point.
#'   * `"outlier"`: data frame with m rows: `score`, in standard deviations,
#'     higher for cells that are less like those of the fit, and `p_value`, from
#'     0 to 1; see Outliers.
#'   * `"all"`: data frame with m rows, named by cell: `cluster`, `confidence`
#'     (the largest posterior probability), `elbo`, `outlier_score` and
#'     `outlier_p_value`, then a column `posterior_<cluster>` for each cluster
#'     and `z<dimension>` for each latent dimension.
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
#' For cells of the fit, type `"mean"` with `batch` gives the values expected in
#' another batch. New cells can be assigned to clusters without a batch label.
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
#' the score of the new cell (Davison and Hinkley 1997). For cells like those of
#' the fit it is nearly uniform, so that about 5% of them are below 0.05. The
#' p-value tells how unusual a cell is, not which kind of cell it is; a kind
#' that is intermediate between known kinds need not be unusual. A cell with far
#' fewer or far more counts than all cells of the fit is unusual, too. Without
#' held-out cells (`heldout = 0` in [gmvae_control()]) p-values are too small,
#' and with few held-out cells they are uncertain. For cells of a batch that the
#' fit has not seen, p-values are too small by as much as that batch differs
#' from those of the fit; compare the scores of such cells with each other.
#' @section Errors and warnings: `gmvae_error_input` if genes have no names, if
#'   none or too few of them are in the fit, if genes seem to be in columns, or
#'   if `newdata` is needed; `gmvae_error_data` as in [gmvae()];
#'   `gmvae_error_option` for the other arguments, also for one that does not
#'   apply to `type`. `gmvae_warning_input` if `newdata` lacks genes of the fit.
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
                          type = c("cluster", "posterior", "latent", "mean",
                                   "normalized", "elbo", "outlier", "all"),
                          ..., threshold = 0, reject = 0, features = NULL,
                          size_factors = NULL, batch = NULL,
                          assay = NULL, layer = "counts") {
  call <- quote(predict())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  types <- eval(formals(predict.gmvae)$type)
  type <- if (missing(type)) types[1] else check_type(type, types, call)
  threshold <- check_number(threshold, 0, 1, call = call)
  reject <- check_number(reject, 0, 1, call = call)
  check_applies(c(threshold = threshold > 0, reject = reject > 0,
                  features = !is.null(features),
                  batch = !is.null(batch) && reject == 0),
                types_with, type, call)
  rows <- wanted_rows(features, object, call)
  # To reject cells and for all results, what outliers need is enough.
  needed <- if (reject > 0 || type == "all") "outlier" else type
  asked <- if (reject > 0) "reject" else sprintf("type = \"%s\"", type)
  cells <- if (missing(newdata)) {
    check_no_assay(!missing(assay) || !missing(layer), call)
    training_cells(object, needed, size_factors, batch, asked, call)
  } else {
    if (!is_container(newdata)) {
      check_no_assay(!missing(assay) || !missing(layer), call, newdata)
    }
    encode_cells(object, newdata, needed, size_factors, batch, assay, layer,
                 asked, call)
  }
  unlike <- if (needed == "outlier") {
    outlier_table(object$outlier, cells$posterior, cells$depth, cells$batch,
                  cells$elbo, call)
  }
  cluster <- if (type %in% c("cluster", "all")) {
    assigned(cells$posterior, threshold, reject, unlike$p_value)
  }
  switch(type,
    cluster = cluster,
    posterior = cells$posterior,
    latent = cells$latent,
    elbo = cells$elbo,
    outlier = unlike,
    mean = decode_cells(object, cells$latent, cells$size, cells$batch, rows,
                        call),
    normalized = decode_normalized(object, cells$latent, rows,
                                   if (!is.null(batch)) cells$batch, call),
    all = all_results(cluster, cells, unlike)
  )
}

# Types that an argument changes anything of, see check_applies().
types_with <- list(
  threshold = c("cluster", "all"),
  reject = c("cluster", "all"),
  features = c("mean", "normalized"),
  batch = c("mean", "normalized", "elbo", "outlier", "all")
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

# Without a threshold, clusters only: no level that can't occur. The same for
# cells that are rejected, by the p-values of the outlier test.
assigned <- function(posterior, threshold, reject = 0, p_value = NULL) {
  cluster <- most_probable(posterior)
  if (threshold > 0) {
    levels(cluster) <- c(levels(cluster), "unassigned")
    cluster[confidence(posterior) < threshold] <- "unassigned"
  }
  if (reject > 0) {
    levels(cluster) <- c(levels(cluster), "unknown")
    cluster[p_value < reject] <- "unknown"
  }
  cluster
}

all_results <- function(cluster, cells, unlike) {
  posterior <- cells$posterior
  latent <- cells$latent
  colnames(posterior) <- paste0("posterior_", colnames(posterior))
  data.frame(cluster = unname(cluster), confidence = confidence(posterior),
             elbo = unname(cells$elbo), outlier_score = unlike$score,
             outlier_p_value = unlike$p_value, posterior, latent,
             row.names = rownames(unlike), check.names = FALSE)
}

# `asked`: what the user asks for that needs `type`.
training_cells <- function(object, type, size_factors, batch, asked, call) {
  if (type %in% c("elbo", "outlier")) {
    gmvae_abort(c(
      "{.arg newdata} must be given for {.code {asked}}.",
      i = "The fit holds no counts: give the counts that it was made from, or
           others."
    ), "input", call = call)
  }
  if (!is.null(size_factors)) {
    gmvae_abort(
      "{.arg size_factors} can be given only together with {.arg newdata}.",
      "option", call = call
    )
  }
  batch <- known_batch(object, batch, nrow(object$latent), NULL, call,
                       rownames(object$latent))
  list(latent = object$latent, posterior = object$posterior,
       size = unname(object$size_factors),
       batch = if (is.null(batch)) object$batch else batch)
}

# Posterior, latent means, ELBO, size factors and batches of new cells.
encode_cells <- function(object, newdata, type, size_factors, batch, assay,
                         layer, asked, call) {
  given <- given_counts(newdata, assay, "newdata", call, layer,
                        on_disk = TRUE)
  counts <- with_all_names(given, "newdata", call)
  if (is.null(rownames(given))) check_unnamed(counts, object, call)
  index <- match_genes(counts, object, call)
  size_factors <- check_size_factors(size_factors, ncol(counts),
                                     object$likelihood, call, colnames(counts))
  check_batch_given(object, batch, type, asked, call)
  batch <- known_batch(object, batch, ncol(counts), newdata, call,
                       colnames(counts), unseen = type %in% types_of_unseen)
  given <- checked_values(counts, object$likelihood, "newdata", call)
  on.exit(discard_cells(given))
  counts <- take_genes(given, index, object)
  on.exit(discard_cells(counts), add = TRUE)
  size <- new_sizes(counts, object, size_factors, call)
  with_elbo <- type %in% c("elbo", "outlier")
  with_posterior <- type %in% c("cluster", "posterior", "outlier")
  # Detected batches have no names that new cells could be given by, and other
  # cells are of batches that the fit has not seen: each is taken to be of the
  # batch in which its ELBO is higher. The encoder sees no batch, so that cells
  # are encoded once.
  batches <- levels(object$batch)
  unknown <- if (!needs_batch(object, type)) {
    FALSE
  } else if (is.null(batch)) {
    rep(TRUE, ncol(counts))
  } else {
    is.na(batch)
  }
  core <- with_core_errors(cpp_gmvae_encode(
    network_state(object), counts, size$factors,
    if (!any(unknown)) design_matrix(batch),
    if (any(unknown)) design_matrix(factor(batches, batches)),
    if (with_elbo || any(unknown)) elbo_draws else 0L, with_posterior,
    object$control$n_threads,
    progress_reporter(object$control$verbose && interactive())
  ), call = call)
  likeliest <- 1L
  if (any(unknown)) {
    likeliest <- max.col(core$elbo, ties.method = "first")
    likeliest[!unknown] <- as.integer(batch)[!unknown]
    batch <- factor(batches[likeliest], batches)
  }
  elbo <- if (with_elbo) core$elbo[cbind(seq_len(ncol(counts)), likeliest)]
  cells <- colnames(counts)
  list(
    latent = `dimnames<-`(core$latent, list(cells, colnames(object$latent))),
    posterior = if (with_posterior) {
      `dimnames<-`(core$posterior, list(cells, colnames(object$posterior)))
    },
    elbo = if (with_elbo) stats::setNames(elbo, cells),
    depth = if (type == "outlier") {
      log_depth(counts, object$likelihood, size$totals)
    },
    size = size$factors,
    batch = batch
  )
}

# Expected values of cells of the median size, in the batches given or averaged
# over those of the fit.
decode_normalized <- function(object, latent, rows, batch, call) {
  n <- nrow(latent)
  in_batch <- function(batch) {
    decode_cells(object, latent, rep(1, n), batch, rows, call)
  }
  if (!is.null(batch)) return(in_batch(batch))
  within_batches(object$batch, nrow(object$latent), function(cells) {
    in_batch(rep(object$batch[cells[1]], n))
  })
}

decode_cells <- function(object, latent, size, batch, rows, call) {
  values <- with_core_errors(cpp_gmvae_decode(
    network_state(object), unname(latent), size, design_matrix(batch), rows,
    object$control$n_threads,
    progress_reporter(object$control$verbose && interactive())
  ), call = call)
  `dimnames<-`(values, list(object$features[rows], rownames(latent)))
}

# Genes -----------------------------------------------------------------------

# Without names, only rows known to be those of the training data will do.
check_unnamed <- function(counts, object, call, arg = "newdata") {
  generated <- object$feature_table$gene
  if (identical(rownames(counts), generated)) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must have gene names as row names.",
    x = "It has no row names.",
    i = "Set them with {.code rownames({arg}) <- ...}; those of the fit are
         {first_few(generated)}."
  ), "input", call = call)
}

# Rows of `counts` that hold the genes of the fit, in its order; NA where
# there is none, after a warning.
match_genes <- function(counts, object, call) {
  features <- object$features
  index <- match(features, rownames(counts))
  if (!anyNA(index)) return(index)
  check_orientation(features, counts, "newdata", call)
  absent <- features[is.na(index)]
  if (length(absent) == length(features)) {
    gmvae_abort(c(
      "{.arg newdata} must have genes that the fit uses.",
      x = "It has none of them: its first gene is {.val {rownames(counts)[1]}},
           that of the fit {.val {features[1]}}.",
      i = "Use the same names in both: symbols or identifiers, upper or lower
           case."
    ), "input", call = call)
  }
  share <- sum(encoder_information(object)[!is.na(index)])
  if (share < least_information) abort_little_information(absent, share, object,
                                                          call)
  dense <- likelihood_traits(object$likelihood)$dense
  gmvae_warn(c(
    "{.arg newdata} lacks {length(absent)} of the {length(features)} genes that
     the fit uses.",
    x = "Missing: {first_few(absent)}.",
    i = "{.fn predict} takes {cli::qty(length(absent))}{?it/them} as
         {if (dense) 'the mean in the fit' else 'zero'}. The others have
         {whole_percent(share)} of the information of the encoder."
  ), "input", call = call)
  index
}

# Each gene's share in what the encoder sees: the variance over the cells that
# its input gives to the first layer, summed over the units of that layer, of
# all genes' such sums.
encoder_information <- function(object) {
  first <- object$layout[1, ]
  weights <- matrix(object$parameters[first$offset + seq_len(first$rows *
                                                               first$cols)],
                    first$rows)
  table <- object$feature_table
  variance <- table$variance[match(object$features, table$gene)]
  information <- colSums(weights^2) * object$input$scale^2 * variance
  information / sum(information)
}

# With random genes of pbmc_sorted and zeisel1464, between 91% and 97% of new
# cells are in the cluster that all genes give if a fifth or a quarter of the
# information is left, and between 43% and 92% with a tenth.
least_information <- 0.2

abort_little_information <- function(absent, share, object, call,
                                     arg = "newdata") {
  n <- length(object$features)
  gmvae_abort(c(
    "{.arg {arg}} must have genes with at least
     {whole_percent(least_information)} of the information that the encoder
     uses.",
    x = "It has {n - length(absent)} of {n} genes, with {whole_percent(share)}
         of the information; {first_few(absent)} are missing.",
    i = "Fit again on the genes that both data have: {.code gmvae(x, features =
         intersect(rownames(x), rownames({arg})))}."
  ), "input", call = call)
}

whole_percent <- function(share) sprintf("%.0f%%", 100 * share)

# The matched rows, with stand-ins for the absent ones.
take_genes <- function(counts, index, object) {
  if (identical(index, seq_len(nrow(counts)))) return(counts)
  if (!anyNA(index)) return(counts[index, , drop = FALSE])
  absent <- object$features[is.na(index)]
  values <- if (likelihood_traits(object$likelihood)$dense) {
    object$feature_table$mean[match(absent, object$feature_table$gene)]
  } else {
    rep(0, length(absent))
  }
  if (is_cell_file(counts)) {
    return(file_of_genes(counts, index, replace(
      rep(0, length(index)), is.na(index), values
    ), object$features))
  }
  filled <- Matrix::sparseMatrix(
    i = rep(which(values != 0), ncol(counts)),
    j = rep(seq_len(ncol(counts)), each = sum(values != 0)),
    x = rep(values[values != 0], ncol(counts)),
    dims = c(length(absent), ncol(counts)),
    dimnames = list(absent, colnames(counts))
  )
  present <- counts[index[!is.na(index)], , drop = FALSE]
  rbind(present, filled)[object$features, , drop = FALSE]
}

# More of the wanted genes among the columns than among the rows?
check_orientation <- function(genes, counts, arg, call) {
  in_rows <- sum(genes %in% rownames(counts))
  in_columns <- sum(genes %in% colnames(counts))
  if (in_columns <= in_rows) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must have genes in rows and cells in columns.",
    x = "Of {length(genes)} gene{?s}, {in_columns} {?is/are} among its column
         names and {in_rows} among its row names.",
    i = "Transpose it with {.code Matrix::t({arg})}."
  ), "input", call = call)
}

new_sizes <- function(counts, object, user, call) {
  if (object$size_source == "user" && is.null(user)) {
    gmvae_abort(c(
      "{.arg size_factors} must be given.",
      x = "The fit was made with size factors that you gave, so those of
           {.arg newdata} can't be computed.",
      i = "Give one size factor per cell, in the same unit."
    ), "option", call = call)
  }
  # Size factors beside a fit that had none are relative to its median cell.
  own_scale <- object$size_source == "library" && !is.null(user)
  scale <- if (own_scale) 1 else object$size_scale
  cell_sizes(counts, object$likelihood, user, scale)
}

# Positions of `features` among those of the fit; all where there are none.
wanted_rows <- function(features, object, call) {
  all_rows <- seq_along(object$features)
  if (is.null(features)) return(all_rows)
  rows <- if (is.character(features)) {
    match(features, object$features)
  } else if (is.numeric(features)) {
    match(features, all_rows)
  }
  if (length(rows) > 0L && !anyNA(rows)) return(rows)
  unknown <- if (!is.null(rows)) as.character(features)[is.na(rows)]
  gmvae_abort(c(
    "{.arg features} must be genes that the fit uses, by name or by position in
     {.code object$features}.",
    x = if (length(unknown) > 0L) "The fit does not use {first_few(unknown)}."
    else "You supplied {describe(features)}."
  ), "option", call = call)
}

#' Clusters, latent positions and expected counts of cells
#'
#' For new cells, with the networks of a fit; or for the cells that it was
#' fitted to.
#'
#' Genes of `newdata` are matched by name; their order does not matter. Genes
#' that the fit uses and `newdata` lacks are taken as zero (as their mean in
#' training for the `"gaussian"` likelihood), with a warning that names them.
#'
#' The size factor of a new cell is its total over the genes that the fit uses,
#' divided by the median of these totals in training, so that other genes of
#' `newdata` do not matter; or give `size_factors`.
#'
#' @param object A fit of [gmvae()].
#' @param newdata New cells, as `x` of [gmvae()]: genes in rows, with names.
#'   Missing: the cells of the fit (not for types `"elbo"` and `"outlier"`,
#'   which need the counts).
#' @param type What to return, see Value.
#' @param ... Must be empty.
#' @param threshold For `type = "cluster"`: cells whose largest posterior
#'   probability is below it, a number from 0 to 1, are `"unassigned"`.
#' @param features Genes for types `"mean"` and `"normalized"`, by name or by
#'   position in `object$features`. `NULL`: all that the fit uses. The result
#'   is a dense matrix: on many cells ask for the genes of interest only.
#' @param size_factors One positive number per cell of `newdata`: on the scale
#'   of those given to [gmvae()], and then required; otherwise relative to the
#'   median cell of the fit, which has 1.
#' @param batch Where the fit has batches, for types `"mean"`, `"elbo"` and
#'   `"outlier"`: the batch of each cell of `newdata`, or one for all, among
#'   those of the fit; for a SummarizedExperiment also the name of a column of
#'   its `colData()`. Without `newdata`, `NULL`: the cells' own batches;
#'   otherwise means are those that the cells would have in that batch. With it,
#'   `NULL` will do only where batches were found rather than given: each cell
#'   is taken to be of the one in which its bound is higher.
#' @param assay Name of the assay, where `newdata` is a SummarizedExperiment.
#' @returns With m cells, by `type`:
#'   * `"cluster"`: factor (m), named by cell, of the most probable component;
#'     with a last level `"unassigned"` if `threshold` is above 0.
#'   * `"posterior"`: m x k, probability of each component.
#'   * `"latent"`: m x D, means of the latent points.
#'   * `"mean"`: genes x m, expected values given the means of the latent
#'     points, at the library size of each cell and in its batch; probabilities
#'     for `"bernoulli"`.
#'   * `"normalized"`: the same at the median library size of the training
#'     cells, and averaged over the batches, weighted by the cells of the fit.
#'   * `"elbo"`: numeric (m), named by cell: the lower bound of the
#'     log-likelihood of each cell, natural logarithm, averaged over two
#'     antithetic draws of its latent point.
#'   * `"outlier"`: a data frame with a row per cell, see below: `score`, the
#'     higher the less the cell is like those of the fit, and `p_value`.
#' @section Outliers:
#'   A new cell of a kind that the fit has not seen has a low bound, but so has
#'   a cell with many counts: the bound falls with the number of counts, and it
#'   differs between clusters. The score compares like with like: it is how far
#'   the bound of the cell is below the one that is expected at the logarithm of
#'   its total over the genes used (a quadratic regression), at its posterior
#'   probabilities (one level per cluster) and in its batch, in standard
#'   deviations there (from a regression of the logarithm of the absolute
#'   residuals). Both are made from the cells of the fit, at most 2,000 of them;
#'   cells held out of training set how far below those of training unseen cells
#'   of the same kind are. For `"gaussian"` there is no total to compare at.
#'
#'   `p_value` is the share of the cells of the fit, so moved, that score at
#'   least as high: nearly uniform for cells like them, so that 5% are below
#'   0.05. It tells how odd a cell is, not which kind it is, and a kind that is
#'   a mixture of known ones may not be odd at all. Without held-out cells
#'   (`heldout = 0`) p-values are too small, and with few of them uncertain.
#'   A cell with far fewer or more counts than any cell of the fit is odd, too.
#' @section Errors: `gmvae_error_input` if genes have no names, or none of the
#'   fit, or if genes seem to be in the columns; `gmvae_error_data` and
#'   `gmvae_error_option` as in [gmvae()].
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
#' @references Davison and Hinkley (1997) *Bootstrap Methods and their
#'   Application*, section 4.2.3. Cambridge University Press.
#'   \doi{10.1017/CBO9780511802843}
#' @importFrom stats predict
#' @export
predict.gmvae <- function(object, newdata,
                          type = c("cluster", "posterior", "latent", "mean",
                                   "normalized", "elbo", "outlier"),
                          ..., threshold = 0, features = NULL,
                          size_factors = NULL, batch = NULL,
                          assay = "counts") {
  call <- quote(predict())
  check_no_dots(..., call = call)
  check_fit(object, call = call)
  types <- eval(formals(predict.gmvae)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  threshold <- check_threshold(threshold, type, call)
  rows <- wanted_rows(features, object, type, call)
  cells <- if (missing(newdata)) {
    training_cells(object, type, size_factors, batch, call)
  } else {
    encode_cells(object, newdata, type, size_factors, batch, assay, call)
  }
  switch(type,
    cluster = assigned(cells$posterior, threshold),
    posterior = cells$posterior,
    latent = cells$latent,
    elbo = cells$elbo,
    outlier = outlier_table(object, cells, call),
    mean = decode_cells(object, cells$latent, cells$size, cells$batch, rows,
                        call),
    normalized = decode_normalized(object, cells$latent, rows, call)
  )
}

# Without a threshold, clusters only: no level that can't occur.
assigned <- function(posterior, threshold) {
  cluster <- most_probable(posterior)
  if (threshold == 0) return(cluster)
  levels(cluster) <- c(levels(cluster), "unassigned")
  cluster[confidence(posterior) < threshold] <- "unassigned"
  cluster
}

check_threshold <- function(threshold, type, call) {
  threshold <- check_number(threshold, 0, 1, call = call)
  if (threshold == 0 || type == "cluster") return(threshold)
  gmvae_abort(c(
    "{.arg threshold} can only be given for type {.val cluster}.",
    x = "{.arg type} is {.val {type}}."
  ), "option", call = call)
}

training_cells <- function(object, type, size_factors, batch, call) {
  if (type %in% c("elbo", "outlier")) {
    gmvae_abort(c(
      "{.arg newdata} must be given for {.code type = \"{type}\"}.",
      i = "The fit holds no counts: give those that it was made from."
    ), "input", call = call)
  }
  if (!is.null(size_factors)) {
    gmvae_abort(
      "{.arg size_factors} are for {.arg newdata}, which must be given too.",
      "option", call = call
    )
  }
  batch <- known_batch(object, batch, nrow(object$latent), NULL, call)
  list(latent = object$latent, posterior = object$posterior,
       size = unname(object$size_factors),
       batch = if (is.null(batch)) object$batch else batch)
}

# Posterior, latent means, bound, size factors and batches of new cells.
encode_cells <- function(object, newdata, type, size_factors, batch, assay,
                         call) {
  named <- !is.null(rownames(newdata))
  counts <- as_counts(newdata, assay, arg = "newdata", call = call)
  if (!named) check_unnamed(counts, object, call)
  index <- match_genes(counts, object, call)
  check_size_factors(size_factors, ncol(counts), object$likelihood, call)
  check_batch_given(object, batch, type, call)
  batch <- known_batch(object, batch, ncol(counts), newdata, call)
  counts <- checked_values(counts, object$likelihood, "newdata", call)
  counts <- take_genes(counts, index, object)
  size <- new_sizes(counts, object, size_factors, call)
  with_elbo <- type %in% c("elbo", "outlier")
  with_posterior <- type %in% c("cluster", "posterior", "outlier")
  # Found batches have no names that new cells could be given by: each cell is
  # taken to be of the one in which its ELBO is higher.
  unknown <- is.null(batch) && needs_batch(object, type)
  batches <- levels(object$batch)
  core <- with_core_errors(cpp_gmvae_encode(
    network_state(object), counts, size$factors, design_matrix(batch),
    if (unknown) design_matrix(factor(batches, batches)),
    if (with_elbo || unknown) elbo_draws else 0L, with_posterior,
    object$control$n_threads,
    progress_reporter(object$control$verbose && interactive())
  ), call = call)
  likeliest <- 1L
  if (unknown) {
    likeliest <- max.col(core$elbo, ties.method = "first")
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

# Expected values of cells of the median size, averaged over the batches.
decode_normalized <- function(object, latent, rows, call) {
  n <- nrow(latent)
  in_batch <- function(batch) {
    decode_cells(object, latent, rep(1, n), batch, rows, call)
  }
  within_batches(object$batch, nrow(object$latent), function(cells) {
    in_batch(rep(object$batch[cells[1]], n))
  })
}

decode_cells <- function(object, latent, size, batch, rows, call) {
  values <- with_core_errors(cpp_gmvae_decode(
    network_state(object), unname(latent), size, design_matrix(batch), rows,
    object$control$n_threads
  ), call = call)
  `dimnames<-`(values, list(object$features[rows], rownames(latent)))
}

# Genes -----------------------------------------------------------------------

# Without names, only rows known to be those of the training data will do.
check_unnamed <- function(counts, object, call) {
  generated <- object$feature_table$gene
  if (identical(rownames(counts), generated)) return(invisible())
  gmvae_abort(c(
    "{.arg newdata} must have gene names as row names, like the data of the
     fit.",
    x = "It has none.",
    i = "Set them with {.code rownames(newdata) <- ...}; they begin
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
      "{.arg newdata} must have genes of the fit.",
      x = "It has none of the {length(features)}: its first is
           {.val {rownames(counts)[1]}}, the fit's {.val {features[1]}}.",
      i = "Are both named alike: symbols or identifiers, upper or lower case?"
    ), "input", call = call)
  }
  dense <- likelihood_traits(object$likelihood)$dense
  gmvae_warn(c(
    "{.arg newdata} lacks {length(absent)} of the {length(features)} genes of
     the fit.",
    x = "Missing: {first_few(absent)}.",
    i = "{cli::qty(length(absent))}{?It is/They are} taken as
         {if (dense) 'the mean in training' else 'zero'}."
  ), "input", call = call)
  index
}

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
    x = "Of {length(genes)} gene{?s}, {in_columns} {?is/are} among its
         columns and {in_rows} among its rows.",
    i = "Is it transposed? Give {.code Matrix::t({arg})}."
  ), "input", call = call)
}

new_sizes <- function(counts, object, user, call) {
  if (object$size_source == "user" && is.null(user)) {
    gmvae_abort(c(
      "{.arg size_factors} must be given.",
      x = "The fit was made with size factors of yours, so those of
           {.arg newdata} can't be computed.",
      i = "Give one per cell, on the same scale."
    ), "option", call = call)
  }
  # Size factors beside a fit that had none are relative to its median cell.
  own_scale <- object$size_source == "library" && !is.null(user)
  scale <- if (own_scale) 1 else object$size_scale
  cell_sizes(counts, object$likelihood, user, scale)
}

wanted_rows <- function(features, object, type, call) {
  all_rows <- seq_along(object$features)
  if (is.null(features)) return(all_rows)
  if (!type %in% c("mean", "normalized")) {
    gmvae_abort(c(
      "{.arg features} can only be given for types {.val mean} and
       {.val normalized}.",
      x = "{.arg type} is {.val {type}}."
    ), "option", call = call)
  }
  rows <- if (is.character(features)) {
    match(features, object$features)
  } else if (is.numeric(features)) {
    match(features, all_rows)
  }
  if (length(rows) > 0L && !anyNA(rows)) return(rows)
  unknown <- if (!is.null(rows)) as.character(features)[is.na(rows)]
  gmvae_abort(c(
    "{.arg features} must be genes that the fit uses: names from, or positions
     in, {.code object$features}.",
    x = if (length(unknown) > 0L) "Not among them: {first_few(unknown)}." else
      "You supplied {describe(features)}."
  ), "option", call = call)
}

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
#'   Needed only if the query lacks genes of the fit: then the encoder sees the
#'   cells of the fit without these genes, too, so that types, sets and p-values
#'   compare like with like. `NULL`: cells that are simulated from the fit, see
#'   Missing genes.
#' @param size_factors One positive number per cell of the query (m), see
#'   [predict()][predict.gmvae].
#' @param assay,layer Where the counts are, if `query` is a SummarizedExperiment
#'   or a Seurat object, as in [gmvae()].
#' @returns A `gmvae_mapping` object, a list with m cells and, if `labels` are
#'   given, L types:
#'   * `cells`: data frame (m rows, named by cell): `cluster` (factor),
#'     `confidence` (posterior probability of the cluster), `outlier_score` and
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
#'   whatever the probabilities of clusters and types. Two scores measure this:
#'   the Mahalanobis distance of the latent mean from the nearest component of
#'   the mixture, and `elbo_score`. `outlier_score` is the larger of both, each
#'   less the median of the held-out cells of the fit and in units of their
#'   median absolute deviation. `outlier_p_value` is the share of held-out cells
#'   with a score as high, one more counted: a conformal p-value, uniform for
#'   cells like the held-out ones whatever the networks (Bates et al. 2023). It
#'   is at least one over one more than their number, so that few held-out
#'   cells can't give small ones. For cells of new batches, and if fewer than 19
#'   cells were held out, `outlier_score` is about the distance alone. A kind
#'   that lies between known kinds need not be an outlier.
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
  check_query_given(missing(query), call)
  coverage <- check_number(coverage, 0.5, 0.999, call = call)
  labels <- check_reference_labels(labels, fit, call)
  if (!is_container(query)) {
    check_no_assay(!missing(assay) || !missing(layer), call, query, "query")
  }
  given <- given_counts(query, assay, "query", call, layer)
  matched <- match_query_genes(given, query, genes, fit, call)
  # The names of the user's rows may repeat where a table translates them.
  counts <- with_all_names(matched$counts, "query", call)
  batch <- query_batch(batch, ncol(counts), query, colnames(counts), call)
  size_factors <- check_size_factors(size_factors, ncol(counts),
                                     fit$likelihood, call, colnames(counts))
  counts <- checked_values(counts, fit$likelihood, "query", call)
  model <- reference_model(fit, matched$present, batch, call)
  model <- with_new_shifts(model, counts, size_factors, batch, call)
  cells <- map_cells(model, counts, size_factors, batch, call)
  known <- known_cells(model, reference, call)
  new_mapping(model, cells, known, labels, batch, coverage, matched, call)
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

# Names of genes ---------------------------------------------------------------

# Rows of the query under the names of the fit's genes, in their order
# (`counts`), and which of these it has (`present`). Rows of one gene add up.
match_query_genes <- function(counts, query, genes, fit, call) {
  names <- rownames(counts)
  if (is.null(names)) {
    gmvae_abort(c(
      "{.arg query} must have gene names as row names.",
      x = "It has no row names.",
      i = "Those of the fit are {first_few(fit$features)}."
    ), "input", call = call)
  }
  translated <- translated_names(names, query, genes, fit$features, call)
  row <- match(translated, fit$features)
  if (all(is.na(row))) {
    check_orientation(fit$features, counts, "query", call)
    gmvae_abort(c(
      "{.arg query} must have genes that the fit uses.",
      x = "It has none of them: its first gene is {.val {names[1]}}, that of the
           fit {.val {fit$features[1]}}.",
      i = "If it names genes in another way, give a table of both names:
           {.code genes = data.frame(query = , fit = )}."
    ), "input", call = call)
  }
  present <- seq_along(fit$features) %in% row
  used <- which(!is.na(row))
  gather <- Matrix::sparseMatrix(
    i = match(row[used], which(present)), j = seq_along(used), x = 1,
    dims = c(sum(present), length(used)),
    dimnames = list(fit$features[present], NULL)
  )
  if (likelihood_traits(fit$likelihood)$dense) {  # no counts, which add up
    gather <- gather / Matrix::rowSums(gather)
  }
  counts <- methods::as(gather %*% counts[used, , drop = FALSE],
                        "CsparseMatrix")
  information <- encoder_information(fit)
  say_missing(fit, present, sum(information[present]), call)
  list(counts = counts, present = present,
       information = sum(information[present]))
}

translated_names <- function(names, query, genes, features, call) {
  if (is.null(genes)) return(without_versions(names, features))
  table <- name_table(names, query, genes, call)
  # The pair of columns that has most names of both.
  overlap <- function(column, known) {
    sum(unique(without_versions(column, known)) %in% known)
  }
  of_query <- vapply(table, overlap, 0, names)
  of_fit <- vapply(table, overlap, 0, features)
  both <- outer(of_query, of_fit, pmin)
  if (length(table) > 1L) diag(both) <- -1
  if (max(both) < 1) {
    gmvae_abort(c(
      "{.arg genes} must have a column with names of genes of {.arg query} and
       another with names of the fit.",
      x = if (max(of_query) < 1) "No column has names of {.arg query}, such as
        {first_few(names)}." else "No other column has names of the fit, such as
        {first_few(features)}.",
      i = "Its columns begin with {first_few(vapply(table, `[`, '', 1L))}."
    ), "option", call = call)
  }
  best <- arrayInd(which.max(both), dim(both))
  from <- without_versions(table[[best[1]]], names)
  to <- without_versions(table[[best[2]]], features)
  # A name may have several: that which the fit uses counts.
  first <- order(!to %in% features)
  to[first][match(names, from[first])]
}

# `genes` as a list of columns of names.
name_table <- function(names, query, genes, call) {
  in_rows <- if (is_s4(query, "SummarizedExperiment")) {
    colnames(SummarizedExperiment::rowData(query))
  }
  if (rlang::is_string(genes) && is.null(names(genes))) {
    if (genes %in% in_rows) {
      return(list(names, as.character(
        SummarizedExperiment::rowData(query)[[genes]]
      )))
    }
    gmvae_abort(c(
      "{.arg genes} must be a table of names, or the name of a column of
       {.code rowData(query)}.",
      x = "You supplied {describe(genes)}.",
      i = if (length(in_rows) > 0L) "The columns are {.val {in_rows}}."
    ), "option", call = call)
  }
  if (is.character(genes) && !is.null(names(genes))) {
    return(list(names(genes), unname(genes)))
  }
  if (is.matrix(genes) || methods::is(genes, "DataFrame")) {
    genes <- as.data.frame(genes)
  }
  columns <- if (is.data.frame(genes)) {
    c(list(rownames(genes)), unname(as.list(genes)))
  }
  columns <- Filter(function(column) is.character(column) || is.factor(column),
                    columns)
  if (length(columns) > 1L) return(lapply(columns, as.character))
  gmvae_abort(c(
    "{.arg genes} must be a data frame with a column of the query's names of
     genes and one of the fit's, or a character vector with names.",
    x = "You supplied {describe(genes)}."
  ), "option", call = call)
}

# Names, without the version of an Ensembl identifier where only so it is known.
without_versions <- function(names, known) {
  bare <- sub("^(ENS[A-Z]*[0-9]{11})[.][0-9]+$", "\\1", names)
  bare_known <- sub("^(ENS[A-Z]*[0-9]{11})[.][0-9]+$", "\\1", known)
  at <- match(bare, bare_known)
  ifelse(names %in% known | is.na(at), names, known[at])
}

say_missing <- function(fit, present, information, call) {
  if (all(present)) return(invisible())
  absent <- fit$features[!present]
  if (information < least_information) {
    abort_little_information(absent, information, fit, call, "query")
  }
  gmvae_warn(c(
    "{.arg query} lacks {length(absent)} of the {length(present)} genes that the
     fit uses.",
    x = "Missing: {first_few(absent)}.",
    i = "They are hidden from the encoder. The others have
         {whole_percent(information)} of its information."
  ), "input", call = call)
}

# The model of the query -------------------------------------------------------

# Batches of the query as a factor, or NULL. One label may stand for all.
query_batch <- function(batch, n, query, cells, call) {
  in_column <- rlang::is_string(batch) && batch %in% cell_columns(query)
  if (rlang::is_scalar_atomic(batch) && !in_column) batch <- rep(batch, n)
  as_batch(batch, n, query, call, cells)
}

# What the core needs of the fit for cells with some of its genes and with
# batches of their own: `state`, beside the `fit`, which stays as it is.
reference_model <- function(fit, present, batch, call) {
  known <- if (n_batches(fit$batch) > 0L) levels(fit$batch)
  new <- setdiff(levels(batch), known)
  state <- network_state(fit)
  state$n_design <- length(known) + length(new)
  share <- 1
  if (!all(present)) {
    share <- share_of_genes(fit, present, call)
    information <- encoder_information(fit)
    # The first layer then has inputs of the size that it is used to.
    gain <- 1 / sum(information[present])
    state$input <- list(scale = fit$input$scale[present] * gain,
                        offset = fit$input$offset[present])
    state$size_reference <- fit$size_reference * share
  }
  state$parameters <- parameters_for(fit, state, present, known)
  list(fit = fit, state = state, present = present, share = share,
       known = known, new = new)
}

# The share of the counts that these genes have in the cells of the fit.
share_of_genes <- function(fit, present, call) {
  if (!likelihood_traits(fit$likelihood)$size_factors) return(1)
  some <- fit$latent[spread_out(seq_len(nrow(fit$latent)), 500L), ,
                     drop = FALSE]
  expected <- decode_normalized(fit, some, seq_along(present), NULL, call)
  sum(expected[present, ]) / sum(expected)
}

# The fit's parameters for a network with some of its genes and more batches,
# whose shifts start as the mean over the batches of the fit.
parameters_for <- function(fit, state, present, known) {
  layout <- cpp_gmvae_layout(state, sum(present))
  shares <- as.vector(table(fit$batch)) / length(fit$batch)
  unlist(lapply(seq_len(nrow(layout)), function(i) {
    old <- fit$layout[match(layout$name[i], fit$layout$name), ]
    n_rows <- layout$rows[i]
    n_columns <- layout$cols[i]
    if (is.na(old$name)) return(numeric(n_rows * n_columns))  # a first shift
    part <- matrix(fit$parameters[old$offset + seq_len(old$rows * old$cols)],
                   old$rows)
    if (old$name == "encoder1.weight") part <- part[, present, drop = FALSE]
    if (grepl(of_genes, old$name)) part <- part[present, , drop = FALSE]
    more <- n_columns - ncol(part)
    if (more > 0L) part <- cbind(part, matrix(part %*% shares, n_rows, more))
    part
  }))
}

# Parts of the decoder that have a row for each gene.
of_genes <- "^decoder[.](mean|zero_inflation|log_scale)[.]"

# Rows of the design for cells of these batches; NULL where there is nothing to
# explain.
mapping_design <- function(model, batch) {
  columns <- c(model$known, model$new)
  if (length(columns) == 0L || is.null(batch)) return(NULL)
  column <- match(batch, columns)
  Matrix::sparseMatrix(i = column, p = seq(0L, length(batch)),
                       x = rep(1, length(batch)),
                       dims = c(length(columns), length(batch)))
}

with_new_shifts <- function(model, counts, size_factors, batch, call) {
  if (length(model$new) == 0L) return(model)
  cells <- spread_out(which(batch %in% model$new))
  size <- sizes_in(model, counts, size_factors, call)$factors
  threads <- model$fit$control$n_threads
  model$state$parameters <- with_core_errors(cpp_gmvae_shifts(
    model$state, counts[, cells, drop = FALSE], size[cells],
    mapping_design(model, batch[cells]),
    list(first_column = length(model$known) + 1L, n_steps = 200L,
         batch_size = 128L, learning_rate = 0.05, penalty = 1),
    model$fit$seed, threads,
    progress_reporter(model$fit$control$verbose && interactive())
  ), call = call)
  model
}

# Size factors as new_sizes() has them, of cells with some of the genes.
sizes_in <- function(model, counts, size_factors, call) {
  size <- new_sizes(counts, model$fit, size_factors, call)
  if (is.null(size_factors)) size$factors <- size$factors / model$share
  size
}

# Posterior, latent means, ELBO and depth of cells.
map_cells <- function(model, counts, size_factors, batch, call) {
  fit <- model$fit
  size <- sizes_in(model, counts, size_factors, call)
  unknown <- is.null(batch) && !is.null(model$known)
  core <- with_core_errors(cpp_gmvae_encode(
    model$state, counts, size$factors, mapping_design(model, batch),
    if (unknown) mapping_design(model, model$known), elbo_draws, TRUE,
    fit$control$n_threads,
    progress_reporter(fit$control$verbose && interactive())
  ), call = call)
  if (unknown) {
    likeliest <- max.col(core$elbo, ties.method = "first")
    core$elbo <- core$elbo[cbind(seq_len(ncol(counts)), likeliest)]
    batch <- factor(model$known[likeliest], model$known)
  }
  cells <- colnames(counts)
  list(latent = `dimnames<-`(core$latent, list(cells, colnames(fit$latent))),
       posterior = `dimnames<-`(core$posterior,
                                list(cells, colnames(fit$posterior))),
       elbo = as.vector(core$elbo),
       depth = log_depth(counts, fit$likelihood, size$totals / model$share),
       batch = batch)
}

# The reference under the query's model: latent means and posterior of the cells
# of the fit, and what outliers are told by. With all genes these are the fit's.
known_cells <- function(model, reference, call) {
  fit <- model$fit
  if (all(model$present)) {
    return(list(latent = fit$latent, posterior = fit$posterior,
                outlier = fit$outlier, heldout = fit$heldout_scores))
  }
  counts <- if (is.null(reference)) {
    draw_counts(fit, fit$latent, fit$size_factors, fit, fit$seed, call)
  } else {
    reference_counts(reference, fit, call)
  }
  counts <- counts[model$present, , drop = FALSE]
  colnames(counts) <- rownames(fit$latent)
  user <- if (fit$size_source == "user") unname(fit$size_factors) *
      fit$size_scale
  cells <- map_cells(model, counts, user, fit$batch, call)
  sample <- c(spread_out(setdiff(seq_len(ncol(counts)), fit$heldout)),
              spread_out(fit$heldout))
  seen <- seq_len(sum(!sample %in% fit$heldout))
  outlier <- compare_elbos(cells$elbo[sample],
                           cells$posterior[sample, , drop = FALSE],
                           cells$depth[sample],
                           batch_shares(fit$batch[sample], fit), seen)
  list(latent = cells$latent, posterior = cells$posterior,
       outlier = outlier$reference, heldout = outlier$heldout)
}

reference_counts <- function(reference, fit, call) {
  counts <- as_counts(reference, arg = "reference", call = call)
  at <- match(fit$features, rownames(counts))
  if (ncol(counts) != nrow(fit$latent) || anyNA(at)) {
    gmvae_abort(c(
      "{.arg reference} must be the data that {.arg fit} was made from.",
      x = "It has {ncol(counts)} cells and {sum(!is.na(at))} of the genes of the
           fit, which has {nrow(fit$latent)} cells and
           {length(fit$features)} genes."
    ), "input", call = call)
  }
  checked_values(counts[at, , drop = FALSE], fit$likelihood, "reference", call)
}

# Cell types -------------------------------------------------------------------

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
  usual <- rowSums(mixture$covariances * rep(mixture$weights, each = d * d),
                   dims = 2)
  covariance <- (within + d * usual) / (nrow(latent) + d)
  root <- backsolve(chol(covariance), diag(d))
  list(means = means %*% root, root = root, log_weight = log(n / sum(n)),
       label = as.integer(labels)[first], levels = levels(labels))
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
    # Types with held-out cells only: these teach the classifier, too.
    training <- c(training, setdiff(which(labels %in% lacking), calibrating))
  }
  classifier <- label_classifier(
    known$latent[training, , drop = FALSE],
    factor(max.col(known$posterior[training, , drop = FALSE],
                   ties.method = "first"), seq_len(fit$k)),
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

# Outliers ---------------------------------------------------------------------

# Mahalanobis distances from the nearest component (m).
latent_distances <- function(latent, mixture) {
  d <- ncol(latent)
  squares <- vapply(seq_along(mixture$weights), function(component) {
    stats::mahalanobis(latent, mixture$means[component, ],
                       matrix(mixture$covariances[, , component], d))
  }, numeric(nrow(latent)))
  sqrt(apply(matrix(squares, nrow(latent)), 1L, min))
}

# Scores and p-values of cells: how far they are in the latent space or, if that
# is more, how badly they are reconstructed; both in standard deviations of
# held-out cells. Where few cells were held out (or an older fit has no scores
# of them), and in new batches, whose shifts the ELBO depends on, the distance.
outlier_p_values <- function(model, cells, known, elbo_score) {
  fit <- model$fit
  usual <- spread_out(fit$heldout)
  by_elbo <- length(usual) >= 19L && length(known$heldout) == length(usual)
  if (length(usual) < 19L) usual <- seq_len(nrow(fit$latent))
  of_usual <- latent_distances(known$latent[usual, , drop = FALSE],
                               fit$mixture)
  standard <- function(scores, usual) {
    (scores - stats::median(usual)) / max(stats::mad(usual), 1e-8)
  }
  score <- standard(unname(latent_distances(cells$latent, fit$mixture)),
                    of_usual)
  of_usual <- standard(of_usual, of_usual)
  p_value <- conformal_p_values(-score, -of_usual)
  both <- if (by_elbo) which(!cells$batch %in% model$new)
  if (by_elbo && is.null(cells$batch)) both <- seq_along(score)
  if (length(both) > 0L) {
    score[both] <- pmax(score[both],
                        standard(elbo_score[both], known$heldout))
    of_both <- pmax(of_usual, standard(known$heldout, known$heldout))
    p_value[both] <- conformal_p_values(-score[both], -of_both)
  }
  list(score = score, p_value = p_value)
}

# The share of the scores of `calibration` that are as low, one more counted.
conformal_p_values <- function(scores, calibration) {
  (1 + findInterval(scores, sort(calibration))) / (1 + length(calibration))
}

# The result ------------------------------------------------------------------

new_mapping <- function(model, cells, known, labels, batch, coverage, matched,
                        call) {
  fit <- model$fit
  elbo <- outlier_table(known$outlier, cells$posterior, cells$depth,
                        batch_shares(cells$batch, fit), cells$elbo, call)
  outlier <- outlier_p_values(model, cells, known, elbo$score)
  table <- data.frame(
    cluster = unname(most_probable(cells$posterior)),
    confidence = confidence(cells$posterior), outlier_score = outlier$score,
    outlier_p_value = outlier$p_value,
    elbo_score = elbo$score, elbo_p_value = elbo$p_value,
    row.names = rownames(elbo)
  )
  if (!is.null(cells$batch)) table$batch <- unname(cells$batch)
  result <- list(
    cells = table, posterior = cells$posterior, latent = cells$latent,
    genes = list(matched = fit$features[matched$present],
                 missing = fit$features[!matched$present],
                 information = matched$information),
    shifts = new_shifts(model), likelihood = fit$likelihood
  )
  if (!is.null(labels)) {
    types <- classify_cells(known, cells$latent, labels, coverage, fit, call)
    best <- max.col(types$probabilities, ties.method = "first")
    result$cells$label <- factor(levels(labels)[best], levels(labels))
    result$cells$label_probability <- confidence(types$probabilities)
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

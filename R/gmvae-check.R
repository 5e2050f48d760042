#' Check whether the likelihood of a fit describes the counts
#'
#' `check_fit()` compares counts with what the fit of [gmvae()] predicts for the
#' same cells (posterior predictive checks): the zeros of each gene, how far its
#' values vary around their expectation, and the totals of the cells; for all
#' cells and for each batch. It says in a sentence whether the likelihood fits,
#' and which one to try if it does not.
#'
#' @param fit A fit of [gmvae()] with n cells, k clusters and G genes used.
#' @param x The counts that the fit was made from, or those of other cells, as
#'   `x` of [gmvae()] (genes x m).
#' @param ... Must be empty.
#' @param batch,size_factors Of the m cells, as in [predict()][predict.gmvae].
#'   `NULL`: those of the fit, if `x` has n cells.
#' @param nsim Number of simulated data sets to compare with, a whole number of
#'   at least 10.
#' @param max_cells A number of at least 50, or `Inf`: of more cells,
#'   `check_fit()` uses this many, evenly spread.
#' @param proteins Of a fit with proteins: those of the cells, as in
#'   [predict()][predict.gmvae]. The checks are of genes.
#' @param assay,layer Where the counts are, if `x` is a SummarizedExperiment or
#'   a Seurat object, as in [gmvae()].
#' @returns A `gmvae_check` object, a list of
#'   * `sentence`: the verdict in words; `flagged`: which checks failed,
#'     `"variance"`, `"zeros"`, both or none;
#'   * `tests`: data frame with one row for each check: `excess`, `statistic`,
#'     `p_value` and `flagged`, see Checks;
#'   * `groups`: data frame with one row for all cells and for each batch:
#'     `cells`, `zeros` and `expected_zeros` (shares of the values),
#'     `variance_ratio` (observed to expected, median of the genes) and
#'     `size_ratio` (observed to expected total, median of the cells);
#'   * `genes`: data frame with one row for each gene used: `gene`, `mean`,
#'     `zeros` and `expected_zeros` (shares of the cells), `variance` and
#'     `expected_variance` (of the values around their expectation);
#'   * `sizes`: data frame with one row for each cell: `batch`, if there is one,
#'     `observed` and `expected` (the cell's total over the genes used);
#'   * `likelihood`, `n_cells`, and `heldout`: whether the cells were held out.
#'
#'   `plot()` draws the zeros and the variances of the genes and the totals of
#'   the cells, observed against expected, with ggplot2, and returns the ggplot
#'   object, invisibly.
#' @section Checks: The comparison is made on the held-out cells of the fit, as
#'   networks may learn the noise of their training cells by heart; if fewer
#'   than 20 were held out, or `x` has other cells, on all cells of `x`.
#'
#'   `variance`: for each gene the variance of the differences between values
#'   and their expectation within the clusters, relative to the variance that
#'   the likelihood predicts, less 1. The same is done with `nsim` data sets
#'   that are simulated from the fit at the latent distributions of the same
#'   cells, and encoded again: how well the encoder finds a cell's latent point
#'   changes both alike (Robins, van der Vaart and Ventura 2000). `excess` is
#'   the mean over genes, without the 10% smallest and largest, less the mean of
#'   simulated data; `statistic` the same in standard deviations of simulated
#'   data; the p-value is that of a t distribution. For `"poisson"`, the excess
#'   around the means of the clusters of all cells must be as large: a decoder
#'   that is wrong about the means has the first excess, kinds of cells within
#'   clusters the second, and only overdispersion has both; `excess` is the
#'   smaller one. The check fails if the p-value is below 0.01 and `excess` is
#'   above 0.2, for other likelihoods above 1: they have a dispersion or
#'   variance that is fitted, and what is left is mostly how wrong the decoder
#'   is for cells that it has not seen.
#'
#'   `zeros`, for `"nb"`: the score test of zero inflation (van den Broek 1995;
#'   Deng and Paul 2005), for each gene, with the means of the clusters (in each
#'   batch) and the dispersion of the gene estimated from all cells of `x`.
#'   `statistic` is the sum over genes of the standardised scores, each from -5
#'   to 5, divided by the square root of their number: standard normal without
#'   zero inflation, and lower where cells vary within clusters. `excess` is the
#'   mean of the standardised scores. The check fails if the p-value is below
#'   0.01. For `"gaussian"`, `excess` is the share of values that are exactly
#'   zero; the check fails above 0.05, as a normal distribution has none.
#'
#'   Both checks are about genes and cells with information: with few counts,
#'   distributions can't be told apart, and none is flagged.
#' @section Errors: Those of [predict()][predict.gmvae] for `x`, `batch` and
#'   `size_factors`; `gmvae_error_option` for other arguments.
#' @references Deng and Paul (2005) Score tests for zero-inflation and
#'   over-dispersion in generalized linear models. *Statistica Sinica* 15,
#'   257-276.
#'
#'   Robins, van der Vaart and Ventura (2000) Asymptotic distribution of P
#'   values in composite null models. *Journal of the American Statistical
#'   Association* 95, 1143-1156. \doi{10.1080/01621459.2000.10474310}
#'
#'   van den Broek (1995) A score test for zero inflation in a Poisson
#'   distribution. *Biometrics* 51, 738-743. \doi{10.2307/2532959}
#' @seealso [simulate()][simulate.gmvae], [summary.gmvae()]
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, 1:200]
#' set.seed(1)
#' fit <- gmvae(counts, k = 5, features = 300)
#' check_fit(fit, counts)
#' @export
check_fit <- function(fit, x, ..., batch = NULL, size_factors = NULL,
                      nsim = 20, max_cells = 2000, proteins = NULL,
                      assay = NULL, layer = "counts") {
  call <- quote(check_fit())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  check_data_given(x, missing(x), call)
  nsim <- check_count(nsim, 10, call = call)
  if (!identical(max_cells, Inf)) check_number(max_cells, 50, call = call)
  if (!is_container(x)) {
    check_no_assay(!missing(assay) || !missing(layer), call, x, "x")
  }
  cells <- cells_to_check(fit, x, batch, size_factors, proteins, assay, layer,
                          call)
  on.exit(discard_cells(cells$counts))
  all_cells <- spread_out(seq_len(ncol(cells$counts)), max_cells)
  unseen <- if (cells$own && length(fit$heldout) >= 20L) fit$heldout
  heldout <- !is.null(unseen)
  compared <- if (heldout) spread_out(unseen, max_cells) else all_cells
  decoded <- decoded_sums(fit, take_cells(cells, compared), call)
  tests <- check_tests(fit, decoded, take_cells(cells, compared),
                       take_cells(cells, all_cells), nsim, call)
  result <- list(
    tests = tests, flagged = tests$check[tests$flagged],
    groups = group_checks(decoded, cells$batch[compared]),
    genes = gene_checks(fit, decoded), sizes = decoded$sizes,
    likelihood = fit$likelihood, n_cells = length(compared), heldout = heldout
  )
  result$sentence <- check_sentence(result)
  structure(result, class = "gmvae_check")
}

# Counts of the genes used, with clusters, size factors and batches.
cells_to_check <- function(fit, x, batch, size_factors, proteins, assay, layer,
                           call) {
  own <- FALSE
  given <- given_counts(x, assay, "x", call, layer,
                        on_disk = is.null(fit$proteins))
  n <- ncol(given)
  if (n == nrow(fit$latent)) {
    own <- is.null(colnames(given)) ||
      identical(colnames(given), rownames(fit$latent))
  }
  if (own && is.null(batch)) batch <- fit$batch
  if (own && is.null(size_factors)) size_factors <- sizes_of_user(fit)
  counts <- with_all_names(given, "x", call)
  if (is.null(rownames(given))) check_unnamed(counts, fit, call, "x")
  absent <- setdiff(fit$features, rownames(counts))
  if (length(absent) > 0L) {
    check_orientation(fit$features, counts, "x", call)
    gmvae_abort(c(
      "{.arg x} must have all genes that the fit uses.",
      x = "It lacks {length(absent)} of {length(fit$features)}:
           {first_few(absent)}."
    ), "input", call = call)
  }
  values <- known_proteins(fit, proteins, counts, x, call, "x")
  given <- checked_values(counts, fit$likelihood, "x", call)
  counts <- given[fit$features, , drop = FALSE]
  discard_cells(given)
  size_factors <- check_size_factors(size_factors, n, fit$likelihood, call,
                                     colnames(counts))
  batch <- known_batch(fit, batch, n, x, call, colnames(counts))
  if (!own && !is.null(fit$covariates)) {
    gmvae_abort(c(
      "{.arg x} must hold the cells of the fit, as it has covariates.",
      x = "The covariates of other cells are not known."
    ), "input", call = call)
  }
  if (is.null(batch) && n_batches(fit$batch) > 0L) {
    gmvae_abort(c(
      "{.arg batch} must be given for cells that are not those of the fit.",
      x = "The fit has batches: {first_few(levels(fit$batch))}."
    ), "option", call = call)
  }
  list(counts = counts, proteins = values,
       size = new_sizes(counts, fit, size_factors, call)$factors,
       batch = batch, covariates = if (own) fit$covariates, own = own)
}

take_cells <- function(cells, which) {
  list(counts = in_memory(cells$counts[, which, drop = FALSE]),
       proteins = cells_of(cells$proteins, which),
       size = cells$size[which],
       batch = cells$batch[which],
       covariates = rows_of(cells$covariates, which))
}

# What the core compares at the latent means of cells; sums are G x groups,
# these being the clusters within the batches.
decoded_sums <- function(fit, cells, call) {
  encoded <- encode_for_check(fit, cells, call)
  posterior <- cluster_posterior(fit, encoded$posterior)
  cluster <- factor(max.col(posterior, ties.method = "first"), seq_len(fit$k))
  group <- strata(cluster, cells$batch)
  sums <- with_core_errors(cpp_gmvae_sums(
    network_state(fit), cells$counts, encoded$latent,
    core_sizes(cells$size, fit$proteins), design_of(fit, cells),
    as.integer(group), nlevels(group), fit$control$n_threads, NULL
  ), call = call)
  expected <- decode_cells(fit, encoded$latent, cells$size, cells,
                           seq_along(fit$features), call)
  sizes <- data.frame(observed = unname(Matrix::colSums(cells$counts)),
                      expected = colSums(expected))
  sizes$batch <- unname(cells$batch)
  list(sums = lapply(sums, matrix, length(fit$features)), group = group,
       latent = encoded$latent, latent_sd = encoded$latent_sd, sizes = sizes,
       batch = cells$batch)
}

encode_for_check <- function(fit, cells, call) {
  with_core_errors(cpp_gmvae_encode(
    network_state(fit), with_proteins(cells$counts, cells$proteins),
    core_sizes(cells$size, fit$proteins), NULL, NULL, 0L, TRUE,
    fit$control$n_threads, NULL
  ), call = call)
}

strata <- function(cluster, batch) {
  if (n_batches(batch) == 0L) return(droplevels(cluster))
  interaction(cluster, batch, drop = TRUE)
}

# Results ----------------------------------------------------------------------

gene_checks <- function(fit, decoded) {
  n <- length(decoded$group)
  of <- function(name) rowSums(decoded$sums[[name]]) / n
  data.frame(gene = fit$features, mean = of("observed"), zeros = of("zeros"),
             expected_zeros = of("expected_zeros"), variance = of("squares"),
             expected_variance = of("variance"))
}

# For all cells, and each batch.
group_checks <- function(decoded, batch) {
  of_group <- levels(decoded$group)
  groups <- list(all = seq_along(of_group))
  if (n_batches(batch) > 0L) {
    batch_of <- as.integer(batch)[match(of_group, decoded$group)]
    groups <- c(groups, split(seq_along(of_group),
                              factor(levels(batch)[batch_of], levels(batch))))
  }
  rows <- lapply(names(groups), function(name) {
    sums <- lapply(decoded$sums, function(sum) {
      rowSums(sum[, groups[[name]], drop = FALSE])
    })
    cells <- as.integer(decoded$group) %in% groups[[name]]
    values <- sum(cells) * as.double(length(sums$zeros))
    sizes <- decoded$sizes[cells, ]
    data.frame(cells = sum(cells), zeros = sum(sums$zeros) / values,
               expected_zeros = sum(sums$expected_zeros) / values,
               variance_ratio = stats::median(sums$squares / sums$variance,
                                              na.rm = TRUE),
               size_ratio = stats::median(sizes$observed / sizes$expected),
               row.names = name)
  })
  do.call(rbind, rows)
}

check_sentence <- function(check) {
  name <- check$likelihood
  if (length(check$flagged) == 0L) {
    return(sprintf("The likelihood \"%s\" describes the values: %s.", name,
                   switch(name,
                          nb = "no zero inflation, and a usual variance",
                          gaussian = "no heap of zeros, and a usual variance",
                          "their variance is as expected")))
  }
  test <- function(which) check$tests[check$tests$check == which, ]
  reasons <- c(
    if ("variance" %in% check$flagged) {
      sprintf("genes vary %s more than expected",
              whole_percent(test("variance")$excess))
    },
    if ("zeros" %in% check$flagged) {
      if (name == "gaussian") {
        sprintf("%s of the values are exactly zero",
                whole_percent(test("zeros")$excess))
      } else {
        "genes have more zeros than their means and dispersions explain"
      }
    }
  )
  advice <- if (name == "nb" && "zeros" %in% check$flagged) {
    "Try \"zinb\"."
  } else if (name == "poisson") {
    "Try \"nb\"."
  } else if (name == "gaussian") {
    "Use the raw counts with a likelihood of counts, if there are any."
  } else {
    "Look at the genes that vary most, and for batches that were not named."
  }
  sprintf("The likelihood \"%s\" does not describe the values: %s. %s", name,
          paste(reasons, collapse = ", and "), advice)
}

#' @rdname check_fit
#' @param digits Number of significant digits to print.
#' @export
print.gmvae_check <- function(x, digits = 3, ...) {
  local_decimal_point()
  cat(strwrap(x$sentence), sep = "\n")
  cat(sprintf("\nOn %s %scells:\n", count(x$n_cells),
              if (x$heldout) "held-out " else ""))
  print(x$groups, digits = digits)
  cat("\nTests:\n")
  print(x$tests, digits = digits, row.names = FALSE)
  invisible(x)
}

#' @rdname check_fit
#' @export
plot.gmvae_check <- function(x, ...) {
  require_package("ggplot2", "plot a check", quote(plot()))
  panels <- c("Share of zeros", "Log10 variance", "Log10 total of a cell")
  genes <- x$genes[x$genes$expected_variance > 0 & x$genes$variance > 0, ]
  counted <- x$likelihood %in% likelihoods_with("size_factors")
  sizes <- if (counted) {
    data.frame(expected = log10(x$sizes$expected),
               observed = log10(x$sizes$observed), panel = panels[3])
  }
  points <- rbind(
    data.frame(expected = genes$expected_zeros, observed = genes$zeros,
               panel = panels[1]),
    data.frame(expected = log10(genes$expected_variance),
               observed = log10(genes$variance), panel = panels[2]),
    sizes
  )
  points$panel <- factor(points$panel, panels)
  drawn <- ggplot2::ggplot(points, ggplot2::aes(.data$expected,
                                                .data$observed)) +
    ggplot2::geom_point(size = 0.8, alpha = 0.4, colour = "grey30") +
    ggplot2::geom_abline(colour = "#D55E00") +
    ggplot2::facet_wrap(ggplot2::vars(.data$panel), scales = "free") +
    ggplot2::labs(title = paste(strwrap(x$sentence, 78), collapse = "\n"),
                  x = "Expected by the fit", y = "Observed") +
    plot_theme() +
    ggplot2::theme(plot.title = ggplot2::element_text(size = 10))
  print(drawn)
  invisible(drawn)
}

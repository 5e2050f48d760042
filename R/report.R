#' A report on a fit, as one page
#'
#' Writes an HTML page without links to other files: what the fit is, cautions
#' in words, the map of the cells, clusters and their stability, markers,
#' batches, training, and the session.
#'
#' @param fit A fit of [gmvae()].
#' @param x The data of the fit, as in [markers()]; `NULL`: the tables of
#'   markers have no detection rates.
#' @param file Name of the page, ending in `.html`; a page of that name is
#'   replaced.
#' @param ... Must be empty.
#' @param title Title of the page.
#' @param markers A result of [markers()] for `fit`, for instance with p-values.
#'   `NULL`: `report()` computes markers without p-values, which cost time.
#' @param n_genes Number of genes in the table of each cluster.
#' @param assay,layer As in [markers()].
#' @returns The path of the page, invisibly. Maps by UMAP draw from R's
#'   generator: use [set.seed()] to get the same page again.
#' @section Errors: Those of [markers()]; `gmvae_error_package` if rmarkdown,
#'   ggplot2 or pandoc is not installed; `gmvae_error_option` for `file`,
#'   `title`, `markers` or `n_genes`.
#' @seealso [summary.gmvae()], [plot.gmvae()], [markers()]
#' @examplesIf interactive()
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts, k = 5)
#' page <- report(fit, pbmc_sorted$counts, tempfile(fileext = ".html"))
#' utils::browseURL(page)
#' @export
report <- function(fit, x = NULL, file = "report.html", ...,
                   title = "Clusters of cells", markers = NULL, n_genes = 10,
                   assay = NULL, layer = NULL) {
  call <- quote(report())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  check_page(file, title, call)
  n_genes <- check_count(n_genes, call = call)
  check_markers(markers, fit, call)
  require_package("rmarkdown", "write a report", call)
  require_package("ggplot2", "write a report", call)
  if (!rmarkdown::pandoc_available()) {
    gmvae_abort(c(
      "Program {.pkg pandoc} must be installed to write a report.",
      i = "RStudio and Quarto bring it, or see {.url https://pandoc.org}."
    ), "package", call = call)
  }
  counts <- if (!is.null(x)) counts_of_fit(fit, x, assay, layer, call)
  # What the page reads.
  page <- new.env(parent = globalenv())
  page$fit <- fit
  page$title <- title
  page$n_genes <- n_genes
  page$found <- if (!is.null(markers)) {
    markers
  } else if (nlevels(droplevels(fit$cluster)) > 1L) {
    markers(fit, counts, p_values = "none")
  }
  page$marker_words <- marker_words(page$found)
  page$cautions <- caution_table(fit)
  folder <- tempfile("report")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  sources <- system.file("report", c("report.Rmd", "report.css"),
                         package = "gmvae")
  file.copy(sources, folder)
  with_core_errors(rmarkdown::render(
    file.path(folder, "report.Rmd"), output_file = "report.html", envir = page,
    quiet = TRUE
  ), call = call)
  if (!file.copy(file.path(folder, "report.html"), file, overwrite = TRUE)) {
    gmvae_abort(c(
      "{.arg file} must be a file that can be written.",
      x = "{.file {file}} can't."
    ), "option", call = call)
  }
  invisible(normalizePath(file))
}

check_page <- function(file, title, call) {
  if (!rlang::is_string(file) || !grepl("[.]html$", file) ||
        !dir.exists(dirname(file))) {
    gmvae_abort(c(
      "{.arg file} must be one name that ends in {.val .html}, in a folder that
       exists.",
      x = "You supplied {describe(file)}."
    ), "option", call = call)
  }
  if (!rlang::is_string(title)) {
    gmvae_abort(c(
      "{.arg title} must be one string.",
      x = "You supplied {describe(title)}."
    ), "option", call = call)
  }
}

check_markers <- function(markers, fit, call) {
  if (is.null(markers)) return(invisible())
  if (inherits(markers, "gmvae_markers") &&
        all(c("cluster", "gene", "rank") %in% names(markers)) &&
        all(markers$gene %in% fit$features) &&
        identical(levels(markers$cluster), levels(fit$cluster))) {
    return(invisible())
  }
  gmvae_abort(c(
    "{.arg markers} must be a result of {.fn markers} for {.arg fit}.",
    x = "You supplied {describe(markers)}."
  ), "option", call = call)
}

# Sentences above the tables of markers.
marker_words <- function(found) {
  if (is.null(found)) {
    return("There is one cluster only, and so there are no markers.")
  }
  paste(
    "Genes with the largest log2 fold changes (`lfc`) against the other",
    "clusters, as the decoder expects them; `lfc_min` is the fold change",
    "against the most similar cluster, and `probability` that of a difference",
    "above the threshold of `markers()`.",
    if ("fdr" %in% names(found)) {
      paste("`fdr` is from p-values; with count splitting (the default of",
            "`markers()`) they allow for clusters having been found on the",
            "same counts.")
    } else {
      paste("There are no p-values here: clusters that were found on these",
            "counts make ordinary ones too small. `markers(fit, x)` computes",
            "valid ones.")
    }
  )
}

# Sentence and advice of each caution that applies; advice may be missing.
caution_table <- function(fit) {
  raised <- raised_cautions(fit)
  if (length(raised) == 0L) return(NULL)
  advice <- lapply(raised, function(caution) {
    if (is.null(caution$advice)) "" else caution$advice
  })
  list(sentence = vapply(raised, `[[`, "", "sentence"), advice = unlist(advice))
}

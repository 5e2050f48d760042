#' Counts of sorted blood cells
#'
#' Counts of unique molecular identifiers (UMI) in 1,000 human peripheral blood
#' mononuclear cells of ten populations. Antibody-coated beads separated the
#' populations before sequencing, so the labels do not depend on the counts that
#' a clustering sees. The T cell populations overlap in expression; the CD34+
#' cells are known to be impure.
#'
#' @format A list:
#'   * `counts`: a [Matrix::dgCMatrix-class] of 8,324 genes x 1,000 cells; each
#'     gene has counts in at least 10 cells. Row names are unique gene symbols,
#'     column names are cell names (barcode and sample).
#'   * `celltype`: factor of length 1,000, the ten sorted populations.
#'   * `celltype_coarse`: factor of length 1,000, the same populations with the
#'     six of T cells joined into one level.
#' @source A random sample of `pbmc_facs` in the CRAN package \pkg{fastglmpca}
#'   0.1-108 (GPL >= 2), which selected it from the cells of donor A that 10x
#'   Genomics published with the paper. `data-raw/pbmc_sorted.R` in the source
#'   repository made it.
#' @references Zheng et al. (2017) Massively parallel digital transcriptional
#'   profiling of single cells. *Nature Communications* 8, 14049.
#'   \doi{10.1038/ncomms14049}
#' @examples
#' data(pbmc_sorted)
#' dim(pbmc_sorted$counts)
#' table(pbmc_sorted$celltype, pbmc_sorted$celltype_coarse)
#' @name pbmc_sorted
#' @docType data
#' @usage data(pbmc_sorted)
#' @keywords datasets
NULL

#' Do clusters have other shares of the cells in another condition?
#'
#' Tests for each cluster whether its share of the cells of a sample depends on
#' the condition of the sample.
#'
#' @param fit A fit of [gmvae()] with n cells.
#' @param sample One label per cell (n), not missing: the donor, animal or
#'   culture that the cell is from. At least three samples are needed, and more
#'   than the coefficients of the model.
#' @param condition One label or number per cell (n), constant within each
#'   sample, such as treatment or age. Of labels, the first level is the
#'   reference.
#' @param ... Must be empty.
#' @param adjust A data frame with one row per cell (n) of other variables that
#'   are constant within each sample, such as sex or batch, to adjust for.
#' @param method `"edger"`: negative binomial counts with edgeR's
#'   quasi-likelihood test, in which clusters share information on the variance
#'   (Lun et al. 2017); `"quasibinomial"`: one quasi-binomial model of each
#'   cluster, with [stats::glm()]. `NULL`: `"edger"` if edgeR is installed.
#' @returns A data frame with one row for each cluster that has cells, in the
#'   order of the clusters:
#'   * `cluster`; `cells` in all samples;
#'   * `share_<level>` for each level of a condition with labels: the mean over
#'     its samples of the cluster's share, from 0 to 1;
#'   * `lfc_<level>` for each level but the first, or `lfc` for a number: log2
#'     fold change of the share against the first level, or for one more unit
#'     (for `"quasibinomial"` of the odds);
#'   * `statistic` and `p_value` of the F test of no effect of the condition,
#'     and `fdr`, adjusted by Benjamini and Hochberg.
#' @details
#' Cells of a sample are not independent: the test compares samples. Shares sum
#' to 1, so that a cluster that grows makes the others shrink; with few clusters
#' look at the largest changes first. Both methods condition on the number of
#' cells of each sample. The dispersion is not taken to be below that of chance,
#' 1, in the quasi-binomial model.
#' @section Errors: `gmvae_error_input` if `fit` is not a fit of [gmvae()];
#'   `gmvae_error_option` for arguments of wrong length, variables that differ
#'   within a sample, or too few samples; `gmvae_error_package` if edgeR is not
#'   installed and `method = "edger"`.
#' @references
#' Lun, Richard and Marioni (2017) Testing for differential abundance in mass
#' cytometry data. *Nature Methods* 14, 707-709. \doi{10.1038/nmeth.4295}
#' @seealso [pseudobulk()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 4, features = 300,
#'              control = gmvae_control(epochs = 30))
#' donor <- rep(paste0("d", 1:6), length.out = 200)
#' treated <- donor %in% c("d1", "d2", "d3")
#' differential_abundance(fit, donor, treated, method = "quasibinomial")
#' @export
differential_abundance <- function(fit, sample, condition, ..., adjust = NULL,
                                   method = NULL) {
  call <- quote(differential_abundance())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  if (is.null(method)) {
    method <- if (requireNamespace("edgeR", quietly = TRUE)) "edger" else
      "quasibinomial"
  }
  check_choice(method, c("edger", "quasibinomial"), call = call)
  cells <- rownames(fit$latent)
  sample <- check_sample_labels(sample, length(cells), NULL, cells, call)
  condition <- check_condition(condition, cells, call)
  variables <- sample_variables(condition, adjust, sample, call)
  design <- sample_design(variables, call)
  counts <- table(unname(fit$cluster), sample)
  counts <- unclass(counts)[rowSums(counts) > 0, , drop = FALSE]
  tested <- if (method == "edger") {
    require_package("edgeR", "use {.code method = \"edger\"}", call)
    abundance_edger(counts, design)
  } else {
    abundance_quasibinomial(counts, design)
  }
  data.frame(
    cluster = factor(rownames(counts), levels(fit$cluster)),
    cells = as.integer(rowSums(counts)),
    mean_shares(counts, variables$condition), tested$lfc,
    statistic = tested$statistic, p_value = tested$p_value,
    fdr = stats::p.adjust(tested$p_value, "BH"),
    check.names = FALSE, row.names = NULL
  )
}

check_condition <- function(condition, cells, call) {
  n <- length(cells)
  if (is.null(condition) || !is.atomic(condition) || length(condition) != n ||
        anyNA(condition)) {
    gmvae_abort(c(
      "{.arg condition} must have one label or number per cell, {n} here, none
       of them missing.",
      x = if (length(condition) == n && anyNA(condition))
        "{sum(is.na(condition))} of {n} are missing." else
        "You supplied {describe(condition)}."
    ), "option", call = call)
  }
  condition <- match_by_name(condition, cells, call = call)
  if (is.numeric(condition)) return(as.double(condition))
  droplevels(as.factor(unname(condition)))
}

# A data frame with a row for each sample: its condition first.
sample_variables <- function(condition, adjust, sample, call) {
  variables <- data.frame(condition = condition)
  if (!is.null(adjust)) {
    if (!is.data.frame(adjust) || nrow(adjust) != length(sample) ||
          anyNA(adjust)) {
      gmvae_abort(c(
        "{.arg adjust} must be a data frame with one row per cell,
         {length(sample)} here, and no missing values.",
        x = "You supplied {describe(adjust)}."
      ), "option", call = call)
    }
    names(adjust) <- make.unique(c("condition", names(adjust)))[-1]
    variables <- cbind(variables, adjust)
  }
  of_sample <- sample_columns(variables, sample, call)
  varying <- setdiff(names(variables), names(of_sample))
  if (length(varying) > 0L) {
    gmvae_abort(c(
      "{cli::qty(varying)}{.arg {varying}} must be constant within each
       sample.",
      i = "To compare cells of one sample, there is no test across samples: see
           {.fn differential_expression}."
    ), "option", call = call)
  }
  of_sample
}

# The model matrix; the columns of the condition are in attribute "tested".
sample_design <- function(variables, call) {
  constant <- vapply(variables, function(v) length(unique(v)) < 2L, NA)
  if (constant[["condition"]]) {
    gmvae_abort("{.arg condition} must differ between samples.", "option",
                call = call)
  }
  variables <- variables[!constant]
  design <- stats::model.matrix(~ ., variables)
  rank <- qr(design)$rank
  if (rank < ncol(design)) {
    gmvae_abort(c(
      "{.arg condition} and {.arg adjust} must not determine each other.",
      x = "The model has {ncol(design)} coefficients, of which the samples
           determine {rank}."
    ), "option", call = call)
  }
  if (nrow(design) <= ncol(design)) {
    gmvae_abort(c(
      "{.arg sample} must have more labels than the model has coefficients.",
      x = "There {cli::qty(nrow(design))}{?is/are} {nrow(design)} sample{?s},
           and {ncol(design)} coefficient{?s}.",
      i = "A difference between conditions shows only against the differences
           between samples of one condition."
    ), "option", call = call)
  }
  structure(design, tested = which(attr(design, "assign") == 1L))
}

abundance_edger <- function(counts, design) {
  tested <- attr(design, "tested")
  y <- edgeR::DGEList(counts, lib.size = colSums(counts))
  # edgeR 3.40 stops without a trend if it leaves out rows of few cells.
  y <- edgeR::estimateDisp(y, design, trend.method = "none",
                           min.row.sum = min(5, rowSums(counts)))
  fit <- edgeR::glmQLFit(y, design, abundance.trend = FALSE)
  test <- edgeR::glmQLFTest(fit, coef = tested)$table
  lfc <- fit$coefficients[, tested, drop = FALSE] / log(2)
  list(lfc = name_changes(lfc), statistic = test$F, p_value = test$PValue)
}

abundance_quasibinomial <- function(counts, design) {
  tested <- attr(design, "tested")
  total <- colSums(counts)
  rows <- lapply(seq_len(nrow(counts)), function(i) {
    shares <- cbind(counts[i, ], total - counts[i, ])
    model <- function(columns) {
      # Shares of 0 or 1 in all samples of a condition have no finite odds.
      suppressWarnings(stats::glm.fit(columns, shares,
                                      family = stats::quasibinomial()))
    }
    full <- model(design)
    reduced <- model(design[, -tested, drop = FALSE])
    residual <- full$df.residual
    pearson <- sum(full$weights * full$residuals^2) / residual
    statistic <- (reduced$deviance - full$deviance) / length(tested) /
      max(1, pearson)
    list(lfc = full$coefficients[tested] / log(2), statistic = statistic,
         p_value = stats::pf(statistic, length(tested), residual,
                             lower.tail = FALSE))
  })
  lfc <- do.call(rbind, lapply(rows, `[[`, "lfc"))
  colnames(lfc) <- colnames(design)[tested]
  list(lfc = name_changes(lfc), statistic = vapply(rows, `[[`, 0, "statistic"),
       p_value = vapply(rows, `[[`, 0, "p_value"))
}

name_changes <- function(lfc) {
  level <- sub("^condition", "", colnames(lfc))
  colnames(lfc) <- paste0("lfc", ifelse(nzchar(level), "_", ""), level)
  as.data.frame(lfc, optional = TRUE)
}

# Mean share of each cluster over the samples of each level.
mean_shares <- function(counts, condition) {
  if (is.numeric(condition)) {
    return(data.frame(row.names = seq_len(nrow(counts))))
  }
  shares <- sweep(counts, 2, colSums(counts), "/")
  condition <- as.factor(condition)
  means <- vapply(levels(condition), function(level) {
    rowMeans(shares[, condition == level, drop = FALSE])
  }, numeric(nrow(counts)))
  means <- matrix(means, nrow(counts))
  colnames(means) <- paste0("share_", levels(condition))
  as.data.frame(means, optional = TRUE)
}

# Size factors: what the expected counts of a cell are proportional to.

# Size factors of the cells of `counts`, the genes that the networks see.
#   factors:   one per cell, 1 for the median cell of the training data
#   totals:    counts of each cell, where there is a library size
#   scale:     what they were divided by
#   reference: the median total of training cells over those genes
#   source:    "library" (the cell's total over those genes), "user", or
#              "none" for likelihoods without a library size
# For new cells, `scale` is that of the fit.
cell_sizes <- function(counts, likelihood, user = NULL, scale = NULL) {
  if (!likelihood_traits(likelihood)$size_factors) {
    return(list(factors = rep(1, ncol(counts)), scale = 1, reference = 1,
                source = "none"))
  }
  # A cell may have counts, but none in these genes.
  totals <- pmax(cell_totals(counts), 1)
  size <- if (is.null(user)) totals else as.double(user)
  if (is.null(scale)) scale <- stats::median(size)
  list(factors = size / scale, totals = totals, scale = scale,
       reference = stats::median(totals),
       source = if (is.null(user)) "library" else "user")
}

# The same for cells that a fit has not seen.
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

# The size factors that the user gave for the cells of the fit, or NULL.
sizes_of_user <- function(fit) {
  if (fit$size_source == "user") unname(fit$size_factors) * fit$size_scale
}

# Size factors that the user gives for `n` cells, or NULL; in the order of the
# `cells`' names if they have names.
check_size_factors <- function(size_factors, n, likelihood, call,
                               cells = NULL) {
  if (is.null(size_factors)) return(NULL)
  if (!likelihood_traits(likelihood)$size_factors) {
    gmvae_abort(c(
      "{.arg size_factors} can't be used with {.code likelihood =
       \"{likelihood}\"}, which has no library size.",
      i = "Omit them, or use a likelihood of counts:
           {.val {likelihoods_with('size_factors')}}."
    ), "option", call = call)
  }
  if (!is.numeric(size_factors) || length(size_factors) != n) {
    gmvae_abort(c(
      "{.arg size_factors} must have one number per cell, {n} here.",
      x = "You supplied {describe(size_factors)}."
    ), "option", call = call)
  }
  bad <- which(!is.finite(size_factors) | size_factors <= 0)
  if (length(bad) > 0L) {
    gmvae_abort(c(
      "{.arg size_factors} must be positive and finite.",
      x = "{length(bad)} of {n} {cli::qty(length(bad))}{?is/are} not; the
           first is {size_factors[bad[1]]}, for cell {bad[1]}."
    ), "option", call = call)
  }
  match_by_name(size_factors, cells, call = call)
}

# A container keeps `sizeFactors()` in a column of its cells' data. Where they
# are more than the totals of the cells in another unit, the user may expect
# them to be used.
say_unused_size_factors <- function(x, counts, likelihood) {
  theirs <- SummarizedExperiment::colData(x)[["sizeFactor"]]
  counted <- likelihood %in% likelihoods_with("size_factors")
  in_memory <- !inherits(counts, "cell_source")
  if (!is.numeric(theirs) || !counted || !in_memory) return(invisible())
  ratio <- log(theirs / Matrix::colSums(counts))
  if (!all(is.finite(ratio)) || diff(range(ratio)) < 0.01) return(invisible())
  cli::cli_inform(c(
    "{.fn gmvae} does not use {.code sizeFactors(x)}: the size of a cell is its
     total over the genes used.",
    i = "To use them, give {.code size_factors = sizeFactors(x)}; then
         {.fn predict} needs those of new cells, too."
  ), class = "gmvae_message")
}

# Rows of the design matrix of cells: what the core explains besides the counts.

# What the core explains: a sparse matrix with a row for each column of the
# design and a column for each cell: the indicators of the batches and of the
# levels of factors, and numbers, standardised; NULL where there is nothing to
# explain. `coding`: the covariates of the cells of the fit.
design_matrix <- function(batch, covariates = NULL, coding = covariates) {
  rows <- c(
    list(if (n_batches(batch) > 0L) indicator_rows(batch)),
    lapply(stats::setNames(nm = names(coding)), function(name) {
      covariate_rows(covariates[[name]], coding[[name]])
    })
  )
  rows <- Filter(Negate(is.null), rows)
  if (length(rows) < 2L) return(if (length(rows) == 1L) rows[[1]])
  do.call(rbind, unname(rows))
}

indicator_rows <- function(labels) {
  Matrix::sparseMatrix(i = as.integer(labels), p = seq(0L, length(labels)),
                       x = rep(1, length(labels)),
                       dims = c(nlevels(labels), length(labels)))
}

covariate_rows <- function(values, coding) {
  if (is.factor(coding)) return(indicator_rows(factor(values, levels(coding))))
  Matrix::sparseMatrix(i = rep(1L, length(values)),
                       p = seq(0L, length(values)),
                       x = (values - mean(coding)) / stats::sd(coding),
                       dims = c(1L, length(values)))
}

# For cells whose batch is not known: their covariates with zeros for the
# batches, and the batches that they may be of with zeros for the covariates.
design_without_batch <- function(object, covariates) {
  rows <- design_matrix(NULL, covariates, object$covariates)
  if (!is.null(rows)) rbind(zeros(n_batches(object$batch), ncol(rows)), rows)
}

# NULL where batches or covariates that the fit has are not known.
design_of_cells <- function(object, batch, covariates) {
  known <- (n_batches(object$batch) == 0L || !is.null(batch)) &&
    (is.null(object$covariates) || !is.null(covariates))
  if (known) design_matrix(batch, covariates, object$covariates)
}

batch_designs <- function(object) {
  batches <- levels(object$batch)
  rows <- design_matrix(factor(batches, batches))
  rbind(rows, zeros(n_design(object) - nrow(rows), ncol(rows)))
}

# Of cells with a known `batch` and `covariates`.
design_of <- function(object, known) {
  design_matrix(known$batch, known$covariates, object$covariates)
}

zeros <- function(rows, columns) {
  Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(),
                       dims = c(rows, columns))
}

# Columns of the design of a fit.
n_design <- function(object) {
  n_batches(object$batch) +
    sum(vapply(as.list(object$covariates), function(values) {
      if (is.factor(values)) nlevels(values) else 1L
    }, 0L))
}

# Some rows of a data frame, or NULL.
rows_of <- function(covariates, cells) {
  if (!is.null(covariates)) covariates[cells, , drop = FALSE]
}

# Factors within whose levels genes are compared.
design_factors <- function(batch, covariates) {
  c(if (n_batches(batch) > 0L) list(batch), Filter(is.factor, covariates))
}

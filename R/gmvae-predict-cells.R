# The cells that predict() is about: those of the fit or new ones, encoded, and
# their expected values.

# `asked`: what the user asks for that needs `type`.
training_cells <- function(object, type, size_factors, batch, covariates, at,
                           asked, call) {
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
  n <- nrow(object$latent)
  covariates <- known_covariates(object, covariates, n, NULL, call,
                                 rownames(object$latent))
  if (is.null(covariates)) covariates <- object$covariates
  list(latent = object$latent, posterior = object$posterior,
       size = unname(object$size_factors),
       batch = if (is.null(batch)) object$batch else batch,
       covariates = covariates_at(object, covariates, at, n))
}

# Posterior of clusters and of components, latent means, ELBO, size factors,
# batches and covariates of new cells.
encode_cells <- function(object, newdata, type, size_factors, batch, covariates,
                         at, proteins, assay, layer, asked, call,
                         BPPARAM = NULL) {
  given <- given_counts(newdata, assay, "newdata", call, layer,
                        on_disk = is.null(object$proteins))
  counts <- with_all_names(given, "newdata", call)
  if (is.null(rownames(given))) check_unnamed(counts, object, call)
  index <- match_genes(counts, object, call)
  size_factors <- check_size_factors(size_factors, ncol(counts),
                                     object$likelihood, call, colnames(counts))
  check_batch_given(object, batch, type, asked, call)
  batch <- known_batch(object, batch, ncol(counts), newdata, call,
                       colnames(counts), unseen = type %in% types_of_unseen)
  if (!is.null(covariates) || type %in% types_of_batch) {
    covariates <- known_covariates(object, covariates, ncol(counts), newdata,
                                   call, colnames(counts))
    covariates <- covariates_at(object, covariates, at, ncol(counts))
  }
  check_covariates_given(object, covariates, type, asked, call)
  proteins <- known_proteins(object, proteins, counts, newdata, call)
  given <- checked_values(counts, object$likelihood, "newdata", call,
                          BPPARAM = BPPARAM)
  on.exit(discard_cells(given))
  counts <- take_genes(given, index, object)
  on.exit(discard_cells(counts), add = TRUE)
  size <- new_sizes(counts, object, size_factors, call)
  with_elbo <- type %in% c("elbo", "outlier")
  with_posterior <- type %in% c("cluster", "posterior", "confidence",
                                "outlier")
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
    network_state(object), with_proteins(counts, proteins),
    core_sizes(size$factors, object$proteins),
    if (any(unknown)) design_without_batch(object, covariates) else
      design_of_cells(object, batch, covariates),
    if (any(unknown)) batch_designs(object),
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
  components <- if (with_posterior) {
    `dimnames<-`(core$posterior, list(cells, names(object$mixture$weights)))
  }
  list(
    latent = `dimnames<-`(core$latent, list(cells, colnames(object$latent))),
    posterior = if (with_posterior) {
      cluster_posterior(object, components)
    },
    components = components,
    elbo = if (with_elbo) stats::setNames(elbo, cells),
    depth = if (type == "outlier") {
      log_depth(counts, object$likelihood, size$totals)
    },
    size = size$factors,
    batch = batch,
    covariates = covariates
  )
}

# Expected values of cells of the median size, in the batches and at the values
# of covariates given, averaged over the other batches and levels of the fit.
decode_normalized <- function(object, latent, rows, batch, at, call) {
  n <- nrow(latent)
  reference <- reference_design(object, !is.null(batch), at)
  total <- 0
  for (i in seq_along(reference$weight)) {
    here <- rep(i, n)
    known <- list(batch = if (is.null(batch)) reference$batch[here] else batch,
                  covariates = covariates_at(
                    object, rows_of(reference$covariates, here), at, n
                  ))
    total <- total + reference$weight[i] *
      decode_cells(object, latent, rep(1, n), known, rows, call)
  }
  total
}

# `batch` and `covariates` of the cells `i`.
known_of <- function(cells, i) {
  list(batch = cells$batch[i], covariates = rows_of(cells$covariates, i))
}

# `known`: the cells' `batch` and `covariates`.
decode_cells <- function(object, latent, size, known, rows, call) {
  values <- with_core_errors(cpp_gmvae_decode(
    network_state(object), unname(latent), core_sizes(size, object$proteins),
    design_of(object, known), rows,
    object$control$n_threads,
    progress_reporter(object$control$verbose && interactive())
  ), call = call)
  `dimnames<-`(values, list(object$features[rows], rownames(latent)))
}

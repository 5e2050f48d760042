# A fit as the core needs it for a query: with some of its genes, and with
# shifts of the batches that it has not seen.

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
  expected <- decode_normalized(fit, some, seq_along(present), NULL, NULL,
                                call)
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

# Rows of the design for n cells of these batches; NULL where there is nothing
# to explain, or where the batch of each cell is to be found. Cells of a fit
# without batches are of none of the new ones.
mapping_design <- function(model, batch, n = length(batch)) {
  columns <- c(model$known, model$new)
  if (length(columns) == 0L) return(NULL)
  if (is.null(batch)) {
    return(if (is.null(model$known)) zeros(length(columns), n))
  }
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
    model$state, in_memory(counts[, cells, drop = FALSE]), size[cells],
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
    model$state, counts, size$factors,
    mapping_design(model, batch, ncol(counts)),
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
  # Where there are no size factors, there are no totals.
  totals <- if (!is.null(size$totals)) size$totals / model$share
  list(latent = `dimnames<-`(core$latent, list(cells, colnames(fit$latent))),
       posterior = `dimnames<-`(core$posterior,
                                list(cells, names(fit$mixture$weights))),
       elbo = as.vector(core$elbo),
       depth = log_depth(counts, fit$likelihood, totals),
       batch = batch)
}

# The reference under the query's model: latent means and probabilities of the
# components for the cells of the fit, and what outliers are told by. With all
# genes these are the fit's.
known_cells <- function(model, reference, call) {
  fit <- model$fit
  if (all(model$present)) {
    return(list(latent = fit$latent, posterior = component_posterior(fit, call),
                outlier = fit$outlier, heldout = fit$heldout_scores))
  }
  n <- nrow(fit$latent)
  counts <- if (!is.null(reference)) reference_counts(reference, fit, call)
  on.exit(discard_cells(counts))
  user <- sizes_of_user(fit)
  # Of a file, and of many cells that are simulated, blocks.
  size <- if (is_cell_file(counts) || is.null(counts)) most_in_memory else n
  blocks <- lapply(seq(1, n, by = size), function(from) {
    i <- from:min(from + size - 1, n)
    cells <- if (is.null(counts)) {
      draw_counts(fit, fit$latent[i, , drop = FALSE], fit$size_factors[i],
                  known_of(fit, i), fit$seed + from - 1, call)
    } else {
      in_memory(if (is_cell_file(counts)) counts[, i] else counts)
    }
    cells <- cells[model$present, , drop = FALSE]
    colnames(cells) <- rownames(fit$latent)[i]
    map_cells(model, cells, user[i],
              if (!is.null(model$known)) fit$batch[i], call)
  })
  cells <- list(latent = do.call(rbind, lapply(blocks, `[[`, "latent")),
                posterior = do.call(rbind, lapply(blocks, `[[`, "posterior")),
                elbo = unlist(lapply(blocks, `[[`, "elbo")),
                depth = unlist(lapply(blocks, `[[`, "depth")))
  sample <- c(spread_out(setdiff(seq_len(n), fit$heldout)),
              spread_out(fit$heldout))
  seen <- seq_len(sum(!sample %in% fit$heldout))
  outlier <- compare_elbos(cells$elbo[sample],
                           cells$posterior[sample, , drop = FALSE],
                           cells$depth[sample],
                           batch_shares(fit$batch[sample], fit), seen)
  list(latent = cells$latent, posterior = cells$posterior,
       outlier = outlier$reference, heldout = outlier$heldout)
}

# The counts of the genes of the fit.
reference_counts <- function(reference, fit, call) {
  counts <- as_counts(reference, arg = "reference", call = call,
                      on_disk = TRUE)
  at <- match(fit$features, rownames(counts))
  if (ncol(counts) != nrow(fit$latent) || anyNA(at)) {
    abort_other_reference(cli::format_inline(
      "It has {ncol(counts)} cells and {sum(!is.na(at))} of the genes of the
       fit, which has {nrow(fit$latent)} cells and {length(fit$features)}
       genes."
    ), call)
  }
  if (inherits(counts, "cell_source")) {
    given <- checked_values(counts, fit$likelihood, "reference", call)
    on.exit(discard_cells(given))
    used <- given[at, , drop = FALSE]
  } else {
    used <- checked_values(counts[at, , drop = FALSE], fit$likelihood,
                           "reference", call)
  }
  if (!has_checksum(used, fit$checksum)) {
    discard_cells(used)
    abort_other_reference("It has the size of these data, but other values or
                           another order of the cells.", call)
  }
  used
}

abort_other_reference <- function(found, call) {
  gmvae_abort(c(
    "{.arg reference} must be the data that {.arg fit} was made from, with the
     cells in the same order.",
    x = "{found}"
  ), "input", call = call)
}

# Cells of the reference that are encoded at once.
most_in_memory <- 50000

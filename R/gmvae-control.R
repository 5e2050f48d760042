#' Options of gmvae()
#'
#' Every default of the networks, the training and the mixture in one place.
#' `NULL` means that [gmvae()] chooses from the data, as said below.
#'
#' @param ... Must be empty: options are given by their full names, and other
#'   names are errors.
#' @param n_latent Dimensions of the latent space, a whole number from 1 to 512.
#' @param hidden Units of the hidden layers, one whole number from 1 to 8,192
#'   per layer, at most 8 layers. The encoder takes them in this order, the
#'   decoder in reverse.
#' @param dispersion What the inverse dispersion of `"nb"` and `"zinb"`, or the
#'   variance of `"gaussian"`, differs by: `"gene"`; `"gene-cell"`, an output of
#'   the decoder; `"gene-batch"`, where [gmvae()] is given batches; or
#'   `"gene-cluster"`, for a cell the mean of its logarithms over the clusters,
#'   weighted by the cluster's probabilities.
#' @param zero_inflation The same for the logit of the extra zeros of `"zinb"`.
#' @param epochs Passes through the cells after pretraining, a whole number of
#'   at least 2: half in the warm-up and half in the joint phase, or all in the
#'   joint phase where there is no warm-up. Pretraining takes a sixth of it
#'   more, or two thirds where there is no warm-up. `NULL`: as many as give
#'   about 10,000 steps, but 20 to 120.
#' @param warmup Train towards a normal prior, whose weight rises from 0 to 1,
#'   before there are clusters; `TRUE` or `FALSE`. `NULL`: `TRUE` for counts,
#'   `FALSE` for `"bernoulli"` and `"gaussian"`.
#' @param batch_size Cells per step, a whole number of at least 2; all of them
#'   where there are fewer.
#' @param learning_rate Step size of Adam, above 0 and at most 1. It is cut when
#'   a step gives non-finite values (see `n_rollbacks` of the fit).
#' @param mask Share of the non-zero values that the encoder does not see in a
#'   training step, at random, from 0 to 0.95. The likelihood sees all of them.
#'   `NULL`: 0.5, but 0 for `"gaussian"`.
#' @param heldout Share of the cells kept from training to measure the bound
#'   on, from 0 (none: no early stopping) to 0.5; fewer where they would leave
#'   less than two cells per cluster.
#' @param patience Epochs without a better held-out bound after which the joint
#'   phase stops, a whole number of at least 1.
#' @param damping Weight of one batch in the running moments that the mixture
#'   is updated from, above 0 and at most 1 (only the last batch counts).
#' @param n_init Starts of the mixture's EM, the best of which counts; a whole
#'   number of at least 1.
#' @param max_iter Iterations of EM at most, a whole number of at least 1.
#' @param tol EM stops when the log-likelihood per cell rises by less, above 0.
#' @param find_batches Where [gmvae()] is given no batches, look for two that
#'   the counts show, and explain them as if they were given; `TRUE` or `FALSE`.
#' @param n_networks Networks to train from different seeds, a whole number of
#'   at least 1. Of several, the one whose clusters agree most with the others'
#'   is the fit, and how much they agree says how far to trust them; see
#'   `networks` in [gmvae()].
#' @param n_threads Threads, a whole number from 1 to 1,024. The result does not
#'   depend on it.
#' @param verbose Show a progress bar while training, `TRUE` or `FALSE`.
#' @returns A `gmvae_control` object: a list with one element per option.
#' @section Errors: `gmvae_error_option`, for values out of range and for names
#'   that are no options.
#' @seealso [gmvae()]
#' @examples
#' gmvae_control(epochs = 50, hidden = c(128, 64))
#' @export
gmvae_control <- function(..., n_latent = 10, hidden = 128,
                          dispersion = "gene", zero_inflation = "gene-cell",
                          epochs = NULL, warmup = NULL,
                          batch_size = 128, learning_rate = 1e-3, mask = NULL,
                          heldout = 0.1, patience = 20, damping = 0.05,
                          n_init = 20, max_iter = 200, tol = 1e-6,
                          find_batches = TRUE, n_networks = 1,
                          n_threads = default_threads(),
                          verbose = interactive()) {
  check_no_dots(..., options_of = "gmvae")
  structure(
    list(
      n_latent = check_count(n_latent, max = 512),
      hidden = check_hidden(hidden),
      dispersion = check_choice(dispersion, varies_by),
      zero_inflation = check_choice(zero_inflation, varies_by),
      epochs = if (!is.null(epochs)) check_count(epochs, min = 2),
      warmup = if (!is.null(warmup)) check_flag(warmup),
      batch_size = check_count(batch_size, min = 2),
      learning_rate = check_number(learning_rate, 0, 1, open = TRUE),
      mask = if (!is.null(mask)) check_number(mask, 0, 0.95),
      heldout = check_number(heldout, 0, 0.5),
      patience = check_count(patience),
      damping = check_number(damping, 0, 1, open = TRUE),
      n_init = check_count(n_init),
      max_iter = check_count(max_iter),
      tol = check_number(tol, 0, open = TRUE),
      find_batches = check_flag(find_batches),
      n_networks = check_count(n_networks, max = 1000),
      n_threads = check_count(n_threads, max = 1024),
      verbose = check_flag(verbose)
    ),
    class = "gmvae_control"
  )
}

#' @export
print.gmvae_control <- function(x, ...) {
  values <- vapply(x, function(v) {
    if (is.null(v)) "chosen from the data" else toString(format(v))
  }, "")
  cat("Options of gmvae()\n")
  cat(paste0("  ", format(names(x)), "  ", values, "\n"), sep = "")
  invisible(x)
}

# What a parameter of the likelihood may differ by.
varies_by <- c("gene", "gene-cell", "gene-cluster", "gene-batch")

# A control object may have been edited by hand: its values are checked again.
check_gmvae_control <- function(control, call) {
  check_control(control, "gmvae_control", call = call)
  rlang::try_fetch(
    do.call("gmvae_control", unclass(control)),
    gmvae_error = function(cnd) {
      gmvae_abort("{.arg control} must hold valid options.", "option",
                  parent = cnd, call = call)
    }
  )
}

check_hidden <- function(hidden, call = rlang::caller_env()) {
  hidden <- check_count(hidden, max = 8192, length = NULL, arg = "hidden",
                        call = call)
  if (length(hidden) <= 8L) return(hidden)
  gmvae_abort(c(
    "{.arg hidden} must have at most 8 layers.",
    x = "You supplied {length(hidden)}."
  ), "option", call = call)
}

# Dispersion and dropout must be parameters that the likelihood has, to vary
# otherwise than by default.
check_variation <- function(control, likelihood, batch, call) {
  check_batch_variation(control, batch, call)
  traits <- likelihood_traits(likelihood)
  lacks <- c(
    dispersion = control$dispersion != "gene" && !nzchar(traits$scale),
    zero_inflation = control$zero_inflation != "gene-cell" &&
      !traits$zero_inflation
  )
  if (!any(lacks)) return(invisible())
  option <- names(lacks)[lacks][1]
  has <- if (option == "zero_inflation") {
    likelihoods_with("zero_inflation")
  } else {
    likelihoods_with("scale", c("dispersion", "variance"))
  }
  gmvae_abort(c(
    "Option {.arg {option}} must be left alone where the likelihood has none.",
    x = "It is {.val {control[[option]]}}, for {.val {likelihood}}.",
    i = "It is a parameter of {.val {has}}."
  ), "option", call = call)
}

check_batch_variation <- function(control, batch, call) {
  by_batch <- c(dispersion = control$dispersion,
                zero_inflation = control$zero_inflation) == "gene-batch"
  if (!any(by_batch) || n_batches(batch) > 0L) return(invisible())
  gmvae_abort(c(
    "Option {.arg {names(by_batch)[by_batch][1]}} can't be {.val gene-batch}
     without batches.",
    x = if (is.null(batch)) "{.arg batch} is not given." else
      "All cells are of batch {.val {levels(batch)}}."
  ), "option", call = call)
}

# What NULL stands for. The normal prior of the warm-up draws groups together,
# which measurements and images pay for and counts do not. A mask hides what
# divides the cells where they have few values, as measurements may.
resolve_control <- function(control, n_cells, likelihood) {
  traits <- likelihood_traits(likelihood)
  if (is.null(control$epochs)) {
    steps_per_epoch <- ceiling(n_cells / control$batch_size)
    epochs <- ceiling(10000 / steps_per_epoch)
    control$epochs <- as.integer(min(max(epochs, 20), 120))
  }
  if (is.null(control$warmup)) {
    control$warmup <- traits$size_factors
  }
  if (is.null(control$mask)) {
    control$mask <- if (traits$dense) 0 else 0.5
  }
  control
}

# `epochs` as the core's phases.
training_phases <- function(epochs, warmup) {
  share <- if (warmup) c(1 / 6, 1 / 2) else c(2 / 3, 0)
  before <- round(epochs * share)
  list(epochs_pretrain = max(1, before[1]), epochs_warmup = before[2],
       epochs_joint = epochs - before[2])
}

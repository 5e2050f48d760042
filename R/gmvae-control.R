#' Options of gmvae()
#'
#' `gmvae_control()` holds the options of the networks, the training and the
#' mixture, with their defaults. [gmvae()] chooses options that are `NULL` from
#' the data, as described below.
#'
#' @param ... Must be empty: options are given by their full names, and other
#'   names are errors.
#' @param n_latent Number of dimensions of the latent space, a whole number from
#'   1 to 512. `NULL`: 10, or up to 30 if half of the values do not suffice to
#'   place a cell among the others (see Hidden values).
#' @param hidden Units of each hidden layer: up to 8 whole numbers from 1 to
#'   8,192. The encoder has the layers in this order.
#' @param hidden_decoder Units of each hidden layer of the decoder, as `hidden`,
#'   from the latent space outwards. `integer()`: none, so that the decoder is
#'   linear, and [loadings()][top_genes] tells what each latent dimension
#'   means for each gene. `NULL`: those of the encoder in reverse.
#' @param dispersion What the inverse dispersion of `"nb"` and `"zinb"`, or the
#'   variance of `"gaussian"`, varies by: `"gene"`; `"gene-cell"`, an output of
#'   the decoder; `"gene-batch"`, if there are batches; or `"gene-cluster"`, one
#'   value for each cluster: a cell has the mean of their logarithms, weighted
#'   by its cluster probabilities.
#' @param zero_inflation What the logit of the probability of an extra zero of
#'   `"zinb"` varies by: one of the same four.
#' @param epochs Passes through the cells in warm-up and joint phase, half in
#'   each, or all in the joint phase without a warm-up; a whole number of at
#'   least 2. Pretraining adds a sixth of this number, or two thirds without a
#'   warm-up. `NULL`: as many as give about 10,000 training steps, from 20 to
#'   120, for narrow panels up to 240. With more than 400,000 cells, fewer than
#'   20: as many as read 8 million cells, which are 62,500 training steps, but
#'   at least 4.
#' @param warmup `TRUE` or `FALSE`: train towards a normal prior, with a weight
#'   that rises from 0 to 1, before the mixture is the prior? `NULL`: `TRUE` for
#'   counts, `FALSE` for `"bernoulli"` and `"gaussian"`.
#' @param batch_size Cells per training step, a whole number of at least 2; all
#'   cells if there are fewer.
#' @param learning_rate Step size of the Adam optimiser, above 0 and at most 1.
#'   Training reduces it if a step gives non-finite values (`n_rollbacks` of the
#'   fit). `NULL`: 0.001, for narrow panels up to 0.003.
#' @param mask Share of the non-zero values that a training step hides from the
#'   encoder, at random, from 0 to 0.95; or two such numbers, the smaller one
#'   first: in each step every cell draws its own share between them. The
#'   likelihood uses all values. `NULL`: 0.5, or `c(0.1, 0.7)` if half of the
#'   values do not suffice to place a cell among the others (see Hidden values),
#'   for narrow panels less, for `"gaussian"` 0.
#' @param n_pcs Number of principal components of the cells with which the
#'   encoder's first weights begin, a whole number from 0 to 1,000; 0: the
#'   weights are random. `NULL`: 0, or as many as are reliable if half of the
#'   values do not suffice to place a cell among the others (see Hidden values);
#'   0 for narrow panels. It must be 0 for `"gaussian"`.
#' @param label_weight Weight of the cross-entropy of a cell whose label is
#'   known, in units of its ELBO, a number from 0 to 1e6; see Known labels in
#'   [gmvae()].
#' @param protein_weight Weight of the log-likelihood of proteins beside that of
#'   RNA, above 0 and at most 1e6; see Proteins beside RNA in [gmvae()]. `NULL`:
#'   \eqn{2.5 \sqrt{m / P}}{2.5 sqrt(m / P)}, at least 1, with P proteins and m
#'   the number of genes that distinguish a cell, as in Narrow panels; less,
#'   down to 1, if proteins hardly vary together and may be noise. Larger
#'   weights give proteins more say in the clusters.
#' @param heldout Share of the cells to keep from training, from 0 to 0.5;
#'   fewer if otherwise fewer than two training cells per cluster would remain.
#'   On these cells training measures the held-out evidence lower bound (ELBO).
#'   With 0, training does not stop early.
#' @param patience The joint phase stops early after this many epochs without a
#'   higher held-out ELBO, a whole number of at least 1.
#' @param damping Weight of one training step in the running moments from which
#'   the mixture is updated, above 0 and at most 1 (only the last step counts).
#' @param n_init Number of starts of EM for the mixture that begins the joint
#'   phase, a whole number of at least 1; for small data EM starts three times
#'   as often. The best start is used.
#' @param max_iter Largest number of iterations of EM, a whole number of at
#'   least 1.
#' @param tol EM stops when the remaining rise of the log-likelihood, estimated
#'   from its last steps, is below `tol` per cell. A number of at least 0; with
#'   0 EM runs for `max_iter` iterations.
#' @param find_batches `TRUE` or `FALSE`: if [gmvae()] is given no `batch`, test
#'   whether the cells fall into two batches, and treat these as if they were
#'   given?
#' @param alpha If [gmvae()] chooses `k`: the level of its tests, a number from
#'   0.001 to 1. It is about the largest probability that `gmvae()` divides too
#'   much, such as one population into two clusters; see Number of clusters in
#'   [gmvae()]. With 1, `gmvae()` makes no tests and looks for no small groups.
#' @param n_networks Number of times that [gmvae()] trains the encoder and the
#'   decoder, each time from another seed, a whole number from 1 to 1,000. One
#'   such pair is called a network here. The fit is the network whose clusters
#'   have the highest mean adjusted Rand index with the clusters of the other
#'   networks. This mean shows how far to trust the clusters; it is `agreement`
#'   in `networks` of the fit, see [gmvae()].
#' @param checkpoint Path of a file that [gmvae()] writes now and then while it
#'   trains, so that it can go on after its process was killed, or `NULL`; see
#'   Checkpoints.
#' @param checkpoint_minutes How many minutes may pass until the checkpoint is
#'   written again within a phase of the training, a positive number.
#' @param n_threads Number of threads, a whole number from 1 to 1,024. The
#'   result does not depend on it. The default is 2, or fewer if the machine,
#'   the option `mc.cores` or the limits of a container allow fewer. No more
#'   threads start than there are cores, or eight, whichever is larger, and no
#'   more than 2 while R checks a package (`_R_CHECK_LIMIT_CORES_`).
#' @param verbose `TRUE` or `FALSE`: show a progress bar while training?
#' @returns A `gmvae_control` object: a list with one element per option.
#' @section Narrow panels:
#' Hiding half of the values makes the encoder learn from genes that vary
#' together. But a cell that differs from others in one tag or a few proteins
#' can't be recognised while these are hidden. So [gmvae()] counts how many
#' features distinguish a cell. With \eqn{d_g} the difference between the
#' encoder's input of feature \eqn{g} (the logarithm of one plus the count per
#' size factor; for `"bernoulli"` the value) and its mean over the cells, the
#' effective number of informative features is
#' \deqn{m = \frac{(\sum_g d_g^2)^2}{\sum_g d_g^4},}{m = (sum_g d_g^2)^2 /
#' sum_g d_g^4,}
#' the median over at most 2,000 cells. It is 1 if a single feature stands out,
#' whatever the number of features, and about the number of detected genes if
#' many genes differ by as much: about 2 for hashtags, 8 for 20 proteins, 30 for
#' 100 variable genes, and from 60 to 800 for whole transcriptomes with 2,000
#' genes. Cells of few counts have few informative features, too, but they are
#' no narrow panel: another cell has others, and among all of many genes the
#' networks would learn noise by heart. With G features in all,
#' \deqn{s = \min\left(\frac{60 - m}{30}, \frac{500 - G}{250}\right),}{s =
#' min((60 - m) / 30, (500 - G) / 250),}
#' or 0 if this is negative, and 1 if it is above 1. So \eqn{s} is 1 for at most
#' 30 informative features of at most 250, and 0 for at least 60 informative
#' features, or for at least 500 in all. The defaults are
#' * `mask`: \eqn{1 - s} times the share of the section Hidden values, so that
#'   nothing is hidden if \eqn{s} is 1;
#' * `learning_rate`: \eqn{0.001 \cdot 3^s}{0.001 * 3^s}, and `epochs` of at
#'   most \eqn{120 \cdot 2^s}{120 * 2^s}: few features are learned better in
#'   more and larger steps.
#'
#' None of this applies to `"gaussian"`, and options that you give are used as
#' they are.
#' @section Hidden values:
#' An encoder that sees half of the values learns from genes that vary together,
#' if it can recognise a cell by half of the values. Where few genes distinguish
#' many groups, or a cell has few counts, it can't: the latent space then holds
#' some of the groups only. So [gmvae()] measures how well half of the genes
#' determines a cell's place among the others. From one half of at most 2,000
#' cells, it computes the first ten principal components of the logarithms of
#' one plus the count per size factor. Two random halves of the genes then give
#' every other cell two points \eqn{a} and \eqn{b}. The split-half reliability
#' (Spearman 1910) is the share of the points' variance, over cells and
#' components, that both have in common,
#' \deqn{r = \frac{\sum_l \mathrm{cov}(a_l, b_l)}{\sum_l (\mathrm{var}(a_l) +
#' \mathrm{var}(b_l)) / 2},}{r = sum_l cov(a_l, b_l) / sum_l (var(a_l) +
#' var(b_l)) / 2,}
#' where both sums are also over eight divisions of the genes and both halves of
#' the cells, and deviations are from the mean of a batch, if there are any. It
#' is 0.80 to 0.97 for eight labelled sets of whole transcriptomes, and about 0
#' for noise. If \eqn{r} is at least 3/4, half of the genes have three times as
#' much signal as noise, half of the values are hidden, and the encoder's first
#' weights are random. If it is less, three things change:
#' * Every cell draws its share of hidden values anew in each step, from 0.1 to
#'   0.7: the cells that show more tell small differences, and those that show
#'   less keep the networks from learning noise by heart. Both shares are
#'   multiplied by \eqn{1 - s}, as above.
#' * The encoder begins with the reliable principal components (`n_pcs`), at
#'   most 30: those whose own \eqn{r}, from one term of the sums, is at least
#'   0.1. Random weights would take in the noise of every gene, and training
#'   would end before it has found small groups. So [gmvae()] draws the first
#'   weights of each unit as a mixture of a random vector and a random direction
#'   in the space of the components of at most 2,000 cells, without the
#'   directions in which batches differ. The direction has a share of `n_pcs /
#'   n_latent` of the variance, at most 0.9, and the unit's bias cancels the
#'   same share of its mean over the cells.
#' * The latent space has as many dimensions as there are reliable components,
#'   but at least 10.
#' @section Checkpoints:
#' With `checkpoint = "fit.ckpt"`, [gmvae()] writes the state of the training to
#' that file when training begins, at the end of each phase, after every
#' `checkpoint_minutes`, and if you interrupt it. If the process dies, the same
#' call with the same data goes on from there, with a message (class
#' `gmvae_message`), and returns the same fit, bit for bit, as if it had never
#' been stopped: only `history$seconds` differs. What comes before the training,
#' such as the choice of genes, is done again.
#'
#' * The seed is part of the checkpoint: a call that goes on uses the seed of
#'   the call that began, whatever [set.seed()] says now.
#' * `gmvae()` removes the file when the fit is complete. Until then it never
#'   overwrites a file that is not the checkpoint of the same fit. For other
#'   data or other options an error says what differs. `n_threads`, `verbose`
#'   and `checkpoint_minutes` may differ.
#' * With several networks (`n_networks`) each has a file of its own,
#'   `fit.ckpt.network1` and so on, and `BPPARAM` can train them at the same
#'   time. A network that is complete is not trained again.
#' * A file is replaced as a whole: it is written under another name
#'   (`fit.ckpt.part`), flushed to the disk and renamed. It has a checksum, and
#'   is read as numbers, never as R code. It takes about 12 bytes for each
#'   parameter of the networks, twice as much within a pass through the cells:
#'   8 or 15 MB for 2,000 genes and one hidden layer of 128 units.
#' * If the file can't be written when training begins, that is an error. If it
#'   can't be written later, for instance as the disk is full, training goes on
#'   with the last file that could be written, and the fit has a warning (class
#'   `gmvae_warning_file`).
#' * On a machine with other vector instructions the fit goes on, with a
#'   message, but its last digits may differ;
#'   `options(gmvae.simd = "baseline")`, set before the package is loaded, uses
#'   instructions that all machines have.
#'
#' [update()][update.gmvae] and [markers()] write no checkpoints.
#' @section Errors: `gmvae_error_option`, for values out of range and for
#'   unknown options, and in [gmvae()] for a checkpoint of other data or
#'   options; `gmvae_error_file`, in [gmvae()], if the checkpoint can't be
#'   written, or is a file of another kind, cut off or changed.
#' @references
#' Spearman (1910) Correlation calculated from faulty data. *British Journal of
#' Psychology* 3, 271-295. \doi{10.1111/j.2044-8295.1910.tb00206.x}
#' @seealso [gmvae()]
#' @examples
#' gmvae_control(epochs = 50, hidden = c(128, 64))
#' @export
gmvae_control <- function(..., n_latent = NULL, hidden = 128,
                          hidden_decoder = NULL, dispersion = "gene",
                          zero_inflation = "gene-cell",
                          epochs = NULL, warmup = NULL,
                          batch_size = 128, learning_rate = NULL, mask = NULL,
                          n_pcs = NULL,
                          label_weight = 10, protein_weight = NULL,
                          heldout = 0.1, patience = 20, damping = 0.05,
                          n_init = 20, max_iter = 200, tol = 1e-6,
                          find_batches = TRUE, alpha = 0.05, n_networks = 1,
                          checkpoint = NULL, checkpoint_minutes = 5,
                          n_threads = default_threads(),
                          verbose = interactive()) {
  check_no_dots(..., options_of = "gmvae")
  structure(
    list(
      n_latent = if (!is.null(n_latent)) check_count(n_latent, max = 512),
      hidden = check_hidden(hidden),
      hidden_decoder = if (length(hidden_decoder) > 0L) {
        check_hidden(hidden_decoder)
      } else if (!is.null(hidden_decoder)) {
        integer()
      },
      dispersion = check_choice(dispersion, varies_by),
      zero_inflation = check_choice(zero_inflation, varies_by),
      epochs = if (!is.null(epochs)) check_count(epochs, min = 2),
      warmup = if (!is.null(warmup)) check_flag(warmup),
      batch_size = check_count(batch_size, min = 2),
      learning_rate = if (!is.null(learning_rate)) {
        check_number(learning_rate, 0, 1, open = TRUE)
      },
      mask = if (!is.null(mask)) check_mask(mask),
      n_pcs = if (!is.null(n_pcs)) check_count(n_pcs, min = 0, max = 1000),
      label_weight = check_number(label_weight, 0, 1e6),
      protein_weight = if (!is.null(protein_weight)) {
        check_number(protein_weight, 0, 1e6, open = TRUE)
      },
      heldout = check_number(heldout, 0, 0.5),
      patience = check_count(patience),
      damping = check_number(damping, 0, 1, open = TRUE),
      n_init = check_count(n_init),
      max_iter = check_count(max_iter),
      tol = check_number(tol, 0),
      find_batches = check_flag(find_batches),
      alpha = check_number(alpha, 0.001, 1),
      n_networks = check_count(n_networks, max = 1000),
      checkpoint = check_checkpoint(checkpoint),
      checkpoint_minutes = check_number(checkpoint_minutes, 0, open = TRUE),
      n_threads = check_count(n_threads, max = 1024),
      verbose = check_flag(verbose)
    ),
    class = "gmvae_control"
  )
}

#' @export
print.gmvae_control <- function(x, ...) {
  local_decimal_point()
  check_gmvae_control(x, quote(print()))
  values <- vapply(x, function(v) {
    if (is.null(v)) "chosen from the data" else
      if (length(v) == 0L) "none" else toString(format(v))
  }, "")
  if (is.null(x$checkpoint)) values[names(x) == "checkpoint"] <- "none"
  cat("Options of gmvae()\n")
  cat(paste0("  ", format(names(x)), "  ", values, "\n"), sep = "")
  invisible(x)
}

# What a parameter of the likelihood may differ by.
varies_by <- c("gene", "gene-cell", "gene-cluster", "gene-batch")

# Options that say where and how often to write, not what to fit: a fit does not
# keep them.
without_checkpoint <- function(control) {
  control[c("checkpoint", "checkpoint_minutes")] <- NULL
  control
}

# A control object may have been edited by hand: its values are checked again.
check_gmvae_control <- function(control, call) {
  check_control(control, "gmvae_control", call = call)
  rlang::try_fetch(
    do.call("gmvae_control", unclass(control)),
    gmvae_error = function(cnd) {
      gmvae_abort("Every option in {.arg control} must be valid.", "option",
                  parent = cnd, call = call)
    }
  )
}

check_hidden <- function(hidden, arg = rlang::caller_arg(hidden),
                         call = rlang::caller_env()) {
  force(arg)
  hidden <- check_count(hidden, max = 8192, length = NULL, arg = arg,
                        call = call)
  if (length(hidden) <= 8L) return(hidden)
  gmvae_abort(c(
    "{.arg {arg}} must have at most 8 layers.",
    x = "You supplied {length(hidden)}."
  ), "option", call = call)
}

check_mask <- function(mask, call = rlang::caller_env()) {
  valid <- is.numeric(mask) && length(mask) %in% 1:2 &&
    all(is.finite(mask) & mask >= 0 & mask <= 0.95) && !is.unsorted(mask)
  if (valid) return(as.double(mask))
  gmvae_abort(c(
    "{.arg mask} must be a number of at least 0 and at most 0.95, or two such
     numbers, the smaller one first.",
    x = "You supplied {describe(mask)}."
  ), "option", call = call)
}

# Dispersion and zero inflation keep their defaults unless the likelihood has
# such a parameter.
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
    "Option {.arg {option}} must keep its default with {.code likelihood =
     \"{likelihood}\"}, which has no such parameter.",
    x = "You supplied {.val {control[[option]]}}.",
    i = "{cli::qty(has)}Likelihood{?s} with this parameter: {.val {has}}."
  ), "option", call = call)
}

# Hidden layers of the decoder, from the latent space outwards.
decoder_sizes <- function(control) {
  if (is.null(control$hidden_decoder)) rev(control$hidden) else
    control$hidden_decoder
}

check_batch_variation <- function(control, batch, call) {
  by_batch <- c(dispersion = control$dispersion,
                zero_inflation = control$zero_inflation) == "gene-batch"
  if (!any(by_batch) || n_batches(batch) > 0L) return(invisible())
  gmvae_abort(c(
    "Option {.arg {names(by_batch)[by_batch][1]}} can be {.val gene-batch} only
     if you give batches.",
    x = if (is.null(batch)) "{.arg batch} is not given." else
      "All cells are of batch {.val {levels(batch)}}."
  ), "option", call = call)
}

# How well half of a cell's genes tell its place among the others, and how the
# encoder learns where they don't.

unknown_reliability <- list(overall = NaN, components = numeric())

# Do half of the genes have three times as much signal as noise? `reliability`:
# see split_half_reliability().
halves_suffice <- function(reliability) {
  is.nan(reliability$overall) || reliability$overall >= 3 / 4
}

# The share of the non-zero values to hide, or the range that it is drawn from.
# `narrow`: see narrowness().
#
# To learn from half of the values, the encoder must be able to recognise a cell
# by them. Where it can't, as where few genes distinguish many groups, or counts
# are few, it learns from cells that show more of their values, and cells that
# show fewer keep it from learning noise by heart. For ten and twenty groups of
# tests/bench/how-many.R (14 sets, k given), the adjusted Rand index is 0.84 if
# half of the values are hidden and 0.93 by the range. A fifth hidden gives
# 0.96, but costs up to 0.18 on real sets thinned to a tenth of their counts.
usual_mask <- function(reliability, narrow) {
  unique((1 - narrow) * (if (halves_suffice(reliability)) 0.5 else c(0.1, 0.7)))
}

# How many principal components the encoder begins with: the reliable ones, or
# none. For a narrow panel half of the features say little about all of them.
usual_pcs <- function(reliability, narrow) {
  if (halves_suffice(reliability) || narrow > 0) return(0L)
  sum(reliability$components >= 0.1)
}

# The components are those of logarithms, which measurements may not have.
check_pcs <- function(n_pcs, likelihood, call) {
  if (is.null(n_pcs) || n_pcs == 0L) return(invisible())
  if (!likelihood_traits(likelihood)$dense) return(invisible())
  gmvae_abort(c(
    "Option {.arg n_pcs} must be 0 with {.code likelihood = \"{likelihood}\"}.",
    x = "You supplied {n_pcs}.",
    i = "An encoder of measurements begins with random weights."
  ), "option", call = call)
}

# Dimensions of the latent space. A decoder can hold more groups than it has
# dimensions, but takes longer to learn to: twenty planted groups have 15 to 18
# reliable components, real sets with as little signal 2 to 10.
usual_latent <- function(n_pcs) max(10L, n_pcs)

# How well half of the genes determines a cell's place among the others:
# `overall`, about 0 for noise, at most 1, and NaN for too few cells; and along
# each of the first `components`, at most 30. `size`: size factors. What
# the cells of a batch have in common does not count.
split_half_reliability <- function(counts, size, batch = NULL) {
  sample <- spread_out(seq_len(ncol(counts)))
  group <- if (is.null(batch)) rep(1L, length(sample)) else
    as.integer(factor(batch[sample]))
  cpp_split_half_reliability(some_cells(counts), size[sample], group)
}

# Advice on the likelihood: a message where another likelihood, or another kind
# of count, describes the values better. The fit does not change. Each test
# looks at a sample of the cells, as a sparse matrix.

# At most one message per call; a 0/1 matrix shows none of the other signs.
advise_likelihood <- function(counts, sample, likelihood) {
  traits <- likelihood_traits(likelihood)
  if (!traits$size_factors) return(invisible())
  message <- if (has_only_ones(sample) && has_only_ones(counts)) {
    c("All values of {.arg x} are 0 or 1: {.code likelihood = \"bernoulli\"}
       describes them better than {.val {likelihood}}, which expects counts.",
      i = "If you have the counts, use them: they separate the cells better.")
  } else if (is_counted_in_pairs(values_of(sample))) {
    c("{.arg x} seems to count reads, or both ends of each fragment: even counts
       are more frequent than the odd ones next to them.",
      i = "Count fragments and use {.code likelihood = \"poisson\"};
           {.code ceiling(x / 2)} is close to their number (Martens et al.
           2024).")
  } else if (!traits$zero_inflation && has_excess_zeros(sample)) {
    c("{.arg x} has many zeros in genes with high counts in other cells, as
       full-length protocols give: consider {.code likelihood = \"zinb\"}.",
      i = "Counts of molecules (UMI) have hardly any such zeros.")
  }
  if (!is.null(message)) cli::cli_inform(message, class = "gmvae_message")
  invisible()
}

# Up to `n` cells, evenly spread, in memory.
some_cells <- function(counts, n = 2000L) {
  if (ncol(counts) <= n) return(in_memory(counts))
  in_memory(counts[, spread_out(seq_len(ncol(counts)), n), drop = FALSE])
}

# Both ends of a fragment of ATAC fall into the same peak, mostly, so that
# counts of ends are mostly even: 3 is rarer than 2 and 4, which no
# distribution with one mode allows (Martens et al. 2024, Nature Methods 21,
# 28-31, doi:10.1038/s41592-023-02112-6). Fewer than 100 fours are too few to
# decide.
is_counted_in_pairs <- function(values) {
  n <- tabulate(values[values <= 6], 6L)
  n[4] >= 100 && n[3] < 0.9 * min(n[2], n[4]) && n[5] < 0.9 * n[4]
}

# Do genes of high mean have more zeros than a negative binomial distribution
# of their own mean and variance? The median gene decides, and not the markers
# of single groups, which are zero elsewhere. UMI counts have few genes of mean
# 10, and these hardly any zeros (Svensson 2020, Nature Biotechnology 38,
# 147-150, doi:10.1038/s41587-019-0379-5).
has_excess_zeros <- function(counts, min_mean = 10, min_genes = 100L,
                             min_excess = 0.05) {
  n <- ncol(counts)
  high <- which(Matrix::rowSums(counts) >= min_mean * n)
  if (n < 20L || length(high) < min_genes) return(FALSE)
  size <- Matrix::colSums(counts)
  size <- size / mean(size)
  counts <- counts[high, , drop = FALSE]
  zeros <- 1 - tabulate(genes_of(counts), nrow(counts)) / n
  counts <- map_values(counts, function(x, cell) x / size[cell])
  mean <- Matrix::rowMeans(counts)
  counts <- map_values(counts, function(x, cell) x^2)
  # x / size has the variance mean / size + dispersion mean^2.
  variance <- Matrix::rowMeans(counts) - mean^2
  dispersion <- (variance - mean * mean(1 / size)) / mean^2
  # By quantiles of the size: genes x cells would be dense.
  levels <- stats::quantile(size, seq(0.05, 0.95, by = 0.1), names = FALSE)
  expected <- rowMeans(zero_share(outer(mean, levels), dispersion))
  stats::median(zeros - expected) >= min_excess
}

# Probability of a zero: negative binomial, Poisson where not overdispersed.
zero_share <- function(mean, dispersion) {
  dispersion <- pmax(dispersion, 1e-8)
  exp(-log1p(dispersion * mean) / dispersion)
}

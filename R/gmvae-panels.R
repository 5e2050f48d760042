# Panels of few features: proteins, tags, targeted genes. Where only a few
# features tell a cell from the others, hiding them hides what the cell is.

# How many features tell a cell from the others: with d_g the difference between
# the encoder's input of feature g and its mean over the cells,
#   (sum_g d_g^2)^2 / sum_g d_g^4,
# the median over the cells. The number is that of the detected genes, roughly,
# where many genes differ by as much, and 1 where a single tag stands out among
# any number of others. `size`: size factors of the cells.
informative_features <- function(counts, size, likelihood) {
  size <- size[spread_out(seq_len(ncol(counts)))]
  counts <- some_cells(counts)
  log_input <- likelihood_traits(likelihood)$encoder_input == "log_counts"
  input <- map_values(counts, function(v, cells) {
    if (log_input) log1p(v / size[cells]) else v
  })
  mean <- Matrix::rowMeans(input)
  # Of a zero, d_g is -mean_g: that of all genes, and what the others change.
  sum_of <- function(power) {
    change <- map_values(input, function(v, cells) {
      zero <- mean[genes_of(input)]
      (v - zero)^power - zero^power
    })
    Matrix::colSums(change) + sum(mean^power)
  }
  number <- sum_of(2)^2 / sum_of(4)
  number <- number[is.finite(number) & number >= 1]  # cells that differ
  if (length(number) == 0L) Inf else stats::median(number)
}

# From 0, where cells have enough informative features to hide half of them, to
# 1, where none is to spare. On made-up tags and proteins (1 to 10 informative
# features) and on genes of pbmc_sorted (13 for 50 genes, 27 for 100), clusters
# are lost when half of the input is hidden; with 54 (200 genes) the difference
# is within the noise of the seed. The ramp between is a choice, not a result.
#
# Cells of few counts have few informative features, too, but each has others:
# networks that see all of many features learn noise by heart. mouse_bladder
# thinned to a tenth of its counts has 26 informative features of 1,749, and
# without a mask a held-out ELBO that is lower by 39. So panels have few
# features altogether.
narrowness <- function(informative, n_features) {
  between <- function(x) max(0, min(1, x))
  min(between((60 - informative) / 30), between((500 - n_features) / 250))
}

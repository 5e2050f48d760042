# Tests of genes between a group of cells and the other groups, within batches.

# For each gene and group: `excess`, how much more the group has than its share,
# and p-values in both directions, `lower` (the group has less) and `upper`;
# NA where no batch has cells of the group and of another one. `group`: a factor
# with NA for cells that take no part. `spread`: see within_spread().
group_tails <- function(fit, counts, size, group, spread) {
  tails_of_sums(fit, sums_in_batches(fit, counts, size, group), spread)
}

# What the tests need of `counts`, those of `cells` of the fit, for each batch:
# sums of the genes by group (genes x groups), numbers of cells, and for counts
# the sums of their sizes, otherwise of squares.
sums_in_batches <- function(fit, counts, size, group,
                            cells = seq_len(ncol(counts))) {
  batch <- stratum_batch(fit)[cells]
  batch[is.na(group)] <- NA
  size <- unname(size)[cells]
  lapply(split(seq_along(batch), batch), function(some) {
    group <- group[some]
    counts <- counts[, some, drop = FALSE]
    sum_of <- function(x) as.vector(tapply(x, group, sum, default = 0))
    sums <- list(n = as.vector(table(group)), sums = group_sums(counts, group))
    if (likelihood_traits(fit$likelihood)$whole) {
      c(sums, list(size = sum_of(size[some]), size2 = sum_of(size[some]^2)))
    } else {
      c(sums, list(squares = group_sums(counts, group,
                                        function(v, cells) v^2)))
    }
  })
}

# Sums over two sets of cells.
add_sums <- function(one, other) {
  if (is.null(one)) return(other)
  Map(function(a, b) Map(`+`, a, b), one, other)
}

# `parts`: independent sums, of batches or of parts of counts.
tails_of_sums <- function(fit, parts, spread) {
  sums <- parts[[1]]$sums
  parts <- Filter(function(part) sum(part$n) > 0, parts)
  whole <- likelihood_traits(fit$likelihood)$whole
  if (!whole) parts <- lapply(parts, group_moments)
  tails <- lapply(seq_len(ncol(sums)), function(k) {
    if (whole) exact_tails(parts, k, spread) else
      welch_tails(parts, k, nrow(sums))
  })
  side_by_side <- function(name) {
    matrix(unlist(lapply(tails, `[[`, name)), nrow(sums),
           dimnames = dimnames(sums))
  }
  list(excess = side_by_side("excess"), lower = side_by_side("lower"),
       upper = side_by_side("upper"))
}

# The exact test of Robinson and Smyth (2008). In a batch, the number of counts
# in the group given their total T is taken to be beta-binomial, with mean T pi,
# where pi is the group's share of the size, and variance T pi (1 - pi) (1 + (T
# - 1) / (A + 1)). A makes the variance that of negative binomial cells of these
# sizes; where all have the same, A is their number times theta. The sum over
# batches is taken to be beta-binomial with the same mean and variance.
exact_tails <- function(parts, k, spread) {
  n_genes <- length(spread)
  own <- total <- mean <- variance <- numeric(n_genes)
  for (part in parts) {
    pi <- part$size[k] / sum(part$size)
    if (!(pi > 0 && pi < 1)) next
    t <- rowSums(part$sums)
    q <- (1 - pi)^2 * part$size2[k] + pi^2 * sum(part$size2[-k])
    a <- pi * (1 - pi) * sum(part$size)^2 / (spread * q)
    own <- own + part$sums[, k]
    total <- total + t
    mean <- mean + t * pi
    variance <- variance + t * pi * (1 - pi) * (1 + pmax(t - 1, 0) / (a + 1))
  }
  result <- list(excess = own - mean, lower = rep(NA_real_, n_genes),
                 upper = rep(NA_real_, n_genes))
  some <- which(total > 0)
  if (length(some) == 0L) return(result)
  own <- own[some]
  total <- total[some]
  share <- mean[some] / total
  # Variance over that of a binomial, from 1 to the total.
  inflation <- variance[some] / (total * share * (1 - share))
  inflation <- pmin(pmax(inflation, 1), total)
  shapes <- (total - inflation) / pmax(inflation - 1, 1e-10)
  shapes <- pmin(pmax(shapes, 1e-6), 1e10)
  tails <- cpp_beta_binomial_tails(own, total, share * shapes,
                                   (1 - share) * shapes)
  result$lower[some] <- tails$lower
  result$upper[some] <- tails$upper
  result
}

# Number of cells, means and variances of values of each group (genes x groups).
group_moments <- function(sums) {
  n <- sums$n
  mean <- sweep(sums$sums, 2, n, "/")
  variance <- sweep(sums$squares - sweep(mean^2, 2, n, "*"), 2, n - 1, "/")
  list(n = n, mean = mean, variance = pmax(variance, 0))
}

# Welch's test of the difference in means, averaged over batches with weights
# n1 n2 / (n1 + n2), degrees of freedom by Satterthwaite.
welch_tails <- function(parts, k, n_genes) {
  change <- variance <- squared <- 0
  weights <- 0
  for (part in parts) {
    others <- pooled(part, -k)
    n <- c(part$n[k], others$n)
    if (any(n < 2)) next
    weight <- prod(n) / sum(n)
    own <- weight^2 * part$variance[, k] / n[1]
    other <- weight^2 * others$variance / n[2]
    change <- change + weight * (part$mean[, k] - others$mean)
    variance <- variance + own + other
    squared <- squared + own^2 / (n[1] - 1) + other^2 / (n[2] - 1)
    weights <- weights + weight
  }
  if (weights == 0) {
    nothing <- rep(NA_real_, n_genes)
    return(list(excess = nothing, lower = nothing, upper = nothing))
  }
  t <- change / sqrt(variance)
  t[variance == 0] <- NA
  freedom <- variance^2 / squared
  list(excess = change / weights, lower = stats::pt(t, freedom),
       upper = stats::pt(t, freedom, lower.tail = FALSE))
}

# Mean and variance over the cells of several groups.
pooled <- function(part, groups) {
  n <- part$n[groups]
  some <- n > 0
  n <- n[some]
  means <- part$mean[, groups, drop = FALSE][, some, drop = FALSE]
  variances <- part$variance[, groups, drop = FALSE][, some, drop = FALSE]
  variances[, n == 1] <- 0
  mean <- as.vector(means %*% n) / sum(n)
  squares <- as.vector(variances %*% (n - 1)) +
    as.vector((means - mean)^2 %*% n)
  list(n = sum(n), mean = mean, variance = squares / (sum(n) - 1))
}

# Data and options for the tests of gmm_fit().

quiet <- function(...) gmm_control(..., verbose = FALSE)

# 240 rows of three groups in three columns, well apart, of different volume,
# shape and orientation.
three_groups <- function(seed = 11) {
  set.seed(seed)
  group <- sample(3, 240, replace = TRUE, prob = c(5, 3, 2))
  x <- matrix(rnorm(240 * 3), 240) * c(1, 0.6, 1.5)[group] + 4 * group
  x[, 2] <- x[, 2] + c(0.5, -0.5, 0.2)[group] * x[, 1]
  x[, 3] <- x[, 3] * c(1, 1.2, 0.8)[group]
  colnames(x) <- c("a", "b", "c")
  list(x = x, group = group)
}

# The same with some entries missing, but in no row all.
with_gaps <- function(x, share, seed = 12) {
  set.seed(seed)
  gaps <- replace(x, sample(length(x), round(share * length(x))), NA)
  empty <- rowSums(!is.na(gaps)) == 0
  gaps[empty, 1] <- x[empty, 1]
  gaps
}

# Runs `expr` and counts the combinations that the core fits meanwhile.
count_candidates <- function(expr) {
  count <- new.env()
  count$candidates <- 0
  tracer <- bquote({
    count <- .(count)
    count$candidates <- count$candidates + length(problem$k)
  })
  namespace <- asNamespace("gmvae")
  suppressMessages(
    trace("cpp_gmm_fit", tracer, print = FALSE, where = namespace)
  )
  on.exit(suppressMessages(untrace("cpp_gmm_fit", where = namespace)))
  value <- force(expr)
  list(candidates = count$candidates, value = value)
}

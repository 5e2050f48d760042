# Small data with known answers, and where the real sets are.

# Draws from the model that gmvae() fits: k separated components in three
# latent dimensions, a log-linear decoder. List of `counts` (genes x cells)
# and `cluster`.
simulate_counts <- function(likelihood = "nb", n = 300, genes = 100, k = 3,
                            depth = 20, separation = 6) {
  dims <- 3
  cluster <- rep_len(seq_len(k), n)
  centres <- separation * t(svd(matrix(rnorm(k * dims), dims))$v)
  if (k > dims) centres <- separation / 2 * matrix(rnorm(k * dims), dims)
  z <- centres[, cluster, drop = FALSE] + rnorm(dims * n, sd = 0.4)
  loadings <- matrix(rnorm(genes * dims, sd = 0.4), genes)
  eta <- loadings %*% z + rnorm(genes, sd = 0.5)
  fraction <- exp(sweep(eta, 2, log(colSums(exp(eta)))))
  size <- depth * genes / 10 * exp(rnorm(n, sd = 0.3))
  mu <- sweep(fraction, 2, size, "*")
  draw <- function(f, ...) matrix(f(length(mu), ...), genes)
  counts <- switch(likelihood,
    nb = draw(rnbinom, size = 2, mu = mu),
    zinb = draw(rnbinom, size = 2, mu = mu) * draw(rbinom, 1, 0.8),
    poisson = draw(rpois, mu),
    bernoulli = draw(rbinom, 1, plogis(eta - 1)),
    gaussian = eta + draw(rnorm)
  )
  dimnames(counts) <- list(paste0("g", seq_len(genes)),
                           paste0("c", seq_len(n)))
  list(counts = counts, cluster = cluster)
}

# As simulate_counts(), in two batches that differ by a factor for each gene,
# `strength` the standard deviation of its logarithm. Every fourth cell is of
# batch "b". List of `counts`, `cluster` and `batch`.
simulate_batches <- function(..., strength = 2) {
  data <- simulate_counts(...)
  second <- seq_len(ncol(data$counts)) %% 4 == 0
  factors <- exp(rnorm(nrow(data$counts), sd = strength))
  data$counts[, second] <- rpois(sum(second) * nrow(data$counts),
                                 data$counts[, second] * factors)
  data$batch <- ifelse(second, "b", "a")
  data
}

# Raw counts of proteins (proteins x cells): the kinds in `kind` have different
# ones, at `times` the background.
simulate_proteins <- function(kind, proteins = 8, times = 12) {
  kind <- as.integer(factor(kind))
  n <- length(kind)
  # In binary digits, and again from the first.
  has <- outer(kind, seq_len(proteins) - 1L, function(kind, p) {
    bitwAnd(kind, bitwShiftL(1L, p %% 3L)) > 0L
  })
  mu <- exp(rnorm(n, log(8), 0.3)) * ifelse(has, times, 1)
  counts <- matrix(rnbinom(n * proteins, size = 5, mu = mu), proteins, n,
                   byrow = TRUE)
  dimnames(counts) <- list(paste0("CD", seq_len(proteins)),
                           paste0("c", seq_len(n)))
  counts
}

# Eight genes and twelve cells of ordinary counts.
tiny_counts <- function() {
  counts <- matrix((seq_len(96) * 7) %% 5, 8)
  dimnames(counts) <- list(paste0("g", 1:8), paste0("c", 1:12))
  counts
}

# The warnings that gmvae() raises about a fit. Fits of few cells and few epochs
# deserve most of them; tests that are not about them look away.
caution_classes <- paste0("gmvae_warning_", c("not_converged", "collapsed",
                                              "unstable", "batches"))

without_cautions <- function(expr) {
  suppressWarnings(suppressMessages(expr), classes = caution_classes)
}

# A fit of a second or so.
quick_fit <- function(x, k = 3, ..., epochs = 5) {
  without_cautions(gmvae(x, k, ..., control = quick_control(epochs)))
}

quick_control <- function(epochs = 5, ...) {
  gmvae_control(n_latent = 3, hidden = 16, epochs = epochs, n_init = 2, ...,
                verbose = FALSE)
}

# A fit with made-up numbers, for what needs no training.
made_up_fit <- function(n = 60, k = 3, likelihood = "nb", n_latent = 4, ...,
                        batch = NULL, batch_source = "user") {
  spheres <- array(diag(n_latent), c(n_latent, n_latent, k))
  wave <- function(rows, columns) {
    matrix(sin(seq_len(rows * columns)), rows, columns)
  }
  cluster <- rep_len(seq_len(k), n)
  posterior <- 0.1 / k + 0.9 * outer(cluster, seq_len(k), "==")
  latent <- wave(n, n_latent) + 4 * cos(cluster)
  epochs <- 8
  rise <- log(seq_len(epochs))
  control <- resolve_control(gmvae_control(n_latent = n_latent), n, likelihood)
  layout <- cpp_gmvae_layout(
    c(list(likelihood = likelihood, k = k, n_design = n_batches(batch)),
      unclass(control)), 5
  )
  core <- list(
    parameters = sin(seq_len(sum(layout$rows * layout$cols))),
    layout = layout,
    input = list(scale = rep(1, 5), offset = rep(0, 5)),
    mixture = list(weights = rep(1 / k, k), means = wave(k, n_latent),
                   covariances = spheres),
    latent = latent, latent_sd = 0.1 + abs(latent) / 50,
    posterior = posterior,
    history = list(
      epoch = seq_len(epochs),
      phase = rep(c("pretrain", "warmup", "joint"), c(2, 2, 4)),
      elbo = -60 + rise, elbo_heldout = -61 + rise,
      reconstruction = -55 + rise, kl = 5 - rise,
      learning_rate = rep(1e-3, epochs), seconds = rep(0.25, epochs)
    ),
    elbo = list(
      train = c(elbo = -58.1, reconstruction = -55, kl_z = 2.9, kl_c = 0.2),
      heldout = c(elbo = -59.2, reconstruction = -56, kl_z = 3, kl_c = 0.2)
    ),
    heldout = seq(10L, n, by = 10L), n_rollbacks = 0L, converged = TRUE,
    seed = 1L, k = k, stability = 0.9,
    cluster_stability = seq(0.95, 0.8, length.out = k),
    cluster_confusion = diag(k)
  )
  core <- utils::modifyList(core, list(...))
  features <- data.frame(gene = paste0("g", 1:8), mean = 1, variance = 2,
                         n_cells = n, score = 1, used = 1:8 <= 5)
  size <- list(factors = rep(1, n), scale = 20, reference = 20,
               source = "library")
  if (is.null(batch)) batch_source <- "none"
  new_gmvae(core, paste0("c", seq_len(n)), features, size, batch, batch_source,
            likelihood, "tied", control)
}

# The fit without what legitimately differs between calls and machines.
comparable <- function(fit) {
  fit$call <- NULL
  fit$history$seconds <- NULL
  fit
}

# Real sets: folder GMVAE_DATA, or shared/data beside the sources.
real_data <- function() {
  folder <- Sys.getenv("GMVAE_DATA")
  if (nzchar(folder)) return(folder)
  at <- normalizePath(".")
  while (dirname(at) != at) {
    at <- dirname(at)
    folder <- file.path(at, "shared", "data")
    if (dir.exists(folder)) return(folder)
  }
  NULL
}

read_real <- function(set) {
  folder <- file.path(real_data(), set)
  column <- function(file, name) {
    table <- utils::read.delim(gzfile(file.path(folder, file)), quote = "",
                               na.strings = "", colClasses = "character")
    table[[name]]  # NULL where there is none
  }
  counts <- Matrix::readMM(gzfile(file.path(folder, "matrix.mtx.gz")))
  counts <- methods::as(counts, "CsparseMatrix")
  dimnames(counts) <- list(column("genes.tsv.gz", "gene"),
                           column("cells.tsv.gz", "cell"))
  list(counts = counts, label = column("cells.tsv.gz", "label"),
       batch = column("cells.tsv.gz", "batch"))
}

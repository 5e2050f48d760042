# Training speed and memory of gmvae(), agreement of results before any time:
#   Rscript tests/bench/gmvae.R [full] [peer.py]...
# Seconds per epoch by phase come from training_step.cpp beside this file, made
# with `make -C tests/cpp step` (build folder in the variable BUILD). `full`
# also takes other batches, genes, densities, 100,000 cells and the memory.
# Scripts of peers are run by the Python of variable PYTHON with --likelihood
# and --threads; they print "median <seconds> s".

library(gmvae)

arguments <- commandArgs(TRUE)
full <- "full" %in% arguments
peers <- grep("\\.py$", arguments, value = TRUE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(),
                                         value = TRUE)))
build <- normalizePath(Sys.getenv("BUILD", file.path(tempdir(), "build")),
                       mustWork = FALSE)
made <- system2("make", c("-C", shQuote(file.path(here, "../cpp")), "step",
                          paste0("BUILD=", shQuote(build))), stdout = FALSE)
if (made != 0L) stop("training_step must compile, but make failed.")

# What the driver prints, by name.
measure <- function(likelihood, cells = 10000, genes = 2000, density = 0.1,
                    batch = 128, threads = 1) {
  lines <- system2(file.path(build, "training_step"),
                   c(likelihood, cells, genes, density, batch, threads),
                   stdout = TRUE)
  parts <- strsplit(lines, " ", fixed = TRUE)
  values <- lapply(parts, `[`, 2L)
  names(values) <- vapply(parts, `[`, "", 1L)
  values <- c(values["kernels"],
              lapply(values[names(values) != "kernels"], as.numeric))
  agreement <- abs(values$elbo / values$elbo_reference - 1)
  if (agreement > 1e-4) {
    stop(likelihood, ": ELBO and reference differ by ", agreement)
  }
  c(values, agreement = agreement)
}

# Of each figure over several runs.
medians <- function(runs) {
  figures <- setdiff(names(runs[[1]]), "kernels")
  middle <- function(figure) stats::median(vapply(runs, `[[`, 0, figure))
  sapply(figures, middle, simplify = FALSE)
}

phases <- c("load", "encoder", "decoder", "likelihood", "optimiser", "mixture")

show <- function(m, label) {
  cat(sprintf("%-18s %.3f s, processor %.3f s |%s | off by %.0e\n", label,
              m$epoch, m$processor,
              paste0(sprintf(" %s %.3f", phases, unlist(m[phases])),
                     collapse = ""), m$agreement))
}

cat("Medians of three runs, threads in turn. Seconds per epoch, of the wall",
    "clock and of the processor (with waiting threads); its phases measured",
    "one by one; the ELBO beside the reference's\n")
ours <- numeric()
for (likelihood in c("nb", "zinb", "poisson", "bernoulli", "gaussian")) {
  runs <- replicate(3, list(measure(likelihood),
                            measure(likelihood, threads = 2)))
  one <- medians(runs[1, ])
  two <- medians(runs[2, ])
  show(one, paste(likelihood, "1 thread"))
  show(two, paste(likelihood, "2 threads"))
  cat(sprintf(paste("  2 threads %.2fx; products %.0f GF/s, epoch %.2fx their",
                    "time; optimiser %.0f GB/s\n"),
              one$epoch / two$epoch, one$gflop / one$products,
              one$processor / one$products, one$optimiser_gb / one$optimiser))
  ours[likelihood] <- min(one$epoch, two$epoch)
}

time_peer <- function(script, likelihood, threads) {
  said <- system2(Sys.getenv("PYTHON", "/usr/bin/python3"),
                  c(script, "--likelihood", likelihood, "--threads", threads),
                  stdout = TRUE,
                  env = paste0(c("OPENBLAS", "OMP"), "_NUM_THREADS=", threads))
  cat(utils::tail(said, 1L), "\n")
  as.numeric(sub(".*median ([0-9.]+) s.*", "\\1", utils::tail(said, 1L)))
}

for (script in peers) {
  for (likelihood in c("nb", "zinb")) {
    seconds <- vapply(1:2, time_peer, 0, script = script,
                      likelihood = likelihood)
    cat(sprintf("%s: %.1f times as fast as %s at its best\n", likelihood,
                min(seconds) / ours[[likelihood]], basename(script)))
  }
}

# Seconds per epoch in R on real counts, and whether threads change bits.
train <- function(counts, n_threads, epochs = 6) {
  set.seed(1)
  control <- gmvae_control(epochs = epochs, heldout = 0, n_init = 1,
                           n_threads = n_threads, verbose = FALSE)
  suppressWarnings(  # so few epochs do not converge
    gmvae(counts, k = 10, features = min(2000, nrow(counts)),
          control = control),
    classes = "gmvae_warning"
  )
}
data(pbmc_sorted)
fits <- lapply(c(1, 2, 3, 8), train, counts = pbmc_sorted$counts)
same <- vapply(fits, function(fit) {
  identical(fit$parameters, fits[[1]]$parameters)
}, TRUE)
cat(sprintf(paste("pbmc_sorted, 1,000 cells: %.4f s per epoch; same bits for",
                  "1, 2, 3, 8 threads: %s\n"),
            stats::median(fits[[1]]$history$seconds), all(same)))

if (full) {
  show(measure("nb", batch = 512), "nb batch 512")
  show(measure("nb", genes = 10000), "nb 10,000 genes")
  show(measure("nb", density = 0.05), "nb 5% non-zero")
  show(measure("nb", density = 0.2), "nb 20% non-zero")

  # 100,000 cells: linear in cells, every step, and the process's peak.
  peak <- function() {
    status <- readLines("/proc/self/status")
    as.numeric(gsub("\\D", "", grep("^VmHWM", status, value = TRUE))) / 1024
  }
  n <- 100000
  per_cell <- 200
  set.seed(1)
  counts <- methods::new(
    "dgCMatrix", p = as.integer(per_cell * (0:n)),
    i = rep(as.integer(10 * (0:(per_cell - 1))), n) +
      sample.int(10L, n * per_cell, replace = TRUE) - 1L,
    x = as.double(rnbinom(n * per_cell, 2, 0.5) + 1L), Dim = c(2000L, 100000L)
  )
  invisible(gc())
  if (file.exists("/proc/self/clear_refs")) {
    cat("5", file = "/proc/self/clear_refs")  # the peak starts again
  }
  before <- peak()
  timed <- function(label, code) {
    cat(sprintf("  %-28s %.2f s\n", label, system.time(code)[["elapsed"]]))
  }
  cat(sprintf(paste("100,000 cells x 2,000 genes, 20 million non-zeros,",
                    "a matrix of %.0f MB\n"),
              utils::object.size(counts) / 2^20))
  timed("gmvae(), 3 epochs", fit <- train(counts, 2, epochs = 2))
  cat(sprintf(paste0("  seconds per epoch: %s\n  peak beyond what was there: ",
                     "%.0f MB, in all %.0f MB\n"),
              toString(sprintf("%.2f", fit$history$seconds)), peak() - before,
              peak()))
  timed("selection of genes",
        gmvae:::select_features(gmvae:::as_counts(counts), "nb", 2000))
  named <- gmvae:::as_counts(counts)
  for (type in c("cluster", "posterior", "latent", "loglik", "outlier")) {
    timed(paste0("predict(\"", type, "\")"),
          predict(fit, named, type = type))
  }
  for (type in c("mean", "normalized")) {
    timed(paste0("predict(\"", type, "\"), 50 genes"),
          predict(fit, type = type, features = 1:50))
  }
  timed("summary()", summary(fit))
  grDevices::pdf(NULL)
  timed("loading ggplot2 and uwot", {
    loadNamespace("ggplot2")
    requireNamespace("uwot", quietly = TRUE)
  })
  timed("plot()", plot(fit))
}

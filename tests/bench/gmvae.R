# Seconds per epoch of gmvae() on simulated counts, and beside it a bare
# PyTorch loop of the same model where there is a script for it:
#   Rscript tests/bench/gmvae.R [cells genes density] [torch_reference.py]
# default: 10000 2000 0.10. Agreement is printed before any time; a time is the
# median over the epochs of warm-up and joint phase, without held-out cells.

library(gmvae)

arguments <- commandArgs(TRUE)
torch_script <- grep("\\.py$", arguments, value = TRUE)
sizes <- as.numeric(setdiff(arguments, torch_script))
if (length(sizes) == 0L) sizes <- c(10000, 2000, 0.10)
n_cells <- sizes[1]
n_genes <- sizes[2]
density <- sizes[3]

set.seed(1)
counts <- Matrix::rsparsematrix(n_genes, n_cells, density,
                                rand.x = function(n) rnbinom(n, 2, 0.5) + 1)

# What is timed is right: log-probabilities beside R's own.
x <- 0:200
ours <- gmvae:::cpp_log_prob("nb", x, rep(3, 201), rep(0.7, 201), rep(0, 201))
cat(sprintf("largest difference from dnbinom(): %.1e\n",
            max(abs(ours - dnbinom(x, size = 0.7, mu = 3, log = TRUE)))))

train <- function(likelihood, n_threads) {
  if (likelihood == "bernoulli") counts@x[] <- 1
  set.seed(1)
  gmvae(counts, k = 10, likelihood = likelihood, features = "all",
        control = gmvae_control(epochs = 6, held_out = 0, n_init = 1,
                                n_threads = n_threads, verbose = FALSE))
}

gemm_flops <- 6 * n_cells * n_genes * 128  # the decoder's three products
cat(sprintf("%s kernels; %d cores; %g x %g, %g%% non-zero; batch 128, hidden 128\n",
            gmvae:::cpp_kernels(), parallel::detectCores(), n_cells, n_genes,
            100 * density))
for (likelihood in c("nb", "zinb", "poisson", "bernoulli")) {
  fits <- lapply(1:2, function(n_threads) train(likelihood, n_threads))
  same <- identical(fits[[1]]$parameters, fits[[2]]$parameters)
  seconds <- vapply(fits, function(fit) {
    median(fit$history$seconds[fit$history$phase != "pretrain"])
  }, 0)
  cat(sprintf(
    "%-10s 1 thread %.3f s, 2 threads %.3f s (%.2fx, same bits: %s); decoder at %.0f GF/s of %.1f Gflop\n",
    likelihood, seconds[1], seconds[2], seconds[1] / seconds[2], same,
    gemm_flops / seconds[2] / 1e9, gemm_flops / 1e9
  ))
}

for (script in torch_script) {
  for (n_threads in 1:2) {
    system2("/usr/bin/python3",
            c(script, "--cells", n_cells, "--genes", n_genes, "--density",
              density, "--threads", n_threads),
            env = paste0("OPENBLAS_NUM_THREADS=", n_threads))
  }
}

# Peak memory of a fit of n = 1e6 rows, d = 20 columns and k = 10 components
# beside the data's own size, in a process of its own (Linux):
#   Rscript tests/bench/gmm-memory.R

library(gmvae)

# Field of /proc/self/status in MB.
status <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

n <- 1e6
d <- 20
k <- 10
set.seed(1)
group <- sample.int(k, n, replace = TRUE)
x <- rnorm(n * d) + group  # recycled along columns: row i has mean group[i]
dim(x) <- c(n, d)
invisible(gc())
cat("5", file = "/proc/self/clear_refs")  # the peak counts from here on
before <- status("VmRSS")
fit <- gmm_fit(x, k, "VVV", start = group, keep_posterior = FALSE,
               control = gmm_control(max_iter = 5, tol = 0, verbose = FALSE))
peak <- status("VmHWM")
data <- 8 * n * d / 2^20
cat(sprintf("log-likelihood %.6f after %d iterations\n", fit$loglik,
            fit$n_iter))
cat(sprintf("data %.0f MB; process before the fit %.0f MB, at peak %.0f MB\n",
            data, before, peak))
cat(sprintf("the data and what the fit adds: %.2f times the data\n",
            1 + (peak - before) / data))

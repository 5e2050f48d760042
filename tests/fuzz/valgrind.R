# One small fit of each kind, with a prediction of each type, for valgrind; the
# file README.md beside this one says how to run it.
#   R_LIBS=LIBRARY R -d "valgrind ..." --vanilla -q -f tests/fuzz/valgrind.R
library(gmvae)

set.seed(1)
counts <- matrix(rpois(12 * 40, rep(c(2, 6), each = 240)), 12)
dimnames(counts) <- list(paste0("g", 1:12), paste0("c", 1:40))
control <- gmvae_control(n_latent = 2, hidden = 8, epochs = 2, n_init = 2,
                         heldout = 0.2, verbose = FALSE, n_threads = 2)
for (likelihood in c("nb", "zinb", "poisson", "gaussian")) {
  fit <- suppressWarnings(gmvae(counts, 2, likelihood, features = "all",
                                control = control))
  for (type in c("posterior", "latent", "mean", "elbo")) {
    predict(fit, counts, type = type)
  }
}

rows <- rbind(matrix(rnorm(60), 20), matrix(rnorm(60, 5), 20))
small <- gmm_control(n_init = 2, verbose = FALSE, n_threads = 2)
mixture <- gmm_fit(rows, 1:2, noise = 0.05, control = small)
predict(mixture, rows, type = "posterior")
rows[3, 2] <- NA
gmm_fit(rows, 2, "VVV", na_action = "em", control = small)

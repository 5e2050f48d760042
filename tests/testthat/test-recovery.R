# Known clusters come back; real counts give finite fits.

for (likelihood in likelihood_names()) {
  test_that(paste("gmvae() recovers simulated clusters:", likelihood), {
    set.seed(1)
    data <- simulate_counts(likelihood, n = 400, genes = 150, k = 4)
    keep <- colSums(data$counts != 0) > 0
    fit <- without_cautions(gmvae(
      data$counts[, keep], 4, likelihood,
      control = gmvae_control(n_latent = 5, hidden = 64, epochs = 60,
                              verbose = FALSE)
    ))
    index <- adjusted_rand_index(fit$cluster, data$cluster[keep])
    expect_gte(index, 0.95)
  })
}

sets <- c("pbmc4k_10x", "pbmc_facs", "mouse_bladder", "mix_3cl",
          "mix_5cl_celseq2", "rnamix", "zeisel1464", "panc_baron350",
          "atac_schep600", "atac_scabc167")
for (set in sets) {
  test_that(paste("gmvae() runs without a NaN on", set), {
    skip_on_cran()
    skip_if(is.null(real_data()), "real data are not there")
    data <- read_real(set)
    set.seed(1)
    fit <- without_cautions(gmvae(
      data$counts, length(unique(data$label)),
      if (startsWith(set, "atac")) "poisson" else "nb",
      features = 1000, control = quick_control(epochs = 4)
    ))
    expect_true(all(is.finite(fit$latent)))
    expect_true(all(is.finite(fit$posterior)))
    expect_true(all(is.finite(fit$parameters)))
    expect_true(all(is.finite(fit$history$elbo)))
    expect_identical(fit$n_rollbacks, 0L)
  })
}

for (set in sets) {
  test_that(paste("batches are found where they divide the cells:", set), {
    skip_on_cran()
    skip_if(is.null(real_data()), "real data are not there")
    data <- read_real(set)
    likelihood <- if (startsWith(set, "atac")) "poisson" else "nb"
    found <- find_batches(data$counts, some_cells(data$counts), likelihood, 3L,
                          gmvae_control())
    if (set %in% c("mix_3cl", "panc_baron350")) {
      expect_equal(adjusted_rand_index(found, data$batch), 1)
    } else {
      expect_null(found)
    }
  })
}

# What advise_likelihood() says of counts, by the class of its message.
advice <- function(counts, likelihood = "nb") {
  said <- NULL
  withCallingHandlers(
    advise_likelihood(as_counts(counts), as_counts(counts), likelihood),
    gmvae_message = function(cnd) {
      said <<- c(said, conditionMessage(cnd))
      rlang::cnd_muffle(cnd)
    }
  )
  said
}

# Reads of a full-length protocol: high means, a share of the counts lost.
full_length <- function(genes = 300, n = 100, lost = 0.3) {
  mu <- outer(rgamma(genes, 2, 0.02), exp(rnorm(n, sd = 0.3)))
  x <- matrix(rnbinom(genes * n, size = 1.5, mu = mu), genes)
  x * rbinom(genes * n, 1, 1 - lost)
}

test_that("0/1 data with a likelihood of counts: bernoulli", {
  x <- (tiny_counts() > 2) + 0
  for (likelihood in likelihoods_with("size_factors")) {
    expect_match(advice(x, likelihood), "bernoulli")
  }
  expect_null(advice(x, "bernoulli"))
  expect_null(advice(tiny_counts()))
  # A single larger count, in a cell outside the sample
  many <- matrix(1, 2, 5000)
  many[1, 2] <- 2
  expect_null(advice(many))
})

test_that("more zeros than a negative binomial has: zinb", {
  set.seed(1)
  expect_match(advice(full_length()), "zinb")
  expect_null(advice(full_length(), "zinb"))
  expect_null(advice(full_length(lost = 0)))
  # Few cells or few genes tell too little
  expect_null(advice(full_length(n = 15)))
  expect_null(advice(full_length(genes = 60)))
})

test_that("markers of groups are no excess of zeros", {
  set.seed(1)
  x <- full_length(genes = 400, lost = 0)
  # A third of the genes is silent outside one of two groups
  x[1:130, 1:50] <- 0
  expect_null(advice(x))
})

test_that("counts of reads of fragments: halve them", {
  set.seed(1)
  fragments <- matrix(rpois(40000, 0.5), 200)
  expect_null(advice(fragments, "poisson"))
  # One end of each fifth fragment falls outside the peak
  reads <- fragments + rbinom(40000, fragments, 0.8)
  for (likelihood in likelihoods_with("size_factors")) {
    expect_match(advice(reads, likelihood), "reads")
  }
  expect_null(advice(ceiling(reads / 2), "poisson"))
  # Counts around one mode are not in pairs
  expect_null(advice(matrix(rpois(40000, 3), 200), "poisson"))
})

test_that("zero_share() is that of the negative binomial", {
  mean <- c(0.1, 2, 50)
  expect_equal(zero_share(mean, 0.7), dnbinom(0, size = 1 / 0.7, mu = mean))
  expect_equal(zero_share(mean, -1), dpois(0, mean), tolerance = 1e-5)
})

test_that("gmvae() gives the advice once and changes nothing", {
  set.seed(1)
  x <- simulate_counts("bernoulli", n = 50, genes = 20)$counts
  said <- 0
  without_cautions(withCallingHandlers(
    fit <- gmvae(x, 2, control = quick_control(2)),
    gmvae_message = function(cnd) {
      said <<- said + grepl("bernoulli", conditionMessage(cnd))
    }
  ))
  expect_identical(said, 1)
  expect_identical(fit$likelihood, "nb")
})

for (set in c("pbmc4k_10x", "pbmc_facs", "mouse_bladder", "mix_3cl",
              "mix_5cl_celseq2", "rnamix", "zeisel1464", "panc_baron350",
              "atac_schep600", "atac_scabc167")) {
  test_that(paste("real counts of molecules need no advice:", set), {
    skip_on_cran()
    skip_if(is.null(real_data()), "real data are not there")
    counts <- read_real(set)$counts
    # The two cell lines of atac_scabc167 are counted in pairs indeed.
    if (set == "atac_scabc167") {
      expect_match(advice(counts, "poisson"), "reads")
    } else {
      expect_null(advice(counts))
    }
  })
}

test_that("the table of likelihoods is that of the core, by hand", {
  expect_identical(likelihood_names(),
                   c("nb", "zinb", "poisson", "bernoulli", "gaussian"))
  nb <- likelihood_traits("nb")
  expect_identical(c(nb$least, nb$largest), c(0, 1e9))
  expect_true(nb$whole && nb$size_factors && !nb$dense && !nb$zero_inflation)
  expect_identical(nb$scale, "dispersion")
  gaussian <- likelihood_traits("gaussian")
  expect_true(gaussian$dense && !gaussian$whole && !gaussian$size_factors)
  expect_identical(gaussian$encoder_input, "standardised")
  expect_identical(likelihoods_with("size_factors"), c("nb", "zinb", "poisson"))
  expect_identical(likelihoods_with("zero_inflation"), "zinb")
  expect_identical(likelihoods_with("gene_score", "deviance"), c("nb", "zinb"))
})

test_that("every likelihood has its row in ?gmvae", {
  page <- tools::Rd_db("gmvae")[["gmvae.Rd"]]
  lines <- utils::capture.output(tools::Rd2txt(page))
  for (name in likelihood_names()) {
    row <- paste0("^ +.?\"", name, "\".? {2,}[a-zA-Z]")
    expect_true(any(grepl(row, lines)), label = paste("a row for", name))
  }
})

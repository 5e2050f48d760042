library(testthat)
library(gmvae)

test_check("gmvae")

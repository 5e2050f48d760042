test_that("adjusted_rand_index() gives known values", {
  expect_identical(adjusted_rand_index(c(1, 1, 2, 2), c("b", "b", "a", "a")),
                   1)
  expect_equal(adjusted_rand_index(c(1, 1, 2, 2), c(1, 2, 1, 2)), -0.5)
  # By hand from the table (1 1 0 / 1 2 1 / 0 0 4) of Hubert and Arabie (1985)
  a <- rep(1:3, c(2, 4, 4))
  b <- c(1, 2, 1, 2, 2, 3, 3, 3, 3, 3)
  expect_equal(adjusted_rand_index(a, b), (7 - 13 * 14 / 45) / (13.5 - 13 * 14 /
                                                                  45))
})

test_that("adjusted_rand_index() ignores names and order of labels", {
  set.seed(1)
  a <- sample(4, 200, TRUE)
  b <- sample(3, 200, TRUE)
  index <- adjusted_rand_index(a, b)
  expect_equal(adjusted_rand_index(b, a), index)
  expect_equal(adjusted_rand_index(factor(letters[a]), -b), index)
  expect_lt(abs(index), 0.05)
})

test_that("adjusted_rand_index() agrees with mclust", {
  skip_if_not_installed("mclust")
  set.seed(1)
  a <- sample(5, 1e4, TRUE)
  b <- ifelse(runif(1e4) < 0.7, a, sample(5, 1e4, TRUE))
  expect_equal(adjusted_rand_index(a, b), mclust::adjustedRandIndex(a, b))
})

test_that("adjusted_rand_index() has no overflow and no full table", {
  n <- 2e5
  half <- rep(1:2, n / 2)
  expect_identical(adjusted_rand_index(half, 3 - half), 1)
  expect_equal(adjusted_rand_index(seq_len(n), half), 0)
  expect_identical(adjusted_rand_index(seq_len(n), rev(seq_len(n))), 1)
})

test_that("adjusted_rand_index() of trivial partitions", {
  expect_identical(adjusted_rand_index(1, 2), 1)
  expect_identical(adjusted_rand_index(c(1, 1, 1), c(2, 2, 2)), 1)
  expect_identical(adjusted_rand_index(1:3, c("a", "b", "c")), 1)
  expect_equal(adjusted_rand_index(1:3, c(1, 1, 1)), 0)
})

test_that("classification_error() matches groups one to one, optimally", {
  expect_identical(classification_error(c(1, 1, 2, 2), c("b", "b", "a", "a")),
                   0)
  expect_equal(classification_error(c(1, 1, 2, 2, 3), c("a", "b", "b", "b",
                                                        "c")), 0.2)
  # Two groups in one of the reference: one of them has no partner.
  expect_equal(classification_error(1:4, c(1, 1, 1, 1)), 0.75)
  # The best partner of both rows is the first column, but only one gets it.
  a <- rep(1:2, c(10, 10))
  b <- rep(c(1, 2, 1, 2), c(9, 1, 8, 2))
  expect_equal(classification_error(a, b), 1 - (9 + 2) / 20)
  set.seed(1)
  permutations <- as.matrix(expand.grid(rep(list(1:4), 4)))
  permutations <- permutations[apply(permutations, 1, anyDuplicated) == 0, ]
  for (i in 1:20) {
    a <- sample(4, 60, TRUE)
    b <- ifelse(runif(60) < 0.4, a, sample(4, 60, TRUE))
    errors <- apply(permutations, 1, function(p) mean(p[a] != b))
    expect_equal(classification_error(a, b), min(errors))
    expect_equal(classification_error(b, a), min(errors))
  }
})

test_that("classification_error() agrees with mclust", {
  skip_if_not_installed("mclust")
  set.seed(1)
  for (k in 2:5) {
    a <- sample(k, 300, TRUE)
    b <- ifelse(runif(300) < 0.7, k + 1 - a, sample(k, 300, TRUE))
    expect_equal(classification_error(a, b), mclust::classError(a, b)$errorRate)
  }
})

test_that("majority_vote() finds the most frequent label", {
  expect_identical(majority_vote(c("a", "b", "b", NA)), "b")
  expect_identical(majority_vote(c(3, 1, 3, 1)), 1)
  expect_identical(majority_vote(factor(c("x", "y", "y"), c("y", "x", "z"))),
                   factor("y", c("y", "x", "z")))
  expect_identical(majority_vote(c(NA, NA)), NA)
  votes <- rbind(one = c(1, 1, 2), two = c(2, NA, 1), three = c(NA, NA, NA))
  expect_identical(majority_vote(votes), c(one = 1, two = 1, three = NA))
  expect_identical(majority_vote(data.frame(a = c("u", "v"), b = c("u", "w"),
                                            c = c("v", "w"))), c("u", "w"))
  skip_if_not_installed("mclust")
  expect_equal(majority_vote(iris$Species[40:100]),
               factor(mclust::majorityVote(iris$Species[40:100])$majority,
                      levels(iris$Species)))
})

test_that("votes and errors refuse what holds no labels", {
  expect_error(classification_error(1:3, 1:2), class = "gmvae_error_input")
  expect_error(classification_error(c(1, NA), 1:2),
               class = "gmvae_error_input")
  expect_error(majority_vote(list(1)), class = "gmvae_error_input")
  expect_error(majority_vote(numeric()), class = "gmvae_error_input")
  # Without units, times can't be compared.
  expect_error(majority_vote(structure(1:2, class = "difftime")),
               class = "gmvae_error_input")
  expect_error(majority_vote(NULL), class = "gmvae_error_input")
})

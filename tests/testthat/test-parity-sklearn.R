# Numbers of scikit-learn 1.2.1 for the four structures that it has, from the
# species of iris: after one M-step, and where EM ends. fixtures/sklearn_iris.py
# made them.

fixture <- read.csv(test_path("fixtures", "sklearn_iris.csv"),
                    comment.char = "#")

# One state of EM as gmm_fit() holds it.
sklearn_state <- function(model, step) {
  rows <- fixture[fixture$model == model & fixture$step == step, ]
  values <- split(rows, rows$quantity)
  place <- c("row", "column", "component")
  covariances <- array(dim = c(4, 4, 3))
  covariances[as.matrix(values$covariances[place])] <- values$covariances$value
  means <- matrix(nrow = 3, ncol = 4)
  means[as.matrix(values$means[c("component", "row")])] <- values$means$value
  list(loglik = values$loglik$value, weights = values$weights$value,
       means = means, covariances = covariances)
}

# Components in the order of their first mean: the species' sepal lengths, far
# enough apart in every state.
in_order <- function(state) {
  order <- order(state$means[, 1])
  list(weights = unname(state$weights)[order],
       means = unname(state$means)[order, ],
       covariances = unname(state$covariances)[, , order])
}

expect_same_state <- function(fit, state, loglik, parameters) {
  expect_equal(fit$loglik, state$loglik, tolerance = loglik)
  ours <- in_order(fit)
  theirs <- in_order(state)
  for (part in names(theirs)) {
    expect_equal(ours[[part]], theirs[[part]], tolerance = parameters,
                 label = paste(fit$model, part))
  }
}

from_species <- function(model, ...) {
  gmm_fit(iris[, 1:4], 3, model, start = iris$Species,
          control = gmm_control(..., verbose = FALSE))
}

test_that("one M-step from the species gives scikit-learn's mixture", {
  for (model in unique(fixture$model)) {
    expect_same_state(from_species(model, max_iter = 1),
                      sklearn_state(model, "first"),
                      loglik = 1e-10, parameters = 1e-10)
  }
})

# Where EM stops with `tol` per row to gain, parameters are about sqrt(tol) of
# their standard errors away from the maximum.
test_that("EM from the species ends where scikit-learn's does", {
  for (model in unique(fixture$model)) {
    expect_same_state(from_species(model, max_iter = 10000, tol = 1e-14),
                      sklearn_state(model, "last"),
                      loglik = 1e-10, parameters = 1e-6)
  }
})

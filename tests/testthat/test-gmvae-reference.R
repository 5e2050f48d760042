# A reference of two of three kinds in 100 genes; the query has all three.
set.seed(4)
simulated <- simulate_counts(n = 700, genes = 100, k = 3, depth = 30)
x <- simulated$counts
kind <- c("alpha", "beta", "gamma")[simulated$cluster]
seen <- which(kind != "gamma" & seq_along(kind) %% 4 != 0)
query <- setdiff(seq_along(kind), seen)
known <- kind[query] != "gamma"
fit <- without_cautions(gmvae(
  x[, seen], 2,
  control = gmvae_control(n_latent = 4, hidden = 32, epochs = 30, heldout = 0.2,
                          verbose = FALSE)
))
mapped <- map_to_reference(fit, x[, query], labels = kind[seen])
own_of <- function(sets, truth) {
  sets[cbind(seq_along(truth), match(truth, colnames(sets)))]
}

test_that("types, sets and outliers of a query", {
  cells <- mapped$cells
  expect_identical(rownames(cells), colnames(x)[query])
  expect_gt(mean(cells$label[known] == kind[query][known]), 0.95)
  expect_equal(rowSums(mapped$label_probabilities), rep(1, length(query)),
               ignore_attr = TRUE)
  expect_identical(mapped$sets, mapped$label_p_values > 0.1 + 1e-9)
  covered <- own_of(mapped$sets[known, ], kind[query][known])
  expect_gt(mean(covered), 0.8)
  expect_lt(mean(covered), 0.99)
  p <- cells$outlier_p_value
  expect_lt(abs(mean(p[known]) - 0.5), 0.12)
  expect_lt(mean(p[known] < 0.05), 0.12)
  expect_gt(mean(outer(cells$outlier_score[!known],
                       cells$outlier_score[known], ">")), 0.85)
  expect_identical(as.data.frame(mapped), cells)
  expect_output(print(mapped), "calibrated on")
  expect_equal(mapped$posterior, predict(fit, x[, query], "posterior"))
})

test_that("a larger coverage gives larger sets, and the p-values stay", {
  wide <- map_to_reference(fit, x[, query], labels = kind[seen],
                           coverage = 0.97)
  expect_identical(wide$label_p_values, mapped$label_p_values)
  expect_true(all(wide$sets | !mapped$sets))
})

test_that("the fit stays, and R's random numbers too", {
  before <- fit
  set.seed(1)
  state <- .Random.seed
  map_to_reference(fit, x[, query[1:30]], batch = "new", labels = kind[seen])
  expect_identical(.Random.seed, state)
  expect_identical(fit, before)
})

test_that("conformal p-values are exact for exchangeable scores", {
  expect_equal(conformal_p_values(c(0, 2.5, 9), 1:4), c(1, 3, 5) / 5)
  set.seed(1)
  covered <- replicate(400, {
    scores <- rnorm(40)
    conformal_p_values(scores[40], scores[-40]) > 0.1 + 1e-9
  })
  expect_lt(abs(mean(covered) - 0.9), 0.05)
})

test_that("a type may have several clusters, a cluster several types", {
  set.seed(1)
  latent <- rbind(matrix(rnorm(60, -2), 30), matrix(rnorm(60, 2), 30),
                  cbind(rnorm(30), rnorm(30, 3)))
  cluster <- factor(rep(c(1, 2, 2), each = 30))
  labels <- factor(rep(c("a", "a", "b"), each = 30))
  mixture <- list(weights = c(1, 2) / 3,
                  means = rowsum(latent, cluster) / c(30, 60),
                  covariances = array(diag(2), c(2, 2, 2)))
  classifier <- label_classifier(latent, cluster, labels, mixture)
  densities <- label_densities(classifier, latent)
  expect_gt(mean(max.col(densities) == as.integer(labels)), 0.8)
  p <- exp(densities - log_sum_exp(densities))
  odds <- log_odds(densities)[, 1]
  exact <- abs(odds) < 10  # beyond, probabilities round to 1
  expect_equal(odds[exact], qlogis(p[exact, 1]), tolerance = 1e-6)
})

test_that("new batches: their shifts are found, in fits with batches or not", {
  weak <- seq(1, 100, 3)
  shifted <- x[, query[known]]
  shifted[weak, ] <- rbinom(length(shifted[weak, ]), shifted[weak, ], 0.3)
  contrast <- function(shifts) {
    is_weak <- rownames(shifts) %in% rownames(x)[weak]
    mean(shifts[!is_weak, ]) - mean(shifts[is_weak, ])
  }
  new <- map_to_reference(fit, shifted, batch = "new")
  expect_identical(colnames(new$shifts), "new")
  expect_lt(abs(contrast(new$shifts) + log(0.3)), 0.4)
  as_known <- map_to_reference(fit, shifted)
  expect_identical(new$posterior, as_known$posterior)
  expect_lt(median(new$cells$elbo_score), median(as_known$cells$elbo_score))
  with_batches <- quick_fit(x[, seen], 2, batch = rep_len(1:2, length(seen)))
  both <- map_to_reference(with_batches, shifted, batch = "new")
  expect_lt(abs(contrast(both$shifts) + log(0.3)), 0.5)
  some <- shifted[-(1:10), ]
  for (reference in list(NULL, x[, seen])) {
    expect_warning(
      fewer <- map_to_reference(fit, some, batch = "new",
                                reference = reference),
      "lacks 9 of the", class = "gmvae_warning_input"
    )
    expect_identical(colnames(fewer$shifts), "new")
    expect_false(anyNA(fewer$cells))
  }
  one_batch <- quick_fit(x[, seen], 2, batch = rep("a", length(seen)))
  fewer <- suppressWarnings(map_to_reference(one_batch, some, batch = "new"))
  expect_false(anyNA(fewer$cells))
  old <- map_to_reference(with_batches, shifted, batch = 1)
  expect_null(old$shifts)
  expect_identical(old$cells$batch, factor(rep(1L, ncol(shifted))))
  likeliest <- map_to_reference(with_batches, shifted)
  expect_true(all(likeliest$cells$batch %in% 1:2))
})

test_that("genes are matched by a table, versions of identifiers or not", {
  table <- data.frame(n = 1:100, id = sprintf("ENSG%011d", 1:100),
                      symbol = rownames(x))
  other <- x[, query]
  rownames(other) <- paste0(table$id, ".", 1:100)
  same <- map_to_reference(fit, other, labels = kind[seen], genes = table)
  expect_identical(same$cells, mapped$cells)
  vector <- setNames(table$symbol, rownames(other))
  expect_identical(map_to_reference(fit, other, genes = vector)$posterior,
                   mapped$posterior)
  # Two rows of one gene add up.
  halves <- rbind(other, other[1, ])
  halves[1, ] <- 0
  rownames(halves)[101] <- "second"
  twice <- c(vector, second = rownames(x)[1])
  expect_identical(map_to_reference(fit, halves, genes = twice)$posterior,
                   mapped$posterior)
  expect_error(map_to_reference(fit, other), "genes that the fit uses",
               class = "gmvae_error_input")
  expect_error(map_to_reference(fit, other, genes = table[c("id", "n")]),
               class = "gmvae_error_option")
  expect_error(map_to_reference(fit, other, genes = data.frame(
    a = letters, b = LETTERS
  )), "No column has names of", class = "gmvae_error_option")
  expect_error(map_to_reference(fit, other, genes = "symbol"),
               class = "gmvae_error_option")
})

test_that("missing genes are hidden; too few are an error", {
  some <- x[seq(1, 100, 2), query]
  expect_warning(
    fewer <- map_to_reference(fit, some, labels = kind[seen],
                              reference = x[, seen]),
    "lacks 50 of the", class = "gmvae_warning_input"
  )
  expect_gt(mean(fewer$cells$label[known] == kind[query][known]), 0.85)
  expect_gt(mean(own_of(fewer$sets[known, ], kind[query][known])), 0.75)
  expect_identical(fewer$genes$missing,
                   setdiff(fit$features, rownames(some)))
  drawn <- suppressWarnings(map_to_reference(fit, some, labels = kind[seen]))
  expect_identical(drawn$posterior, fewer$posterior)
  expect_gt(mean(drawn$cells$label == fewer$cells$label), 0.9)
  expect_error(map_to_reference(fit, x[seq(1, 100, 9), query]),
               "20% of the information", class = "gmvae_error_input")
  expect_error(suppressWarnings(map_to_reference(fit, some, reference = some)),
               "data that `fit` was made from", class = "gmvae_error_input")
  others <- x[, rev(seen)]
  expect_error(map_to_reference(fit, x[, query], reference = others),
               "another order of the cells", class = "gmvae_error_input")
})

test_that("errors of the core keep their class", {
  broken <- fit
  broken$latent[] <- NaN
  present <- rep(TRUE, length(fit$features))
  expect_error(share_of_genes(broken, present, NULL), class = "gmvae_error")
})

test_that("wrong labels are named", {
  wrong <- function(labels, ...) {
    expect_error(map_to_reference(fit, x[, query], labels = labels),
                 class = "gmvae_error_option", ...)
  }
  wrong(kind[query][-1], "for each of the")
  wrong(rnorm(length(seen)))
  wrong(rep("one", length(seen)), "at least two types")
  wrong(rep(NA_character_, length(seen)), "All are missing")
  few <- kind[seen]
  few[fit$heldout] <- NA
  expect_warning(map_to_reference(fit, x[, query], labels = few),
                 "calibrated on at least 9 cells",
                 class = "gmvae_warning_input")
  rare <- replace(kind[seen], fit$heldout[1], "rare")
  types <- map_to_reference(fit, x[, query], labels = rare)
  expect_false(anyNA(types$label_probabilities))
  expect_gt(mean(types$cells$label[known] == kind[query][known]), 0.8)
  two <- rep(NA, length(seen))
  two[fit$heldout[1:2]] <- c("one", "two")
  expect_error(suppressWarnings(map_to_reference(fit, x[, query],
                                                 labels = two)),
               "several cells of each type", class = "gmvae_error_option")
  expect_error(map_to_reference(fit, x[, query], reference = "nonsense"),
               class = "gmvae_error_input")
  expect_error(map_to_reference(fit), class = "gmvae_error_input")
  expect_error(map_to_reference(1, x), class = "gmvae_error_input")
  expect_error(map_to_reference(fit, x[, query], coverage = 2),
               class = "gmvae_error_option")
})

test_that("containers are read as matrices are", {
  skip_if_not_installed("SingleCellExperiment")
  counts <- x[, query]
  rownames(counts) <- paste0("id", 1:100)
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = counts), rowData = data.frame(Symbol = rownames(x)),
    colData = data.frame(chip = rep("new", length(query)))
  )
  expect_identical(map_to_reference(fit, sce, genes = "Symbol")$posterior,
                   mapped$posterior)
  expect_identical(
    colnames(map_to_reference(fit, sce, "chip", genes = "Symbol")$shifts),
    "new"
  )
  expect_error(map_to_reference(fit, sce, genes = "symbols"),
               "Symbol", class = "gmvae_error_option")
  skip_if_not_installed("SeuratObject")
  seurat <- suppressWarnings(SeuratObject::CreateSeuratObject(
    as(x[, query], "CsparseMatrix")
  ))
  expect_equal(map_to_reference(fit, seurat)$posterior, mapped$posterior)
})

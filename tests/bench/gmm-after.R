# What follows a fit, beside mclust: every number that clustCombi(), MclustDA(),
# cvMclustDA() and MclustDR() give, and ours.
#   Rscript tests/bench/gmm-after.R
# Where optimisers may end in different optima, our code gets the parameters of
# mclust ("its parameters"); elsewhere both fit ("own fits"). mclust's BIC has
# the opposite sign. The last line counts the numbers that agree to 1e-6, as a
# share of the largest of what was compared. Times come after the agreement.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
here <- dirname(script)
source(file.path(here, "gmm-helpers.R"))
if (!has_mclust) stop("mclust is not installed")
# Parameters of mclust as fits of ours; these helpers see our internals.
tools <- new.env(parent = asNamespace("gmvae"))
sys.source(file.path(here, "../testthat/helper-mclust.R"), tools)
in_mclust <- tools$in_mclust
quiet <- gmm_control(verbose = FALSE)

sets <- new.env()
data(list = c("banknote", "wdbc", "Baudry_etal_2010_JCGS_examples"),
     package = "mclust", envir = sets)
classed <- list(
  iris = list(x = iris[, 1:4], class = iris$Species),
  banknote = list(x = sets$banknote[, -1], class = sets$banknote$Status),
  wdbc = list(x = sets$wdbc[, -(1:2)], class = factor(sets$wdbc$Diagnosis))
)

# -- The table -----------------------------------------------------------------

counts <- c(agree = 0, all = 0)

# One line for each comparison: of several numbers, the one that differs most.
compare <- function(what, theirs, ours, how = "its parameters",
                    scale = max(abs(theirs), 1e-300)) {
  theirs <- as.numeric(theirs)
  ours <- as.numeric(ours)
  stopifnot(length(theirs) == length(ours))
  gap <- abs(theirs - ours)
  worst <- which.max(gap)
  agrees <- is.finite(gap[worst]) && gap[worst] <= 1e-6 * scale
  counts <<- counts + c(agrees, 1)
  say("  %-44s %14.8g %14.8g  %7.1e %s  %s%s", what, theirs[worst],
      ours[worst], gap[worst] / scale, if (agrees) " " else "*", how,
      if (length(theirs) > 1L) sprintf(", worst of %d", length(theirs)) else "")
}

header <- function(title) {
  say("\n%s", title)
  say("  %-44s %14s %14s  %7s", "", "mclust", "gmvae", "differ")
}

# -- Merging -------------------------------------------------------------------

compare_merging <- function(name, x, k, model) {
  m <- tools$mclust_fit(x, k, model)
  theirs <- mclust::clustCombi(m)
  ours <- merge_components(tools$fit_of_mclust(m, x))
  entropy <- vapply(theirs$combiz, function(z) {
    -sum(ifelse(z > 0, z * log(z), 0))
  }, 0)
  header(sprintf("Merging, %s: %s with %d components", name, model, k))
  for (i in seq_len(k)) {
    compare(sprintf("entropy of %d clusters", i), entropy[i],
            rev(ours$steps$entropy)[i], scale = max(entropy))
  }
  for (i in seq_len(k)) {
    compare(sprintf("partition into %d clusters", i),
            theirs$classification[[i]], predict(ours, n_clusters = i))
  }
  chosen <- mclust::clustCombiOptim(theirs)
  compare("clusters at the elbow", chosen$numClusters.combi, ours$n_clusters)
  compare("posterior probabilities of these", chosen$z.combi, ours$posterior)
  # mclust scales the heights of its tree to 1.
  grDevices::pdf(NULL)
  heights <- stats::as.hclust(mclust::combiTree(theirs))$height
  fall <- plot(ours, "tree")$height
  grDevices::dev.off()
  compare("heights of the tree", heights, fall / max(fall))
}

# -- Classification ------------------------------------------------------------

tight <- mclust::emControl(tol = c(1e-5, 1e-14), itmax = c(1000, 1000))

compare_edda <- function(name, set) {
  header(sprintf("EDDA, %s", name))
  fit_theirs <- function(models) {
    in_mclust(
      MclustDA(x, class, modelType = "EDDA", modelNames = models,
               control = control, verbose = FALSE),
      x = set$x, class = set$class, models = models, control = tight
    )
  }
  theirs <- fit_theirs(NULL)
  ours <- gmm_classify(set$x, set$class, control = quiet)
  bic <- theirs$models[[1]]$BIC
  for (model in names(bic)) {
    mine <- ours$search$bic[ours$search$model == model]
    if (is.na(bic[[model]]) || is.na(mine)) {
      say("  %-44s %14.8g %14.8g  not fitted by both", paste("BIC of", model),
          bic[[model]], -mine)
    } else if (model %in% stopped_early) {
      handed <- tools$classifier_of_mclust(fit_theirs(model))
      compare(paste("BIC of", model), bic[[model]], -handed$bic)
      alone <- gmm_classify(set$x, set$class, model = model,
                            keep_data = TRUE, control = quiet)
      say("    log-likelihood with the labels, which the M-step maximises:
    mclust %.6f, own fit %.6f", labelled_loglik(handed),
          labelled_loglik(alone))
    } else {
      compare(paste("BIC of", model), bic[[model]], -mine, "own fits")
    }
  }
  chosen <- theirs$models[[1]]$modelName
  how <- "own fits"
  if (chosen %in% stopped_early || chosen != ours$models$model[1]) {
    how <- "its parameters"
    say("  own fit: %s, BIC %.6f, error %.6f, Brier score %.8f",
        ours$models$model[1], -ours$bic, ours$error, ours$brier)
    ours <- tools$classifier_of_mclust(theirs)
  }
  scores <- summary(theirs)
  compare(paste("log-likelihood, chosen model", chosen), theirs$loglik,
          ours$loglik, how)
  compare("parameters", theirs$df, ours$df, how)
  compare("error", scores$ce, ours$error, how)
  compare("Brier score", scores$brier, ours$brier, how)
  compare("table of errors", scores$tab, ours$confusion, how)
  compare("probabilities of the classes", predict(theirs)$z, ours$posterior,
          how)
  prop <- seq_along(levels(set$class))
  compare("probabilities with other proportions",
          predict(theirs, prop = prop)$z,
          predict(ours, set$x, "posterior", proportions = prop), how)
  folds <- mclust_folds(set$class, 10)
  set.seed(1)
  cv <- in_mclust(cvMclustDA(theirs, nfold = 10, verbose = FALSE),
                  theirs = theirs, x = set$x, class = set$class,
                  control = tight, models = NULL)
  mine <- if (how == "own fits") gmm_classify_cv(ours, folds, x = set$x) else
    cv_of_mclust(theirs, folds)
  compare_cv("10 folds", cv, mine, paste0(how, ", same folds"))
  list(theirs = theirs, ours = ours)
}

# mclust's M-steps for these stop before the maximum.
stopped_early <- c("EVE", "VVE")

labelled_loglik <- function(fit) {
  x <- fit$data
  density <- asNamespace("gmvae")$evaluate_rows(fit, x, "components")$components
  own <- cbind(seq_len(nrow(x)), as.integer(fit$class))
  sum(density[own] + log(fit$shares[fit$class]))
}

# The folds that cvMclustDA() draws from the seed 1.
mclust_folds <- function(class, n) {
  set.seed(1)
  folds <- in_mclust(balancedFolds(class, nfolds = n), class = class, n = n)
  out <- integer(length(class))
  for (i in seq_along(folds)) out[folds[[i]]] <- i
  out
}

compare_cv <- function(what, theirs, ours, how) {
  compare(paste0("error, ", what), theirs$ce, ours$error, how)
  compare(paste0("its standard error, ", what), theirs$se.ce,
          ours$se[["error"]], how)
  compare(paste0("Brier score, ", what), theirs$brier, ours$brier, how)
  compare(paste0("its standard error, ", what), theirs$se.brier,
          ours$se[["brier"]], how)
  compare(paste0("predicted classes, ", what),
          as.integer(theirs$classification), as.integer(ours$predicted), how)
  compare(paste0("probabilities, ", what), theirs$z, ours$posterior, how)
}

# Mixtures for each class: our scores of mclust's mixtures, and then our own.
compare_mixtures <- function(name, set, k, models) {
  header(sprintf("MclustDA, %s", name))
  theirs <- in_mclust(
    MclustDA(x, class, G = k, modelNames = models, verbose = FALSE),
    x = set$x, class = set$class, k = k, models = models
  )
  ours <- tools$classifier_of_mclust(theirs)
  scores <- summary(theirs)
  compare("log-likelihood", theirs$loglik, ours$loglik)
  compare("BIC", theirs$bic, -ours$bic)
  compare("error", scores$ce, ours$error)
  compare("Brier score", scores$brier, ours$brier)
  compare("table of errors", scores$tab, ours$confusion)
  compare("probabilities of the classes", predict(theirs)$z, ours$posterior)
  folds <- mclust_folds(set$class, 10)
  set.seed(1)
  cv <- in_mclust(cvMclustDA(theirs, nfold = 10, verbose = FALSE),
                  theirs = theirs, x = set$x, class = set$class, k = k,
                  models = models)
  compare_cv("10 folds", cv, cv_of_mclust(theirs, folds),
             "its parameters, same folds")
  own <- gmm_classify(set$x, set$class, "mixture", models, k, control = quiet)
  say("  own fits, not to be the same: BIC %.4f and ours %.4f, error %.4f and
  %.4f, models %s and %s", theirs$bic, -own$bic, scores$ce, own$error,
      toString(paste0(scores$modelName, scores$G)),
      toString(paste0(own$models$model, own$models$k)))
  say("  our cross-validation of them, same folds: error %.4f, Brier %.6f",
      gmm_classify_cv(own, folds, x = set$x)$error,
      gmm_classify_cv(own, folds, x = set$x)$brier)
  list(theirs = theirs, ours = ours)
}

# gmm_classify_cv() with mclust's mixtures for each fold.
cv_of_mclust <- function(theirs, folds) {
  fits <- lapply(seq_len(max(folds)), function(fold) {
    rest <- folds != fold
    in_mclust(
      MclustDA(x, class, G = k, modelNames = models, modelType = type,
               control = control, verbose = FALSE),
      x = theirs$data[rest, ], class = theirs$class[rest],
      type = theirs$type, control = attr(theirs, "control"),
      k = lapply(theirs$models, `[[`, "G"),
      models = lapply(theirs$models, `[[`, "modelName")
    )
  })
  posterior <- matrix(0, theirs$n, nlevels(theirs$class),
                      dimnames = list(NULL, levels(theirs$class)))
  scores <- lapply(seq_along(fits), function(fold) {
    rows <- folds == fold
    found <- tools$classifier_of_mclust(fits[[fold]])
    posterior[rows, ] <<- predict(found, theirs$data[rows, ], "posterior",
                                  proportions = theirs$prop)
    part <- posterior[rows, , drop = FALSE]
    class <- theirs$class[rows]
    scores <- asNamespace("gmvae")$class_scores(
      part, asNamespace("gmvae")$decide(part, NULL), class,
      rep(1, sum(rows)), NULL
    )
    data.frame(repeat_number = 1, fold = fold, n = sum(rows),
               scores[c("error", "brier", "mean_cost")])
  })
  c(asNamespace("gmvae")$cv_summary(do.call(rbind, scores)),
    list(posterior = posterior,
         predicted = asNamespace("gmvae")$decide(posterior, NULL)))
}

# -- Projection ----------------------------------------------------------------

compare_projection <- function(name, theirs, object, x) {
  for (lambda in c(1, 0.5, 0)) {
    # All covariances are equal.
    if (lambda == 0 && all(theirs$modelName %in% c("EII", "EEI", "EEE"))) next
    header(sprintf("MclustDR, %s, lambda = %.1f", name, lambda))
    # By default mclust drops directions by a limit that depends on the units of
    # the columns.
    kept <- mclust::MclustDR(theirs, lambda = lambda)$numdir
    dr <- mclust::MclustDR(theirs, lambda = lambda, tol = 1e-15)
    if (kept != dr$numdir) {
      say("  by default mclust has %d directions, and with tol = 1e-15 %d:",
          kept, dr$numdir)
    }
    ours <- discriminant_coordinates(object, lambda = lambda, data = x,
                                     total = "data")
    numdir <- min(dr$numdir, length(ours$values))
    some <- seq_len(numdir)
    if (dr$numdir != length(ours$values)) {
      say("  %d directions of mclust, %d of ours", dr$numdir,
          length(ours$values))
    }
    compare("eigenvalues", dr$evalues[some], ours$values[some])
    # The direction of an eigenvalue that is rounding error is not determined.
    sure <- some[dr$evalues[some] > 1e-4 * dr$evalues[1]]
    columns <- function(m) abs(m[, sure, drop = FALSE])
    compare("directions, up to sign", columns(dr$basis),
            columns(ours$directions))
    # Its own std.basis multiplies by variances instead of standard deviations.
    loadings <- dr$basis * sqrt(diag(dr$Sigma))
    loadings <- sweep(loadings, 2, sqrt(colSums(loadings^2)), "/")
    compare("loadings by sd of mclust's directions, sign", columns(loadings),
            columns(ours$loadings))
    compare("coordinates, up to sign", columns(dr$dir),
            columns(ours$coordinates))
    parts <- in_mclust(plotEvalues.MclustDR(dr), dr = dr)
    compare("eigenvalues from means", parts$mean.contrib[some],
            ours$from_means[some])
    compare("eigenvalues from covariances", parts$var.contrib[some],
            ours$from_covariances[some])
    two <- seq_len(min(2L, numdir))
    compare("probabilities in two coordinates", predict(dr, dim = two)$z,
            predict(ours, type = "posterior", n_coordinates = length(two)))
  }
}

# -- Run -----------------------------------------------------------------------

for (name in c("ex4.1", "ex4.2", "ex4.3", "ex4.4.1", "ex4.4.2")) {
  compare_merging(name, sets[[name]], 6, "VVV")
}
compare_merging("faithful", faithful, 4, "EEE")
compare_merging("Test1D", sets$Test1D, 5, "V")

for (name in names(classed)) {
  set <- classed[[name]]
  edda <- compare_edda(name, set)
  compare_projection(paste("EDDA of", name), edda$theirs, edda$ours, set$x)
}
for (name in c("iris", "banknote")) {
  set <- classed[[name]]
  mixtures <- compare_mixtures(name, set, 1:3, c("EEE", "VVI", "VVV"))
  compare_projection(paste("MclustDA of", name), mixtures$theirs,
                     mixtures$ours, set$x)
}
compare_mixtures("wdbc", classed$wdbc, 1:2, c("EEE", "VVI"))

m <- tools$mclust_fit(iris[, 1:4], 3, "VEV")
compare_projection("Mclust of iris", m,
                   tools$fit_of_mclust(m, iris[, 1:4]), iris[, 1:4])
m <- tools$mclust_fit(classed$banknote$x, 3, "VVE")
compare_projection("Mclust of banknote", m,
                   tools$fit_of_mclust(m, classed$banknote$x),
                   classed$banknote$x)

say("\n%d of %d comparisons agree to 1e-6", counts[["agree"]], counts[["all"]])

say("\nTimes (medians of 3)")
set <- classed$wdbc
time <- function(what, theirs, ours) {
  say("  %-44s mclust %8.3f s   gmvae %8.3f s", what, median_seconds(theirs),
      median_seconds(ours))
}
# mclust takes minutes for EVE and VVE, as it does not limit inner iterations.
models <- setdiff(gmm_models()$code, stopped_early)
theirs <- function() {
  in_mclust(
    MclustDA(x, class, modelType = "EDDA", modelNames = models,
             verbose = FALSE),
    x = set$x, class = set$class, models = models
  )
}
time("EDDA of wdbc, 12 models", theirs, function() {
  gmm_classify(set$x, set$class, model = models, control = quiet)
})
set.seed(2)
x <- matrix(rnorm(4e4), 2e4) + rep(1:4, each = 5e3)
m <- tools$mclust_fit(x, 8, "VII")
fit <- tools$fit_of_mclust(m, x)
time("merging 8 components of 20,000 rows", function() mclust::clustCombi(m),
     function() merge_components(fit))

# What generated calls call: right data and small fits, made once, and every
# function that users have, with right arguments.

fuzz_cache <- new.env()

fuzz_small <- function() {
  gmm_control(n_init = 2, n_boot = 19, verbose = FALSE, n_threads = 1)
}

# Data and fits.
fuzz_world <- function() {
  if (is.null(fuzz_cache$world)) {
    set.seed(1)
    x <- simulate_counts(n = 30, genes = 12)$counts
    rows <- rbind(matrix(rnorm(60), 20), matrix(rnorm(60, 5), 20))
    colnames(rows) <- c("a", "b", "c")
    control <- quick_control(2, n_threads = 1)
    batch <- rep(c("u", "v"), 15)
    fit <- function(...) {
      without_cautions(gmvae(x, ..., control = control))
    }
    mixture <- function(...) {
      gmm_fit(rows, ..., control = gmm_control(n_init = 2, verbose = FALSE,
                                               n_threads = 1))
    }
    fuzz_cache$world <- list(
      x = x, rows = rows, control = control, batch = batch,
      fits = list(fit(2), suppressWarnings(fit(2, batch = batch)),
                  fit(2, "gaussian"), fit(2:3, "poisson")),
      mixtures = list(mixture(1:3), mixture(2, "VVV", noise = 0.1),
                      mixture(2, "EII", keep_data = TRUE))
    )
  }
  fuzz_cache$world
}

with_containers <- function() {
  requireNamespace("SingleCellExperiment", quietly = TRUE)
}

counts_container <- function(world) {
  SingleCellExperiment::SingleCellExperiment(
    list(counts = world$x), colData = data.frame(b = world$batch)
  )
}

# What other functions return.
fuzz_others <- function(world = fuzz_world()) {
  if (is.null(fuzz_cache$others)) {
    set.seed(2)
    x <- world$x
    rows <- world$rows
    fit <- world$fits[[1]]
    mixture <- world$mixtures[[3]]
    full <- world$mixtures[[2]]
    class <- rep(c("p", "q"), each = 20)
    small <- fuzz_small()
    holes <- replace(rows, c(3, 50), NA)
    quietly <- function(expr) suppressWarnings(suppressMessages(expr))
    classifier <- gmm_classify(rows, class, keep_data = TRUE, control = small)
    linear <- utils::modifyList(world$control,
                                list(hidden_decoder = integer()))
    fuzz_cache$others <- quietly(list(
      linear = gmvae(x, 2, control = linear),
      stored = if (with_containers()) {
        runGMVAE(counts_container(world), 2, control = world$control,
                 name = "A")
      },
      gmvae_mapping = map_to_reference(fit, x),
      gmvae_markers = markers(fit, n_draws = 20),
      gmvae_check = check_fit(fit, x, nsim = 10),
      gmm_classifier = classifier,
      gmm_classify_cv = gmm_classify_cv(classifier, folds = 2),
      gmm_coordinates = discriminant_coordinates(mixture),
      gmm_lrt = gmm_lrt(rows, 1:2, "EII", n_boot = 19, control = small),
      gmm_bootstrap = gmm_bootstrap(mixture, n = 5, n_threads = 1,
                                    verbose = FALSE),
      gmm_imputed = impute(gmm_fit(holes, 2, "EII", na_action = "em",
                                   control = small), holes, m = 2),
      gmm_merged = merge_components(full, data = rows),
      gmm_mixture = marginal(full, c("a", "b")),
      cell_source = cell_source(
        function(from, to) x[, from:to, drop = FALSE], dim(x), dimnames(x)
      ),
      gmvae_control = world$control, gmm_control = small,
      gmm_prior = gmm_prior(0.1)
    ))
  }
  fuzz_cache$others
}

# Methods of an object of fuzz_others(), functions of the object.  None for fits
# of gmvae() and containers.
object_methods <- function(class, world) {
  rows <- world$rows
  switch(class,
    gmvae_mapping = list(print = print, as.data.frame = as.data.frame),
    gmvae_markers = list(print = print),
    gmvae_check = list(print = print, plot = plot),
    gmm_classifier = list(
      print = print, summary = summary, plot = plot, logLik = logLik,
      nobs = nobs, predict = function(object) predict(object, rows),
      cv = function(object) gmm_classify_cv(object, folds = 2)
    ),
    gmm_classify_cv = list(print = print, plot = plot),
    gmm_coordinates = list(
      print = print, plot = plot,
      predict = function(object) predict(object, rows)
    ),
    gmm_lrt = list(print = print, as.data.frame = as.data.frame),
    gmm_bootstrap = list(print = print, plot = plot, vcov = vcov,
                         confint = confint),
    gmm_imputed = list(print = print, as.data.frame = as.data.frame),
    gmm_merged = list(
      print = print, plot = function(object) plot(object, data = rows),
      predict = function(object) predict(object, rows)
    ),
    gmm_mixture = list(
      print = print, plot = plot, coef = coef,
      predict = function(object) predict(object, rows[, 1:2]),
      simulate = function(object) simulate(object, 3),
      quantile = function(object) quantile(marginal(object, 1)),
      hdr = hdr, conditional = function(object) conditional(object, c(a = 1)),
      relabel = function(object) relabel(object, order = 2:1)
    ),
    cell_source = list(
      print = print, dim = dim, dimnames = dimnames,
      gmvae = function(object) gmvae(object, 2, control = world$control),
      predict = function(object) predict(world$fits[[1]], object)
    ),
    gmvae_control = list(
      print = print,
      gmvae = function(object) gmvae(world$x, 2, control = object)
    ),
    gmm_control = list(
      print = print,
      gmm_fit = function(object) gmm_fit(rows, 2, control = object)
    ),
    gmm_prior = list(
      print = print,
      gmm_fit = function(object) {
        gmm_fit(rows, 2, prior = object, control = fuzz_small())
      }
    )
  )
}

# Generics of other packages, and ours whose method is chosen by the first
# argument: another first argument would find methods that are not ours.
open_generics <- c(
  "predict", "update", "plot", "simulate", "summary", "print", "coef", "logLik",
  "nobs", "vcov", "confint", "fitted", "residuals", "quantile", "as.data.frame",
  "dim", "dimnames"
)

# The functions that are called, each with right arguments.
fuzz_targets <- function(world) {
  x <- world$x
  rows <- world$rows
  fit <- pick(world$fits)
  mixture <- pick(world$mixtures)
  others <- fuzz_others(world)
  small <- fuzz_small()
  of <- function(method, argument) pick(eval(formals(method)[[argument]]))
  class <- rep(c("p", "q"), each = 20)
  sample <- rep(c("s1", "s2", "s3", "s4", "s5"), 6)
  holes <- replace(rows, c(3, 50), NA)
  targets <- list(
    gmvae = list(x = x, k = 2, likelihood = pick(likelihood_names()[1:3]),
                 covariance = pick(c("tied", "diag", "VVV")), features = "all",
                 size_factors = NULL, batch = pick(list(NULL, world$batch)),
                 covariates = NULL, labels = NULL, proteins = NULL,
                 control = world$control),
    gmvae_control = list(n_latent = 3, hidden = 16, hidden_decoder = NULL,
                         dispersion = "gene", epochs = 2, warmup = NULL,
                         batch_size = 128, learning_rate = NULL, n_init = 2,
                         mask = 0.5, n_pcs = 5, heldout = 0.1, patience = 2,
                         damping = 1, max_iter = 5, tol = 1e-6,
                         find_batches = TRUE, alpha = 0.05, label_weight = 1,
                         protein_weight = 2, n_networks = 1, n_threads = 1),
    predict = list(fit, x, of(predict.gmvae, "type"), features = NULL,
                   size_factors = NULL, batch = NULL, threshold = 0,
                   reject = 0.1, at = NULL),
    update = list(fit, k = 2, x = x),
    plot = list(fit, of(plot.gmvae, "type"), colour = NULL, method = "pca"),
    simulate = list(fit, nsim = 1, seed = 1),
    summary = list(fit), print = list(fit), coef = list(fit), nobs = list(fit),
    as.data.frame = list(fit),
    top_genes = list(others$linear, n = 3),
    markers = list(fit, x = NULL, summary = "median", threshold = 1,
                   p_values = NULL, pseudocount = NULL, n_draws = 20),
    differential_expression = list(
      fit, x = NULL, group1 = "1", group2 = NULL, threshold = 1,
      p_values = NULL, n_draws = 20
    ),
    differential_abundance = list(
      fit, sample = sample,
      condition = c("a", "a", "b", "b", "b")[match(sample, unique(sample))],
      adjust = NULL, method = NULL
    ),
    pseudobulk = list(fit, x = x, sample = sample, data = NULL, min_cells = 1),
    rename_clusters = list(fit, names = c("1" = "a")),
    check_fit = list(fit, x = x, batch = NULL, size_factors = NULL, nsim = 10,
                     max_cells = 50),
    map_to_reference = list(fit, query = x, batch = NULL, labels = NULL,
                            genes = NULL, coverage = 0.9, reference = NULL,
                            size_factors = NULL),
    cell_source = list(read = function(from, to) x[, from:to], dim = dim(x),
                       dimnames = dimnames(x)),
    majority_vote = list(rep(1:2, 5)),
    gmm_fit = list(x = rows, k = 2, model = pick(list("VVV", "EII", NULL)),
                   weights = NULL, labels = NULL, start = NULL, noise = NULL,
                   prior = NULL, na_action = "fail",
                   criterion = pick(c("bic", "icl", "cv", "test")),
                   keep_data = FALSE, keep_posterior = TRUE, control = small),
    gmm_control = list(n_init = 2, max_iter = 10, tol = 1e-5, ridge = 0,
                       min_rows = NULL, min_eigen_ratio = 1e-10,
                       noise_density = NULL, n_folds = 5, n_boot = 19,
                       alpha = 0.05, n_threads = 1),
    gmm_prior = list(shrinkage = 0.1, mean = NULL, dof = NULL, scale = NULL),
    predict = list(mixture, rows, of(predict.gmm_fit, "type")),
    update = list(mixture, k = 2, x = rows),
    plot = list(mixture, of(plot.gmm_fit, "type"), data = rows,
                columns = NULL),
    simulate = list(mixture, nsim = 3, seed = 1),
    summary = list(mixture, se = FALSE, data = rows), print = list(mixture),
    coef = list(mixture), logLik = list(mixture), nobs = list(mixture),
    icl = list(mixture), fitted = list(mixture),
    residuals = list(mixture, type = "response"),
    vcov = list(mixture, data = rows), confint = list(mixture, data = rows),
    as.data.frame = list(mixture),
    quantile = list(marginal(mixture, "a"), probs = c(0.1, 0.9)),
    hdr = list(mixture, level = 0.9, newdata = NULL),
    marginal = list(mixture, columns = c("a", "b")),
    conditional = list(mixture, given = c(a = 1)),
    relabel = list(mixture, order = NULL, order_by = "weight", names = NULL),
    impute = list(mixture, newdata = holes, m = 2, proper = FALSE),
    as_gmm_fit = list(mixture),
    gmm_bootstrap = list(
      mixture, n = 3, type = of(gmm_bootstrap, "type"), data = rows,
      n_threads = 1, verbose = FALSE
    ),
    gmm_lrt = list(x = rows, k = 1:2, model = "EII", n_boot = 19, alpha = 0.05,
                   early_stop = TRUE, control = small),
    merge_components = list(mixture, method = of(merge_components, "method"),
                            n_clusters = NULL, cutoff = 0.025, data = rows),
    discriminant_coordinates = list(mixture, lambda = 1, total = NULL,
                                    data = rows),
    gmm_classify = list(x = rows, class = class, type = "edda", model = "EEE",
                        k = 1:2, weights = NULL, proportions = NULL,
                        cost = NULL, prior = NULL, control = small),
    gmm_classify_cv = list(others$gmm_classifier, folds = 2, repeats = 1,
                           proportions = NULL, cost = NULL),
    predict = list(others$gmm_classifier, rows),
    predict = list(others$gmm_merged, rows),
    predict = list(others$gmm_coordinates, rows),
    predict = list(others$gmm_mixture, rows[, 1:2]),
    simulate = list(others$gmm_mixture, nsim = 2, seed = 1),
    confint = list(others$gmm_bootstrap, level = 0.9),
    plot = list(others$gmvae_check),
    plot = list(others$gmm_merged, data = rows),
    plot = list(others$gmm_coordinates),
    plot = list(others$gmm_bootstrap, columns = NULL),
    plot = list(others$gmm_classifier),
    as.data.frame = list(others$gmm_lrt),
    as.data.frame = list(others$gmm_imputed),
    as.data.frame = list(others$gmvae_mapping),
    GmmParam = list(k = 1:3, model = NULL, criterion = "bic"),
    adjusted_rand_index = list(rep(1:2, 5), rep(1:5, 2)),
    classification_error = list(rep(1:2, 5), rep(1:5, 2)),
    gmm_models = list(k = 2, d = 3)
  )
  if (with_containers()) {
    targets <- c(targets, list(
      runGMVAE = list(x = counts_container(world), k = 2, features = "all",
                      batch = "b", name = "A", set_labels = TRUE,
                      control = world$control),
      gmvae_fit = list(x = others$stored, name = "A")
    ))
  }
  targets[sample.int(length(targets), 1L)]
}

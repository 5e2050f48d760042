set.seed(1)
counts <- simulate_counts(n = 30, genes = 12)
fit <- quick_fit(counts$counts, 2, epochs = 2)
mixture <- gmm_fit(faithful, 1:2, noise = 0.05, control = quiet(n_init = 2))

test_that("fits as they were made pass", {
  expect_identical(validate_fit(fit), fit)
  expect_identical(validate_fit(mixture), mixture)
  batches <- quick_fit(counts$counts, 2:3, epochs = 2,
                       batch = rep(1:3, 10))
  expect_identical(validate_fit(batches), batches)
  gaps <- with_gaps(as.matrix(faithful), 0.1)
  omitted <- gmm_fit(gaps, 2, na_action = "omit", control = quiet(n_init = 2))
  expect_identical(validate_fit(omitted), omitted)
  line <- gmm_fit(faithful$waiting, 1:2, keep_data = TRUE,
                  labels = rep(c("a", NA), c(5, 267)),
                  control = quiet(n_init = 2))
  expect_identical(validate_fit(line), line)
  expect_null(check_candidates(line, NULL))
})

# Paths of the fields without a rule, of a list and of lists in it.
without_rule <- function(object, rules, path = "") {
  unlist(lapply(names(object), function(name) {
    rule <- rules[[name]]
    if (is.null(rule)) return(paste0(path, name))
    if (!is.list(rule)) return(character())
    without_rule(object[[name]], rule, paste0(path, name, "$"))
  }))
}

test_that("every field of each kind of fit has a rule", {
  # validate_fit() looks at these apart from the table of rules.
  apart <- list(gmvae = c("parameters", "layout"))
  searches <- lapply(c("cv", "test"), function(criterion) {
    gmm_fit(faithful, 1:2, "EEE", criterion = criterion,
            prior = gmm_prior(0.1), keep_data = TRUE,
            control = quiet(n_init = 2, n_boot = 19))
  })
  objects <- c(fuzz_world()$fits, fuzz_world()$mixtures, fuzz_others(),
               searches)
  kinds <- vapply(objects, function(object) {
    c(intersect(class(object), names(fit_kinds)), "none")[1]
  }, "")
  expect_setequal(setdiff(kinds, "none"), names(fit_kinds))
  for (i in which(kinds != "none")) {
    rules <- fit_kinds[[kinds[i]]]$rules()
    expect_setequal(without_rule(objects[[i]], rules),
                    c("version", apart[[kinds[i]]]))
  }
})

# The field that the error names, or what there is instead of an error.
named_field <- function(expr) {
  tryCatch(
    {
      force(expr)
      "no error"
    },
    gmvae_error_input = function(cnd) {
      sub(".*Its (\\S+) must.*", "\\1", gsub("`", "", cli::ansi_strip(
        rlang::cnd_message(cnd)
      )))
    },
    error = function(cnd) class(cnd)[1]
  )
}

test_that("a field that was changed is named", {
  x <- counts$counts
  cases <- list(
    list("input$scale", c("input", "scale"), numeric()),
    list("control", c("control", "hidden"), integer()),
    list("control", c("control", "epochs"), NaN),
    list("control", c("control", "n_threads"), 1e9),
    list("control", c("control", "n_latent"), NULL),
    list("control", c("control", "n_pcs"), -1),
    list("parameters", "parameters", fit$parameters[1:100]),
    list("parameters", "parameters", fit$parameters * NaN),
    list("parameters", "parameters", fit$parameters + 1e300),
    list("size_factors", "size_factors", numeric()),
    list("latent", "latent", fit$latent[, 1, drop = FALSE]),
    list("latent_sd", "latent_sd", -fit$latent_sd),
    list("mixture$means", c("mixture", "means"),
         fit$mixture$means[, 1, drop = FALSE]),
    list("mixture$weights", c("mixture", "weights"), c(1, 1)),
    list("mixture$covariances", c("mixture", "covariances"),
         -fit$mixture$covariances),
    list("posterior", "posterior", fit$posterior * 2),
    list("k", "k", 5L), list("k", "k", NULL),
    list("features", "features", rev(fit$features)[-1]),
    list("batch", "batch", factor(c("a", NA))),
    list("layout", "layout", fit$layout[-1, ]),
    list("outlier", c("outlier", "level"), 1),
    list("heldout", "heldout", 1000L),
    list("seed", "seed", -1), list("likelihood", "likelihood", "normal"),
    list("history", "history", data.frame())
  )
  for (case in cases) {
    broken <- fit
    broken[[case[[2]]]] <- case[[3]]
    for (method in list(predict, function(f) predict(f, x), summary, plot,
                        function(f) update(f, k = 2, x = x))) {
      expect_identical(named_field(method(broken)), case[[1]])
    }
  }
})

test_that("a field of a mixture that was changed is named", {
  cases <- list(
    list("weights", "weights", c(2, -1)),
    list("means", "means", mixture$means[, 1, drop = FALSE]),
    list("covariances", "covariances", mixture$covariances * 0),
    list("noise", c("noise", "range"), matrix(0, 2, 0)),
    list("noise", c("noise", "weight"), NULL),
    list("cluster", "cluster", mixture$cluster + 5L),
    list("uncertainty", "uncertainty", NULL),
    list("posterior", "posterior", mixture$posterior[, 1]),
    list("search", "search", NULL), list("columns", "columns", c("a", "a")),
    list("control", c("control", "n_threads"), NA),
    list("loglik", "loglik", NaN), list("call", "call", "gmm_fit()"),
    list("criterion", "criterion", matrix("bic")),
    list("criterion", "criterion", structure("bic", class = "unknown")),
    list("checksum", "checksum", 1), list("folds", "folds", 1:3),
    list("test", "test", data.frame(k = 1L, against = 2L, p_value = 2))
  )
  for (case in cases) {
    broken <- mixture
    broken[[case[[2]]]] <- case[[3]]
    for (method in list(predict, print, summary, simulate,
                        function(f) plot(f, "BIC"),
                        function(f) update(f, k = 3, x = faithful))) {
      expect_identical(named_field(method(broken)), case[[1]])
    }
  }
  broken <- mixture
  broken$criterion <- "cv"
  broken$search$cv <- NULL
  expect_identical(named_field(print(broken)), "search")
  broken <- mixture
  broken$candidates[[1]]$mixture$means <- 1
  expect_identical(named_field(update(broken, k = 1:2, x = faithful)),
                   "candidates")
})

test_that("a fit of another version is refused in words", {
  newer <- fit
  newer$version <- gmvae_format + 1L
  expect_error(predict(newer), "Update gmvae", class = "gmvae_error_input")
  newer <- mixture
  newer$version <- "next"
  expect_error(print(newer), "must have a format", class = "gmvae_error_input")
})

test_that("the core checks again what it reads", {
  state <- network_state(fit)
  x <- as_counts(counts$counts)
  encode <- function(state) {
    cpp_gmvae_encode(state, x, fit$size_factors, NULL, NULL, 2, TRUE, 1, NULL)
  }
  expect_length(encode(state)$elbo, ncol(x))
  breaks <- list(
    list("input", "scale", numeric()), list("hidden", integer()),
    list("parameters", 1), list("mixture", "means", matrix(0, 2, 1)),
    list("mixture", "covariances", 1), list("k", NaN), list("k", 1e9),
    list("n_latent", -1), list("n_design", 3), list("mixture", "weights", NULL)
  )
  for (case in breaks) {
    broken <- state
    broken[[unlist(case[-length(case)])]] <- case[[length(case)]]
    expect_error(encode(broken), info = paste(unlist(case[1:2])))
  }
  expect_error(cpp_gmvae_encode(state, x, 1, NULL, NULL, 0, TRUE, 1, NULL))
  expect_error(cpp_gmvae_decode(state, fit$latent, fit$size_factors, NULL, 99L,
                                1, NULL))
  expect_error(cpp_gmm_evaluate(as.matrix(faithful), list(
    weights = 1, means = matrix(0, 1, 1), covariances = array(1, c(1, 1, 1))
  ), "cluster", 1))
})

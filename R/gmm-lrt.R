# The number of components by sequential bootstrap tests.

#' Test the number of components of a Gaussian mixture
#'
#' Tests k against the next larger number of components by the bootstrap
#' likelihood-ratio test of McLachlan (1987), and goes on to the next k as long
#' as the smaller number is rejected.
#'
#' @param x,model As in [gmm_fit()]; one model.
#' @param k Numbers of components, at least two whole numbers of at least 1.
#'   Each is tested against the next larger one.
#' @param n_boot Number of samples for each test, a whole number of at least 19.
#' @param alpha Level of each test, a number between 0 and 1. It is also the
#'   largest probability of more components than there are, as testing stops at
#'   the first k that is not rejected.
#' @param early_stop `TRUE` ends a test as soon as its decision is certain, see
#'   below; `FALSE` always draws `n_boot` samples.
#' @param ... Other arguments of [gmm_fit()]: `weights`, `labels`, `noise`,
#'   `prior`, `na_action` and `control`.
#' @param BPPARAM As in [gmm_bootstrap()].
#' @returns An object of class `gmm_lrt`, which is a data frame with a row for
#'   each test: `k` and `against`; `loglik` and `loglik_against`, the
#'   log-likelihoods; `df`, the difference in the number of parameters;
#'   `statistic`, twice the difference of the log-likelihoods; `n_boot`, the
#'   samples drawn that count; `p_value`. Its attribute `"k"` is the number of
#'   components that the tests choose, `"statistics"` a list of the statistics
#'   of the samples. `as.data.frame()` gives the plain table.
#' @details
#' The regularity conditions under which a likelihood ratio has a chi-squared
#' distribution do not hold for the number of components. The test therefore
#' draws `n_boot` samples from the mixture of k components, fits both numbers of
#' components to each as it does to the data (from the same number of starts),
#' and compares: with r samples whose statistic is at least that of the data,
#' the p-value is (r + 1) / (n_boot + 1).
#'
#' With `early_stop` a test ends once the samples still to come cannot change
#' the decision. It also ends where they are very unlikely to: at each of a few
#' looks (after 50, 100, 200, ... samples) if a 99.99% confidence interval for
#' the p-value does not hold `alpha` (compare Gandy 2009). The p-value is then
#' that of the samples drawn.
#'
#' Both log-likelihoods are the best that several starts found. Where another
#' program reports a smaller statistic, it may have missed a better solution,
#' for one number of components or the other.
#' @section Errors: Those of [gmm_fit()], and `gmvae_error_option` for more than
#'   one model, fewer than two numbers of components, or other arguments out of
#'   range; `gmvae_error_numerical` if the data or most of the samples cannot be
#'   fitted.
#' @references
#' McLachlan (1987) On bootstrapping the likelihood ratio test statistic for the
#' number of components in a normal mixture. *Journal of the Royal Statistical
#' Society C* 36, 318-324. \doi{10.2307/2347790}
#'
#' Gandy (2009) Sequential implementation of Monte Carlo tests with uniformly
#' bounded resampling risk. *Journal of the American Statistical Association*
#' 104, 1504-1511. \doi{10.1198/jasa.2009.tm08368}
#' @seealso [gmm_fit()], whose `criterion = "test"` chooses k by these tests.
#' @examples
#' set.seed(1)
#' gmm_lrt(faithful, k = 1:3, model = "EEE", n_boot = 99)
#' @export
gmm_lrt <- function(x, k = 1:9, model, n_boot = 999, alpha = 0.05,
                    early_stop = TRUE, ..., BPPARAM = NULL) {
  call <- quote(gmm_lrt())
  check_given(missing(x), call)
  if (missing(model)) abort_one_model(NULL, call)
  arguments <- lrt_arguments(list(...), check_lrt_k(k, call), model, call)
  arguments$control$n_boot <- check_count(n_boot, min = 19, call = call)
  arguments$control$alpha <- check_level(alpha, call)
  early_stop <- check_flag(early_stop, call = call)
  check_bpparam(BPPARAM, call, "fit samples")
  inputs <- gmm_inputs(x, arguments, call)
  if (length(unique(inputs$candidates$model)) != 1L) {
    abort_one_model(model, call)
  }
  found <- test_components(inputs, early_stop, BPPARAM, call)
  new_gmm_lrt(found, inputs)
}

check_lrt_k <- function(k, call) {
  k <- sort(check_k(k, call))
  if (length(k) > 1L) return(k)
  gmvae_abort(c(
    "{.arg k} must have at least two different numbers of components.",
    x = "You supplied {describe(k)}."
  ), "option", call = call)
}

abort_one_model <- function(model, call) {
  gmvae_abort(c(
    "{.arg model} must name one covariance model.",
    x = "You supplied {describe(model)}.",
    i = "{.code gmm_fit(criterion = \"test\")} compares several models."
  ), "option", call = call)
}

# The arguments of gmm_fit() by name, as gmm_inputs() takes them.
lrt_arguments <- function(given, k, model, call) {
  allowed <- c("weights", "labels", "noise", "prior", "na_action", "control")
  unknown <- !rlang::names2(given) %in% allowed
  if (any(unknown)) {
    abort_unknown(given[unknown], list(
      own = c("n_boot", "alpha", "early_stop", "BPPARAM", allowed),
      unnamed = "alpha", control = control_of(gmm_fit)
    ), call)
  }
  arguments <- list(
    k = k, model = model, weights = NULL, labels = NULL, start = NULL,
    noise = NULL, prior = NULL, na_action = "fail", criterion = "bic",
    keep_data = FALSE, keep_posterior = FALSE, control = gmm_control()
  )
  arguments[names(given)] <- given
  check_control(arguments$control, "gmm_control", call = call)
  arguments
}

# Tests each k of the candidates against the next until one is not rejected.
# Returns `tests`, a data frame with a row for each; `statistics`, those of the
# samples; `k`; and `searches`, a search for each test.
#
# Of several models each k is represented by the one of smallest BIC, and the
# statistic is the difference of these; of one model that is the likelihood
# ratio minus a constant.
test_components <- function(inputs, early_stop, BPPARAM, call) {
  ks <- sort(unique(inputs$candidates$k))
  inputs$criterion <- "bic"
  inputs$keep_all <- TRUE  # samples are drawn from mixtures of the smaller k
  progress <- progress_reporter(inputs$control$verbose)
  tests <- statistics <- searches <- list()
  chosen <- ks[1]
  for (i in seq_len(length(ks) - 1L)) {
    pair <- inputs
    pair$candidates <- inputs$candidates[inputs$candidates$k %in% ks[i + 0:1], ]
    search <- gmm_search(pair, NULL, call)
    rows <- best_of_each(search$table, ks[i + 0:1])
    searches <- c(searches, list(search))
    # Numbers that cannot be fitted: from below there are labels for more; from
    # above the smaller stays.
    if (is.na(rows[1])) {
      chosen <- ks[i + 1L]
      next
    }
    if (is.na(rows[2])) break
    null <- null_statistics(pair, search, rows, early_stop, BPPARAM, progress,
                            call)
    tests <- c(tests, list(test_row(search$table, rows, null)))
    statistics <- c(statistics, list(null$statistics))
    if (null$p_value > inputs$control$alpha) break
    chosen <- ks[i + 1L]
  }
  list(tests = do.call(rbind, tests), statistics = statistics, k = chosen,
       searches = searches)
}

# Of each k the row of smallest BIC; `NA` where there is no fit.
best_of_each <- function(table, ks) {
  vapply(ks, function(k) {
    rows <- which(table$k == k & !is.na(table$bic))
    if (length(rows) == 0L) NA_integer_ else rows[which.min(table$bic[rows])]
  }, 0L)
}

test_row <- function(table, rows, null) {
  data.frame(
    k = table$k[rows[1]], against = table$k[rows[2]],
    model = table$model[rows[1]], model_against = table$model[rows[2]],
    loglik = table$loglik[rows[1]], loglik_against = table$loglik[rows[2]],
    df = table$df[rows[2]] - table$df[rows[1]],
    statistic = 2 * (table$loglik[rows[2]] - table$loglik[rows[1]]),
    bic_difference = null$observed, n_boot = length(null$statistics),
    p_value = null$p_value
  )
}

# How much smaller the best BIC of the larger k is than that of the smaller one,
# for the data and for samples from the mixture of the smaller k, and the
# p-value.
null_statistics <- function(inputs, search, rows, early_stop, BPPARAM, progress,
                            call) {
  control <- inputs$control
  table <- search$table
  used <- which(is.na(table$reason))
  problem <- c(list(k = table$k[used], model = core_model(table$model[used])),
               inputs$problem)
  mixture <- core_mixture(search$found[[rows[1]]]$mixture, search$noise)
  seed <- draw_seed()
  larger <- table$k[used] > table$k[rows[1]]
  gain <- function(loglik) {
    bic <- -2 * loglik + table$df[used] * log(inputs$n_obs)
    best <- function(rows) {
      apply(bic[rows, , drop = FALSE], 2L, function(b) {
        if (all(is.na(b))) NA else min(b, na.rm = TRUE)
      })
    }
    found <- best(!larger) - best(larger)
    # A sample without a fit of the larger k would not choose it.
    found[is.na(best(larger)) & !is.na(best(!larger))] <- -Inf
    found
  }
  observed <- gain(matrix(table$loglik[used]))
  statistics <- numeric()
  drawn <- 0L
  looks <- test_looks(control$n_boot, early_stop)
  for (look in looks) {
    chunks <- in_chunks(look - drawn, control, BPPARAM, call,
                        function(replicates, control) {
      cpp_gmm_null(inputs$x, problem, mixture, core_control(control),
                   c(replicates, seed = seed), progress)
    }, first = drawn + 1L)
    drawn <- look
    statistics <- c(statistics, gain(do.call(cbind, chunks)))
    known <- statistics[!is.na(statistics)]
    if (is_decided(sum(known >= observed), length(known), control)) break
  }
  check_samples(known, drawn, call)
  list(observed = observed, statistics = known,
       p_value = (sum(known >= observed) + 1) / (length(known) + 1))
}

# After how many samples the decision is looked at.
test_looks <- function(n, early_stop) {
  if (!early_stop) return(n)
  looks <- 50 * 2^(0:20)
  c(looks[looks < n], n)
}

# Is it certain, or nearly, whether the p-value of all n_boot samples is above
# alpha, after `n` of which `r` exceeded the observed statistic?
is_decided <- function(r, n, control) {
  alpha <- control$alpha
  left <- max(control$n_boot - n, 0)
  lowest <- (r + 1) / (control$n_boot + 1)
  highest <- (r + left + 1) / (control$n_boot + 1)
  if (lowest > alpha || highest <= alpha) return(TRUE)
  limits <- stats::qbeta(c(5e-5, 1 - 5e-5), c(r, r + 1), c(n - r + 1, n - r))
  (r > 0 && limits[1] > alpha) || limits[2] < alpha
}

check_samples <- function(known, drawn, call) {
  if (length(known) > 0.5 * drawn) return(invisible())
  gmvae_abort(c(
    "At least half of the samples must have a fit of both numbers of
     components.",
    x = "{drawn - length(known)} of {drawn} have none.",
    i = "Use a smaller {.arg k}, a simpler {.arg model} or a {.arg prior}."
  ), "numerical", call = call)
}

new_gmm_lrt <- function(found, inputs) {
  if (is.null(found$tests)) {
    gmvae_abort(c(
      "The data must allow a mixture of each of the first two {.arg k}.",
      x = "{found$searches[[1]]$table$reason[
           !is.na(found$searches[[1]]$table$reason)][1]}."
    ), "numerical", call = quote(gmm_lrt()))
  }
  columns <- c("k", "against", "loglik", "loglik_against", "df", "statistic",
               "n_boot", "p_value")
  constant <- found$tests$bic_difference - found$tests$statistic
  structure(
    found$tests[columns],
    class = c("gmm_lrt", "data.frame"),
    k = found$k,
    statistics = Map(`-`, found$statistics, constant),
    model = found$tests$model[1],
    alpha = inputs$control$alpha,
    last = max(inputs$candidates$k)
  )
}

# gmm_search() for `criterion = "test"`: the candidates of each k have the fits
# of the last test that they were in, and the chosen k's best BIC wins.
search_by_test <- function(inputs, call) {
  if (length(unique(inputs$candidates$k)) < 2L) {
    return(gmm_search(replace(inputs, "criterion", "bic"), NULL, call))
  }
  found <- test_components(inputs, TRUE, NULL, call)
  search <- start_search(inputs, NULL)
  for (part in found$searches) {
    rows <- match(candidate_names(part$table), candidate_names(search$table))
    search$table[rows, ] <- part$table
    search$found[rows] <- part$found
    search$noise <- part$noise
  }
  table <- search$table
  open <- is.na(table$loglik) & is.na(table$reason)
  search$table$reason[open] <- "the tests ended at a smaller k"
  best <- best_of_each(table, found$k)
  if (is.na(best)) abort_no_fit(search$table, call)
  search$best <- best
  search$test <- found$tests
  search
}

# What a fit by tests says of them.
test_lines <- function(object) {
  if (is.null(object$test)) return(NULL)
  p <- format.pval(object$test$p_value, digits = 2, eps = 1e-4)
  steps <- sprintf("%d against %d: p = %s", object$test$k, object$test$against,
                   p)
  paste0("Tests of k: ", paste(steps, collapse = "; "), ".")
}

#' @export
print.gmm_lrt <- function(x, digits = 6, ...) {
  local_decimal_point()
  cat("Bootstrap likelihood-ratio tests of the number of components, model ",
      attr(x, "model"), "\n\n", sep = "")
  table <- as.data.frame(x)
  table$p_value <- format.pval(table$p_value, digits = 3)
  print(table, digits = digits, row.names = FALSE)
  cat("\n", lrt_conclusion(x), "\n", sep = "")
  invisible(x)
}

lrt_conclusion <- function(x) {
  k <- attr(x, "k")
  components <- cli::pluralize("{k} component{?s}")
  if (k == attr(x, "last")) {
    return(paste0("All smaller numbers were rejected: at least ", components,
                  "."))
  }
  last <- x[nrow(x), ]
  if (last$k < k) {
    return(paste0(components, ": the next number could not be fitted."))
  }
  sprintf("%s: the test at level %s against %d did not reject.", components,
          format(attr(x, "alpha")), last$against)
}

#' @export
as.data.frame.gmm_lrt <- function(x, ...) {
  kept <- c("names", "row.names")
  attributes(x) <- c(attributes(x)[kept], list(class = "data.frame"))
  x
}

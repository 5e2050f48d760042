# What each field of a gmm_fit() and of a mixture must be.

gmm_sizes <- function(object) {
  noise <- object[["noise"]]
  share <- if (is.list(noise)) noise[["weight"]]
  if (!is.numeric(share) || length(share) != 1L || is.na(share)) share <- 0
  k <- usual_size(object[["k"]], length(object[["weights"]]),
                  NROW(object[["means"]]))
  omitted <- usual_size(object[["n_omitted"]])
  sizes <- list(
    k = k,
    d = usual_size(length(object[["columns"]]), NCOL(object[["means"]]),
                   nrow(object[["covariances"]])),
    n = if (isTRUE(usual_size(object[["n"]]) > most_clusters)) {
      usual_size(object[["n"]])
    } else {
      usual_size(object[["n"]], length(object[["cluster"]]),
                 length(object[["uncertainty"]]))
    },
    noise = share,
    components = k + !is.null(noise)
  )
  sizes$used <- sizes$n - omitted
  criterion <- object[["criterion"]]
  sizes$by <- if (rlang::is_string(criterion)) ranked_by(criterion)
  sizes
}

model_codes <- function() c(plane_models$code, line_models$code)

gmm_mixture <- list(
  weights = both(numbers("k", 0, 1), sums_to_one),
  means = numbers(c("k", "d")),
  covariances = both(numbers(c("d", "d", "k")), are_covariances)
)

gmm_candidate <- function(value, sizes) {
  if (!is.list(value)) return("hold lists")
  sizes$k <- usual_size(value[["k"]])
  sizes$noise <- usual_size(value[["mixture"]][["noise"]])
  fault <- field_fault(value, list(
    k = whole_numbers(1, 1), model = one_of(model_codes),
    loglik = numbers(1), objective = numbers(1), df = whole_numbers(1),
    n_iter = whole_numbers(1), converged = flags(1), history = numbers(NULL),
    starts = numbers(NULL, missing = TRUE), best_start = whole_numbers(1, 1),
    entropy = numbers(1),
    mixture = c(gmm_mixture, list(noise = numbers(1, 0, 1)))
  ), sizes)
  if (!is.null(fault)) {
    paste0("hold candidates whose `", fault$field, "` must ", fault$must)
  }
}

# What a fit shares with marginal and conditional mixtures.
gmm_distribution <- c(
  list(
    k = both(whole_numbers(1, 1),
             that(function(value, sizes) value == sizes$k,
                  "be the number of components")),
    columns = strings("d", unique = TRUE),
    noise = function(value, sizes) {
      if (is.null(value)) return(NULL)
      fault <- field_fault(value, list(
        weight = numbers(1, 0, 1), log_density = numbers(1),
        range = both(
          numbers(c(2, "d")),
          that(function(value, sizes) all(value[2, ] > value[1, ]),
               "have its lower ends in the first row")
        )
      ), sizes)
      if (!is.null(fault)) {
        paste0("have an element `", fault$field, "`, which must ", fault$must)
      }
    }
  ),
  gmm_mixture
)

# Marginal and conditional mixtures.
mixture_fields <- c(
  gmm_distribution,
  list(
    given = optional(both(
      numbers(NULL),
      that(function(value, sizes) {
        length(value) > 0L && is.character(names(value))
      }, "have the names of columns")
    )),
    na_action = one_of(function() "em"), control = is_gmm_control
  )
)

# A fit to very many rows on disk holds nothing for single ones.
by_row <- function(rule) {
  function(value, sizes) {
    if (is.null(value) && sizes$n > most_clusters) return(NULL)
    rule(value, sizes)
  }
}

most_clusters <- 1e7

# Classifiers have other columns besides.
search_columns <- list(
  k = whole_numbers("rows", 1), model = strings("rows"),
  loglik = numbers("rows", missing = TRUE),
  df = numbers("rows", missing = TRUE), bic = numbers("rows", missing = TRUE),
  aic = numbers("rows", missing = TRUE),
  reason = strings("rows", missing = TRUE)
)

# `sizes$by`: the columns that combinations are ranked by.
has_criterion <- that(function(value, sizes) all(sizes$by %in% names(value)),
                      "have the columns of the fit's type and criterion")

gmm_fields <- c(
  gmm_distribution,
  list(
    n = both(whole_numbers(1, 1),
             that(function(value, sizes) value == sizes$n,
                  "be the number of rows")),
    cluster = by_row(both(
      numbers("n", 0, whole = TRUE, missing = TRUE),
      that(function(value, sizes) all(value <= sizes$k, na.rm = TRUE),
           "be numbers of components")
    )),
    uncertainty = by_row(numbers("n", 0, 1, missing = TRUE)),
    posterior = optional(both(
      numbers(c("n", "components"), 0, 1, missing = TRUE), rows_sum_to_one
    )),
    loglik = numbers(1), df = whole_numbers(1), aic = numbers(1),
    bic = numbers(1), icl = numbers(1), objective = numbers(1),
    entropy = numbers(1), history = numbers(NULL), converged = flags(1),
    n_iter = whole_numbers(1),
    starts = both(numbers(NULL, missing = TRUE),
                  that(function(value, sizes) !is.null(names(value)),
                       "have names")),
    best_start = whole_numbers(1, 1),
    criterion = one_of(function() criteria),
    search = both(
      frame(c(search_columns, list(
        icl = numbers("rows", missing = TRUE),
        cv = optional(numbers("rows", missing = TRUE))
      ))),
      has_criterion
    ),
    candidates = function(value, sizes) if (!is.list(value)) "be a list",
    model = one_of(model_codes),
    na_action = one_of(function() c("fail", "omit", "em")),
    labels = optional(strings(NULL)),
    n_obs = numbers(1, 0), n_incomplete = whole_numbers(1),
    n_omitted = whole_numbers(1), fingerprint = strings(1),
    # Infinite for numbers so large that their sum is.
    checksum = optional(numbers("d", missing = TRUE)),
    folds = optional(whole_numbers("used")),
    test = optional(frame(list(
      k = whole_numbers("rows", 1), against = whole_numbers("rows", 1),
      p_value = numbers("rows", 0, 1)
    ))),
    call = optional(is_language), seed = numbers(1, 0),
    control = is_gmm_control, prior = optional(is_gmm_prior),
    data = optional(numbers(c("n", "d"), missing = TRUE))
  )
)

# Only update() uses the other candidates of a fit.
check_candidates <- function(object, call) {
  rule <- function(value, sizes) {
    if (is.null(names(value))) return("have names")
    for (candidate in value) {
      must <- gmm_candidate(candidate, sizes)
      if (!is.null(must)) return(must)
    }
  }
  fault <- field_fault(object, list(candidates = rule), gmm_sizes(object))
  if (!is.null(fault)) abort_field(fault, "object", "gmm_fit", call)
}

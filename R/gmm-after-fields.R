# What the fields of merged components, classifiers and coordinates must be, as
# R/fit-fields.R has it for fits.

# A fit of one of these classes inside another object.
is_fit <- function(classes) {
  force(classes)
  function(value, sizes) {
    kind <- intersect(class(value), classes)
    if (length(kind) == 0L) {
      return(paste("be of class", paste(classes, collapse = " or ")))
    }
    kind <- fit_kinds[[kind[1]]]
    fault <- field_fault(value, kind$rules(), kind$sizes(value))
    if (!is.null(fault)) paste0("have `", fault$field, "`, which must ",
                                fault$must)
  }
}

merged_sizes <- function(object) {
  fit <- gmm_sizes(object[["fit"]])
  clusters <- usual_size(object[["n_clusters"]], length(object[["weights"]]))
  list(k = fit$k, n = fit$n, clusters = clusters,
       columns = clusters + fit$components - fit$k)
}

merged_fields <- list(
  fit = is_fit("gmm_fit"),
  method = one_of(function() merge_methods),
  n_clusters = both(whole_numbers(1, 1),
                    that(function(value, sizes) value == sizes$clusters,
                         "be the number of clusters")),
  members = both(whole_numbers("k", 1),
                 that(function(value, sizes) max(value) == sizes$clusters,
                      "name all clusters")),
  cluster = numbers("n", 0, whole = TRUE, missing = TRUE),
  uncertainty = numbers("n", 0, 1, missing = TRUE),
  posterior = numbers(c("n", "columns"), 0, 1 + 1e-6, missing = TRUE),
  weights = numbers("clusters", 0, 1 + 1e-6),
  tree = optional(whole_numbers(c("k", "k"), 1)),
  steps = optional(frame(list(n_clusters = whole_numbers("k", 1),
                              value = numbers("k", missing = TRUE),
                              rows = numbers("k", 0),
                              entropy = numbers("k")), "k"))
)

classifier_sizes <- function(object) {
  list(
    by = c(
      if (identical(object[["type"]], "mixture")) "class",
      if (identical(object[["criterion"]], "cv")) c("error", "brier") else
        object[["criterion"]]
    ),
    k = usual_size(length(object[["weights"]]), NROW(object[["means"]])),
    d = usual_size(length(object[["columns"]]), NCOL(object[["means"]])),
    n = usual_size(object[["n"]], length(object[["class"]]),
                   length(object[["uncertainty"]])),
    classes = usual_size(length(object[["classes"]]),
                         length(object[["shares"]])),
    noise = 0
  )
}

up_to_classes <- that(function(value, sizes) all(value <= sizes$classes),
                      "be numbers of classes")

classifier_fields <- c(
  list(
    type = one_of(function() c("edda", "mixture")),
    criterion = one_of(function() c("bic", "aic", "icl", "cv")),
    models = frame(list(class = strings("rows"), n = whole_numbers("rows"),
                        k = whole_numbers("rows", 1),
                        model = strings("rows")), "classes"),
    search = both(frame(search_columns), has_criterion),
    classes = strings("classes", unique = TRUE),
    columns = strings("d", unique = TRUE),
    n = whole_numbers(1, 1)
  ),
  gmm_mixture,
  list(
    component_class = both(whole_numbers("k", 1), up_to_classes),
    shares = numbers("classes", 0, 1 + 1e-6),
    proportions = numbers("classes", 0, 1 + 1e-6),
    cost = optional(numbers(c("classes", "classes"), 0)),
    class = groups("n", "classes"),
    posterior = numbers(c("n", "classes"), 0, 1 + 1e-6, missing = TRUE),
    uncertainty = numbers("n", -1e-6, 1, missing = TRUE),
    predicted = groups("n", "classes", missing = TRUE),
    error = numbers(1, 0), brier = numbers(1, 0), mean_cost = numbers(1, 0),
    confusion = numbers(c("classes", "classes"), 0),
    loglik = numbers(1), df = whole_numbers(1), bic = numbers(1),
    aic = numbers(1), n_obs = numbers(1, 0), n_incomplete = whole_numbers(1),
    data = optional(numbers(c("n", "d"), missing = TRUE)),
    call = optional(is_language),
    row_weights = optional(numbers("n", 0)),
    na_action = one_of(function() c("fail", "omit", "em")),
    control = is_gmm_control, prior = optional(is_gmm_prior)
  )
)

coordinate_sizes <- function(object) {
  list(
    k = usual_size(length(object[["weights"]]), NROW(object[["means"]])),
    d = usual_size(NROW(object[["directions"]]), length(object[["centre"]])),
    m = usual_size(length(object[["values"]]), NCOL(object[["directions"]])),
    n = usual_size(NROW(object[["coordinates"]]), length(object[["group"]])),
    groups = usual_size(length(object[["groups"]])),
    noise = 0
  )
}

coordinate_fields <- list(
  fit = is_fit(c("gmm_fit", "gmm_merged", "gmm_classifier")),
  directions = numbers(c("d", "m")),
  loadings = numbers(c("d", "m")),
  values = numbers("m", 0),
  from_means = numbers("m"), from_covariances = numbers("m"),
  importance = numbers("d", 0, 1 + 1e-6),
  centre = numbers("d"), scale = numbers("d", 0),
  lambda = numbers(1, 0, 1), total = one_of(function() c("data", "mixture")),
  legend = one_of(function() c("Cluster", "Class", "Component")),
  coordinates = numbers(c("n", "m"), missing = TRUE),
  group = numbers("n", 0, whole = TRUE, missing = TRUE),
  groups = strings("groups"),
  weights = numbers("k", 0, 1 + 1e-6),
  means = numbers(c("k", "m")),
  covariances = both(numbers(c("m", "m", "k")), are_covariances),
  component_group = both(
    whole_numbers("k", 1),
    that(function(value, sizes) all(value <= sizes$groups),
         "be numbers of groups")
  )
)

# What each field of a gmvae() fit must be.

gmvae_sizes <- function(object) {
  control <- object[["control"]]
  input <- object[["input"]]
  mixture <- object[["mixture"]]
  proteins <- object[["proteins"]]
  part <- function(list, name) if (is.list(list)) list[[name]]
  sizes <- list(
    cells = usual_size(length(object[["cluster"]]), NROW(object[["posterior"]]),
                       NROW(object[["latent"]]), NROW(object[["latent_sd"]]),
                       length(object[["size_factors"]])),
    k = usual_size(object[["k"]], NCOL(object[["posterior"]]),
                   nlevels(object[["cluster"]])),
    components = usual_size(
      length(part(mixture, "weights")), NROW(part(mixture, "means")),
      if (is.null(object[["components"]])) object[["k"]] else
        length(object[["components"]])
    ),
    n_latent = usual_size(part(control, "n_latent"), NCOL(object[["latent"]]),
                          NCOL(part(mixture, "means"))),
    features = usual_size(length(object[["features"]]),
                          length(part(input, "scale")),
                          length(part(input, "offset"))),
    proteins = usual_size(
      length(part(proteins, "features")),
      length(part(part(proteins, "input"), "scale")),
      length(part(part(proteins, "input"), "offset"))
    ),
    genes = usual_size(object[["n_genes"]], NROW(object[["feature_table"]])),
    noise = 0
  )
  sizes$outlier_terms <- 3 + sizes$components +
    n_design(list(batch = object[["batch"]],
                  covariates = object[["covariates"]]))
  sizes
}

equals_size <- function(size, what) {
  both(whole_numbers(1), that(function(value, sizes) value == sizes[[size]],
                              paste("be the number of", what)))
}

# Largest number that single precision holds, in which the networks compute.
largest_single <- 3.4e38

# A data frame of factors and finite numbers that are not all the same.
known_columns <- both(
  frame(list(), "cells"),
  that(function(value, sizes) {
    length(value) > 0L && !anyDuplicated(names(value)) &&
      all(nzchar(names(value)))
  }, "have columns with different names"),
  function(value, sizes) {
    for (column in value) {
      rule <- if (is.factor(column)) groups("cells") else numbers("cells")
      must <- rule(column, sizes)
      if (!is.null(must)) return(paste("have columns that each must", must))
      if (length(unique(column)) == 1L) return("have columns that vary")
    }
  }
)

# A list whose elements have rules of their own.
elements <- function(rules) {
  force(rules)
  function(value, sizes) {
    if (!is.list(value)) return("be a list")
    fault <- field_fault(value, rules, sizes)
    if (!is.null(fault)) {
      paste0("have an element `", fault$field, "`, which must ", fault$must)
    }
  }
}

gmvae_fields <- list(
  k = both(whole_numbers(1, 1), equals_size("k", "clusters")),
  likelihood = one_of(function() likelihood_names()),
  covariance = one_of(function() covariance_names()),
  control = both(
    function(value, sizes) {
      control_fault(value, "gmvae_control", function(control, call) {
        check_gmvae_control(control, call)
        check_count(control$n_latent, arg = "n_latent", call = call)
        check_count(control$epochs, arg = "epochs", call = call)
        check_mask(control$mask, call = call)
        # Fits from before this option have none.
        if (!is.null(control$n_pcs)) {
          check_count(control$n_pcs, min = 0, arg = "n_pcs", call = call)
        }
        check_flag(control$warmup, arg = "warmup", call = call)
      })
    },
    that(function(value, sizes) value$n_latent == sizes$n_latent,
         "have as many latent dimensions as the fit")
  ),
  features = strings("features", unique = TRUE),
  batch = optional(groups("cells")),
  batch_source = one_of(function() c("none", "user", "found")),
  covariates = optional(known_columns),
  labels = optional(both(
    groups("cells", missing = TRUE),
    that(function(value, sizes) {
      nlevels(value) %in% seq_len(sizes$components) && !all(is.na(value))
    }, "have classes, and no more than there are components")
  )),
  proteins = optional(elements(list(
    name = optional(strings(1)), features = strings("proteins", unique = TRUE),
    transform = one_of(function() c("clr", "none")),
    input = list(scale = numbers("proteins"), offset = numbers("proteins")),
    checksum = optional(numbers("proteins", missing = TRUE))
  ))),
  label_noise = optional(numbers(1, 0, 1)),
  cluster = groups("cells", "k"),
  posterior = both(numbers(c("cells", "k"), 0, 1 + 1e-9), rows_sum_to_one),
  latent = numbers(c("cells", "n_latent")),
  latent_sd = numbers(c("cells", "n_latent"), 0),
  mixture = list(
    weights = both(numbers("components", 0, 1), sums_to_one),
    means = numbers(c("components", "n_latent")),
    covariances = both(numbers(c("n_latent", "n_latent", "components")),
                       are_covariances)
  ),
  components = function(value, sizes) {
    if (is.null(value)) {
      if (sizes$k == sizes$components) return(NULL)
      return("say which components of the mixture each cluster has")
    }
    must <- whole_numbers("components", 1)(value, sizes)
    if (!is.null(must)) return(must)
    if (!setequal(value, seq_len(sizes$k))) return("name each cluster")
  },
  history = frame(list(
    epoch = whole_numbers("rows", 1), phase = strings("rows"),
    elbo = numbers("rows"), elbo_heldout = numbers("rows", missing = TRUE),
    reconstruction = numbers("rows"), kl = numbers("rows"),
    learning_rate = numbers("rows"), seconds = optional(numbers("rows", 0))
  )),
  elbo = both(
    numbers(c(2, 4), missing = TRUE),
    that(function(value, sizes) {
      identical(dimnames(value), list(
        c("train", "heldout"), c("elbo", "reconstruction", "kl_z", "kl_c")
      ))
    }, "have its row and column names")
  ),
  n_genes = equals_size("genes", "genes"),
  feature_table = both(
    frame(list(
      gene = strings("rows"), mean = numbers("rows"),
      variance = numbers("rows"), n_cells = numbers("rows", 0),
      score = numbers("rows", missing = TRUE), used = flags("rows")
    ), "genes"),
    that(function(value, sizes) sum(value$used) == sizes$features,
         "have as many used genes as the fit")
  ),
  size_factors = both(
    numbers("cells", 0),
    that(function(value, sizes) all(value > 0), "be positive")
  ),
  size_reference = numbers(1, 1e-300), size_scale = numbers(1, 1e-300),
  size_source = one_of(function() c("library", "user", "none")),
  heldout = both(
    whole_numbers(NULL, 1),
    that(function(value, sizes) all(value <= sizes$cells),
         "be numbers of cells")
  ),
  converged = flags(1), n_rollbacks = whole_numbers(1),
  active_units = whole_numbers(1),
  input = list(scale = numbers("features"), offset = numbers("features")),
  loadings = optional(numbers(c("features", "n_latent"))),
  k_path = optional(frame(list(
    k = whole_numbers("rows", 1), stability = numbers("rows", missing = TRUE),
    stability_sd = numbers("rows", missing = TRUE),
    shared = optional(numbers("rows", missing = TRUE)),
    shared_sd = optional(numbers("rows", missing = TRUE)),
    shared_pcs = optional(numbers("rows", missing = TRUE)),
    shared_pcs_sd = optional(numbers("rows", missing = TRUE)),
    log_density = optional(numbers("rows", missing = TRUE)),
    stable = optional(flags("rows")),
    p = optional(numbers("rows", missing = TRUE)),
    p_unseen = optional(numbers("rows", missing = TRUE))
  ))),
  small_groups = optional(whole_numbers(1)),
  stability = numbers(1, missing = TRUE),
  cluster_stability = optional(numbers("k", missing = TRUE)),
  cluster_confusion = optional(both(
    numbers(c("k", "k"), 0, 1 + 1e-9),
    that(function(value, sizes) all(abs(rowSums(value) - 1) < 1e-6),
         "have rows that sum to 1")
  )),
  networks = optional(frame(list(
    seed = numbers("rows", 0), elbo = numbers("rows"),
    elbo_heldout = numbers("rows", missing = TRUE),
    stability = numbers("rows", missing = TRUE), agreement = numbers("rows"),
    kept = flags("rows"),
    chosen_k = optional(whole_numbers("rows", 1))
  ))),
  seed = whole_numbers(1, most = 2^53), call = optional(is_language),
  checksum = optional(numbers("features", missing = TRUE)),
  heldout_scores = optional(numbers(NULL)),
  outlier = optional(elements(list(
    centre = numbers(1), scale = numbers(1, 1e-300),
    level = numbers("outlier_terms"), spread = numbers(2),
    scores = both(numbers(NULL), that(function(value, sizes) {
      !is.unsorted(value)
    }, "ascend")),
    n = whole_numbers(1, 1)
  )))
)

# The parts of the parameters, whose places the sizes of the networks give.
check_layout <- function(object, arg, call) {
  n_rows <- length(object$features) + length(object$proteins$features)
  layout <- cpp_gmvae_layout(network_state(object), n_rows)
  n <- sum(layout$rows * layout$cols)
  fault <- field_fault(
    object,
    list(
      parameters = numbers(n, -largest_single, largest_single),
      layout = that(function(value, sizes) {
        is.data.frame(value) && identical(dim(value), dim(layout)) &&
          identical(value$name, layout$name) &&
          all(vapply(c("rows", "cols", "offset"), function(column) {
            isTRUE(all.equal(as.numeric(value[[column]]), layout[[column]]))
          }, NA))
      }, "have the parts of the networks, each at its place")
    ),
    list()
  )
  if (!is.null(fault)) abort_field(fault, arg, "gmvae", call)
  invisible(object)
}

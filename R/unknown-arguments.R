# Arguments and options that a function does not have are errors that say where
# they belong. gmm_fit(), gmvae(), their methods and their control functions all
# share check_no_dots().

# `...` of a function must be empty. `fn` is that function: its arguments, and
# its control function (the default of its argument `control`), are read from
# it. A control function gives in `options_of` the name of the function whose
# options it holds.
check_no_dots <- function(..., options_of = NULL, fn = rlang::caller_fn(),
                          call = rlang::caller_env()) {
  if (...length() == 0L) return(invisible())
  arguments <- names(formals(fn))
  has <- list(
    own = setdiff(arguments, "..."),
    unnamed = arguments[seq_len(match("...", arguments) - 1L)],
    control = control_of(fn),
    options_of = options_of
  )
  abort_unknown(rlang::enexprs(...), has, call)
}

# "gmm_control" for gmm_fit(), NULL for a function without `control`.
control_of <- function(fn) {
  default <- formals(fn)$control
  if (is.call(default)) as.character(default[[1L]])
}

# `given`: the expressions of the unknown arguments, by name. `has`: the
# arguments that the function has (`own`), those of them that need no name
# (`unnamed`), and `control` and `options_of` as in check_no_dots().
abort_unknown <- function(given, has, call) {
  names <- rlang::names2(given)
  kind <- if (is.null(has$options_of)) "argument" else "option"
  if (!all(nzchar(names))) abort_unnamed(sum(!nzchar(names)), has, kind, call)
  values <- vapply(given, short_code, "")
  option <- names %in% names_of(has$control)
  answers <- unique(unlist(c(
    if (any(option)) answer_options(names[option], values[option], has),
    Map(answer_unknown, names[!option], values[!option],
        MoreArgs = list(has = has))
  )))
  gmvae_abort(c(
    "Unknown {kind}{cli::qty(length(names))}{?s} {.arg {names}}.",
    stats::setNames(sprintf("{answers[%d]}", seq_along(answers)),
                    rep("i", length(answers))),
    i = if (length(answers) == 0L) "The {kind}s are {.arg {all_of(has$own)}}.",
    i = if (length(answers) == 0L && !is.null(has$control)) {
      "Other options belong in {.arg control}, see {.fn {has$control}}."
    }
  ), "option", call = call)
}

# Names for a message, however many there are.
all_of <- function(names) cli::cli_vec(names, list("vec-trunc" = Inf))

abort_unnamed <- function(n, has, kind, call) {
  last <- has$unnamed[length(has$unnamed)]
  gmvae_abort(c(
    if (length(last) > 0L) {
      "All arguments after {.arg {last}} must be named."
    } else {
      "All {kind}s must be named."
    },
    x = "{n} {kind}{cli::qty(n)}{?s} {?has/have} no name.",
    i = "The {kind}s are {.arg {all_of(has$own)}}."
  ), "option", call = call)
}

# A sentence on arguments that are options of the control function.
answer_options <- function(names, values, has) {
  quoted <- paste0("`", names, "`")
  cli::pluralize(
    "{quoted} {?is an option/are options} of `{has$control}()`: write ",
    "`control = {has$control}({paste(names, '=', values, collapse = ', ')})`."
  )
}

# The expression as it was written if that is short, otherwise dots.
short_code <- function(expression) {
  if (rlang::is_missing(expression)) return("...")
  lines <- deparse(expression, nlines = 2L)
  if (length(lines) == 1L && nchar(lines) <= 30L) lines else "..."
}

# A sentence on what to write instead of `name = value`, or NULL.
answer_unknown <- function(name, value, has) {
  options <- names_of(has$control)
  instead <- function(known) {
    written <- paste(known, "=", value)
    if (known %in% has$own) return(written)
    sprintf("control = %s(%s)", has$control, written)
  }
  if (name %in% names_of(has$options_of)) {
    return(sprintf("`%s` is an argument of `%s()`, not one of its options.",
                   name, has$options_of))
  }
  if (plain(name) %in% c("seed", "randomstate", "randomseed", "rng")) {
    return(sprintf("Call `set.seed(%s)` first: it makes results repeatable.",
                   value))
  }
  if (plain(name) == "resolution" && "k" %in% has$own) {
    return("There is no resolution. A larger `k` gives finer clusters.")
  }
  known <- c(has$own, options)
  same <- names(Filter(function(others) plain(name) %in% plain(others),
                       synonyms))
  meant <- intersect(same, known)
  if (length(meant) > 0L) {
    return(sprintf("`%s` is called `%s` here: write `%s`.", name, meant[1L],
                   instead(meant[1L])))
  }
  near <- nearest_name(name, known)
  if (!is.null(near)) sprintf("Did you mean `%s`?", instead(near))
}

# Arguments of an exported function; of gmvae() those of its method for
# matrices.
names_of <- function(name) {
  if (is.null(name)) return(NULL)
  fn <- if (name == "gmvae") gmvae.matrix else get(name, topenv())
  setdiff(names(formals(fn)), "...")
}

# Spelling without case, dots and underscores.
plain <- function(names) tolower(gsub("[._]", "", names))

# The known name that is spelt most like `name`, or NULL if none is close.
# Letters left out count half: abbreviations are common.
nearest_name <- function(name, known) {
  distance <- drop(utils::adist(plain(name), plain(known),
                                costs = c(insertions = 0.5, deletions = 1,
                                          substitutions = 1)))
  best <- which.min(distance)
  if (distance[best] <= 0.34 * nchar(plain(name))) known[best]
}

# What other packages call our arguments and options: mclust, flexmix, kmeans(),
# scikit-learn, scvi-tools, Bioconductor, Seurat.
synonyms <- list(
  k = c("G", "n_components", "n_clusters", "n_centers", "n_groups", "centers",
        "clusters", "ncomp", "nclust"),
  model = c("modelNames", "modelName", "models", "covariance_type",
            "covariance"),
  covariance = c("modelNames", "modelName", "model", "covariance_type"),
  x = c("data", "counts"),
  newdata = c("data", "newx", "x"),
  type = "what",
  weights = "sample_weight",
  start = c("init", "initialization", "z", "means_init"),
  likelihood = c("gene_likelihood", "distribution", "family"),
  features = c("genes", "n_genes", "n_features", "n_top_genes", "hvg",
               "subset.row"),
  size_factors = c("library_size", "scale_factor"),
  batch = c("batch_key", "batches"),
  assay = c("assay.type", "exprs_values"),
  layer = "slot",
  n_init = c("nstart", "n_start", "n_starts", "nrep"),
  max_iter = c("maxit", "itmax", "iter.max", "max_iters", "n_iter",
               "iterations"),
  ridge = "reg_covar",
  epochs = c("n_epochs", "max_epochs", "num_epochs"),
  learning_rate = c("lr", "step_size"),
  n_latent = c("latent", "latent_dim", "n_dims"),
  hidden = c("n_hidden", "hidden_units"),
  heldout = c("held_out", "validation", "validation_split"),
  n_threads = c("threads", "num_threads", "cores", "n_cores", "n_jobs"),
  nsim = c("n", "n_samples")
)

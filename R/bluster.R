#' Gaussian mixtures as a clustering method of bluster
#'
#' `GmmParam()` describes a fit of [gmm_fit()] to the functions of the
#' Bioconductor package bluster: `clusterRows()`, `clusterSweep()` and
#' `bootstrapStability()`, and to what is built on them, such as scran's
#' `clusterCells()`.
#'
#' @param k,model,criterion Numbers of components, covariance models and the
#'   criterion that chooses among them, as in [gmm_fit()]. bluster's
#'   `clusterSweep()` varies them, for instance `clusterSweep(x, GmmParam(),
#'   k = 2:5)`.
#' @param ... Further arguments of [gmm_fit()] by name, such as `noise` or
#'   `control`; not those with one value per row of the data.
#' @returns An S4 object of class `GmmParam`, which extends bluster's
#'   `BlusterParam`, with the slots `k`, `model`, `criterion` and `options` (the
#'   further arguments).
#'
#'   `clusterRows(x, GmmParam())` returns a factor with the cluster of each row
#'   of `x`; rows of the noise component have the level `"noise"`. With
#'   `full = TRUE` it returns a list of `clusters` and `objects`, and
#'   `objects$gmm` is the fit.
#' @section Errors: `gmvae_error_package` if bluster is not installed,
#'   `gmvae_error_option` if an argument in `...` is not one of [gmm_fit()], `k`
#'   is not numeric, or `criterion` is unknown.
#'   `clusterRows()` raises the errors of [gmm_fit()].
#' @seealso [gmm_fit()]
#' @examplesIf requireNamespace("bluster", quietly = TRUE)
#' x <- as.matrix(iris[, 1:4])
#' set.seed(1)
#' clusters <- bluster::clusterRows(x, GmmParam(k = 1:4, model = "VEV"))
#' table(clusters, iris$Species)
#' @export
GmmParam <- function(k = 1:9, model = NULL, criterion = "bic", ...) {
  call <- quote(GmmParam())
  require_package("bluster", "describe a method of it", call)
  options <- list(...)
  allowed <- setdiff(names(formals(gmm_fit)),
                     c("x", "k", "model", "criterion", "...", "weights",
                       "labels", "start"))
  unknown <- setdiff(rlang::names2(options), allowed)
  if (length(unknown) > 0L) {
    gmvae_abort(c(
      "Further arguments of {.fn GmmParam} must be among {.arg {allowed}}.",
      x = "You supplied {.val {unknown}}."
    ), "option", call = call)
  }
  if (!is.numeric(k) || is.object(k) || !is.null(dim(k))) {
    gmvae_abort(c(
      "{.arg k} must be a numeric vector.", x = "You supplied {describe(k)}."
    ), "option", call = call)
  }
  check_choice(criterion, eval(formals(gmm_fit)$criterion), call = call)
  define_bluster_classes()
  methods::new("GmmParam", k = k, model = model, criterion = criterion,
               options = options)
}

# bluster is suggested only, and its class can be extended only once it is
# loaded. If that is later than this package, the namespace is locked, and the
# class and its methods go into this environment.
bluster_classes <- new.env()

define_bluster_classes <- function(...) {
  if (methods::isClass("GmmParam")) return(invisible())
  where <- topenv()
  if (environmentIsLocked(where)) {
    where <- bluster_classes
    assign(".packageName", "gmvae", where)
  }
  methods::setClass(
    "GmmParam", contains = structure("BlusterParam", package = "bluster"),
    slots = c(k = "numeric", model = "ANY", criterion = "character",
              options = "list"),
    where = where
  )
  methods::setMethod(getExportedValue("bluster", "clusterRows"),
                     c("ANY", "GmmParam"), cluster_rows, where = where)
  methods::setMethod("show", "GmmParam", show_gmm_param, where = where)
}

cluster_rows <- function(x, BLUSPARAM, full = FALSE) {
  fit <- do.call(gmm_fit, c(
    list(as.matrix(x), BLUSPARAM@k, model = BLUSPARAM@model,
         criterion = BLUSPARAM@criterion),
    BLUSPARAM@options
  ))
  clusters <- factor(fit$cluster)
  levels(clusters)[levels(clusters) == "0"] <- "noise"
  if (full) list(clusters = clusters, objects = list(gmm = fit)) else clusters
}

show_gmm_param <- function(object) {
  model <- if (is.null(object@model)) "all" else object@model
  cat("class: GmmParam\n",
      "k: ", toString(object@k), "\n",
      "model: ", toString(model), "\n",
      "criterion: ", object@criterion, "\n", sep = "")
}

# A worker of BiocParallel receives parameters that another process made: it
# needs the class as soon as both packages are loaded.
extend_bluster_when_loaded <- function() {
  if (isNamespaceLoaded("bluster")) {
    define_bluster_classes()
  } else {
    setHook(packageEvent("bluster", "onLoad"), define_bluster_classes)
  }
}

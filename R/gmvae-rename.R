#' Name the clusters of a fit
#'
#' Gives clusters of a fit of [gmvae()] the names of the kinds of cells that
#' they are. All that is made from the fit afterwards has these names: its
#' `cluster`, `posterior`, `mixture`, `cluster_stability` and
#' `cluster_confusion`, and what [predict()][predict.gmvae],
#' [summary()][summary.gmvae] and [plot()][plot.gmvae] return.
#' [update()][update.gmvae] makes new clusters, which are numbered again.
#'
#' @param fit A fit of [gmvae()] with k clusters.
#' @param names New names, a character vector named by the clusters that get
#'   them, such as `c("1" = "NK", "3" = "B cell")`; other clusters keep their
#'   names. Names of clusters must differ: [cut_clusters()] joins clusters of
#'   one kind.
#' @returns The fit with these names.
#' @section Errors: `gmvae_error_input` if `fit` is not a fit of [gmvae()];
#'   `gmvae_error_option` if `names` has no names, names clusters that the fit
#'   does not have, or gives two clusters one name. `"unassigned"` and
#'   `"unknown"` are taken, see [predict()][predict.gmvae].
#' @seealso [gmvae()], [predict.gmvae()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 5, features = 500)
#' table(fit$cluster, pbmc_sorted$celltype_coarse[1:200])
#' named <- rename_clusters(fit, c("1" = "T cell"))
#' table(predict(named, pbmc_sorted$counts[, 201:300]))
#' @export
rename_clusters <- function(fit, names) {
  call <- quote(rename_clusters())
  check_gmvae_fit(fit, call)
  old <- levels(fit$cluster)
  check_cluster_names(names, old, call)
  new <- old
  new[match(names(names), old)] <- unname(names)
  check_distinct_names(new, call)
  levels(fit$cluster) <- new
  colnames(fit$posterior) <- new
  if (is.null(fit$components)) {
    names(fit$mixture$weights) <- new
    rownames(fit$mixture$means) <- new
    dimnames(fit$mixture$covariances)[[3]] <- new
  }
  if (!is.null(fit$cluster_stability)) names(fit$cluster_stability) <- new
  if (!is.null(fit$cluster_confusion)) {
    dimnames(fit$cluster_confusion) <- list(new, new)
  }
  fit
}

check_cluster_names <- function(names, clusters, call) {
  if (!is.character(names) || length(names) == 0L || anyNA(names) ||
        !all(nzchar(names)) || anyDuplicated(rlang::names2(names))) {
    gmvae_abort(c(
      "{.arg names} must hold new names, each named by its cluster.",
      x = "You supplied {describe(names)}.",
      i = "For instance {.code c(\"{clusters[1]}\" = \"NK\")}."
    ), "option", call = call)
  }
  unknown <- setdiff(rlang::names2(names), clusters)
  if (length(unknown) == 0L) return(invisible())
  gmvae_abort(c(
    "{.arg names} must be named by clusters of the fit: {first_few(clusters)}.",
    x = "The fit has no cluster {first_few(unknown)}."
  ), "option", call = call)
}

check_distinct_names <- function(new, call) {
  taken <- new[duplicated(new) | new %in% c("unassigned", "unknown")]
  if (length(taken) == 0L) return(invisible())
  gmvae_abort(c(
    "Clusters must have different names, other than {.val unassigned} and
     {.val unknown}.",
    x = "The name {.val {taken[1]}} {if (taken[1] %in% c('unassigned',
         'unknown')) 'is one of these' else 'is given twice'}.",
    i = "{.fn cut_clusters} joins clusters of one kind."
  ), "option", call = call)
}

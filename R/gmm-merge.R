#' Merge the components of a Gaussian mixture into clusters
#'
#' A cluster that is not normal takes several components of a mixture.
#' `merge_components()` joins components that belong together. The density of
#' the fit does not change: a cluster is a mixture of its components.
#'
#' @param object A fit of [gmm_fit()], with k components.
#' @param method How components are compared:
#'   * `"entropy"`: each step merges the two clusters whose union lowers the
#'     entropy of the posterior probabilities most (Baudry et al. 2010);
#'   * `"overlap"`: each step merges the two clusters that rows are most often
#'     confused between, and stops when the probability of confusion falls
#'     below `cutoff` (directly estimated misclassification probabilities,
#'     Hennig 2010);
#'   * `"modes"`: components whose means climb to the same mode of the density
#'     are one cluster (Li, Ray and Lindsay 2007);
#'   * `"bhattacharyya"`, `"ridgeline"`: each step merges the two clusters that
#'     are closest as normal distributions, by the Bhattacharyya distance or by
#'     how low the density falls between their modes (Hennig 2010);
#'   * `"dip"`: the steps of `"ridgeline"`, until the dip test finds more than
#'     one mode in the rows of the next two (Hennig 2010).
#' @param ... Not used. Arguments after it must be named.
#' @param n_clusters Number of clusters, a whole number from 1 to k. `NULL`: the
#'   elbow of the entropy, or what `cutoff` gives. The modes decide themselves.
#' @param cutoff A number from 0 to 1: pairs are merged until the value of the
#'   next step falls below it. `NULL`: 0.025 for `"overlap"`, 0.1 for
#'   `"bhattacharyya"`, 0.2 for `"ridgeline"`, and 0.05 for `"dip"`. The other
#'   methods have none.
#' @param elbow What the entropy is drawn against to find the elbow for
#'   `"entropy"`: `"clusters"`, their number; or `"rows"`, how many rows had
#'   been in the clusters merged so far, which gives mergers of large clusters
#'   more room.
#' @param data The data that were fitted, if the fit does not hold the posterior
#'   probabilities (`keep_posterior = FALSE`), and for `"dip"`; see
#'   [plot.gmm_fit()].
#' @param weights The weights that were given to [gmm_fit()]. `NULL`: those that
#'   its call finds where `merge_components()` is called.
#' @returns An object of class `gmm_merged`, a list with
#'   * `fit`: `object`; `method`, `n_clusters`
#'   * `members` (k): the cluster of each component, a whole number from 1 to
#'     `n_clusters`. Clusters are numbered in the order of their first
#'     components
#'   * `cluster` (n): the most probable cluster of each row, 0 for noise, `NA`
#'     for rows that were left out; `posterior` (n x `n_clusters`; with noise
#'     one more column): sums over the components of each cluster; `uncertainty`
#'     (n): 1 minus the largest posterior probability
#'   * `weights` (`n_clusters`): the sums of the components' weights
#'   * `steps` (not for `"modes"`): a data frame with a row for each number of
#'     clusters from k to 1: `n_clusters`; `first` and `second`, the components
#'     of the two clusters that were merged to get there; `value` of the two, as
#'     the criteria below have it; `rows`, the number of rows (sum of weights)
#'     assigned to the two; and `entropy` afterwards
#'   * `tree` (not for `"modes"`): a matrix (k x k) whose column K gives the
#'     cluster of each component when there are K clusters
#'   * `elbow` (`"entropy"` with k of at least 3): the two lines fitted to the
#'     entropy, a list with the position `at` of the break (the number of
#'     clusters), and `intercept` and `slope` of the lines left and right of it
#'   * `cutoff`, as given or by default; `modes` (`"modes"`): a list with the
#'     `location` of the modes of the density (`n_clusters` x d), and
#'     `log_density` at these
#'
#'   Methods: [predict()][predict.gmm_merged], [plot()][plot.gmm_merged],
#'   `print()`.
#' @section The criteria:
#' Let w_i be the weight of row i and t_ij its posterior probability of cluster
#' j. The **entropy** is -sum_ij w_i t_ij log t_ij (Baudry et al. 2010, equation
#' 2). Merging never raises it: where it falls steeply, the clusters that were
#' merged overlapped. The elbow is the break of the two straight lines that fit
#' the entropies best, by least squares; the point at the break belongs to both.
#' Two components have no elbow and are not merged unless `n_clusters` says so.
#'
#' The **probability of confusion** of clusters i and j is the larger of p_ij
#' and p_ji, where p_ij = sum w_l t_lj / sum_l w_l t_lj, the first sum over the
#' rows for which t_li is at least t_lj: the share of cluster j that would be
#' assigned to i if there were only these two (Hennig 2010, section 4.4).
#'
#' The **modes** are found by modal EM (Li, Ray and Lindsay 2007), with Newton
#' steps where the density is concave, from the mean of each component. This
#' choice among methods based on modes has no tuning parameter and works in any
#' number of columns: Gaussian high-density clustering (Scrucca 2016) needs a
#' triangulation of the data, and so a projection onto two or three dimensions.
#'
#' The other criteria see two clusters as two normal distributions with the
#' weight, mean and covariance that their components have together. The
#' **Bhattacharyya distance** b of the two bounds the probability of confusing
#' them: it is at most exp(-b), which is the value of the step (Fukunaga 1990;
#' Hennig 2010). The **ridgeline** is a curve from one mean to the other on
#' which all modes of the two lie (Ray and Lindsay 2005); the value is the
#' lowest density between the two highest modes divided by the density at the
#' lower one, and 1 if there is one mode. The **dip test** (Hartigan and
#' Hartigan 1985) looks at the rows assigned to the two along the direction that
#' separates them best, with the sum of their covariances by weight as scatter
#' within. Its value is the p-value of one mode: the share of 1,999 samples from
#' a uniform distribution that dip as much. Rows with missing values do not
#' take part, and a row of weight w counts as w rows.
#'
#' Noise stays apart: no component is merged with it.
#' @section Errors:
#'   * `gmvae_error_input`: `object` is not a fit of [gmm_fit()]; `data` or
#'     `weights` are needed and not found, or not those of the fit.
#'   * `gmvae_error_option`: another argument is out of range or unknown.
#' @references
#' Baudry, Raftery, Celeux, Lo and Gottardo (2010) Combining mixture components
#' for clustering. *Journal of Computational and Graphical Statistics* 19,
#' 332-353. \doi{10.1198/jcgs.2010.08111}
#'
#' Fukunaga (1990) *Introduction to Statistical Pattern Recognition*, second
#' edition. Academic Press.
#'
#' Hartigan and Hartigan (1985) The dip test of unimodality. *The Annals of
#' Statistics* 13, 70-84. \doi{10.1214/aos/1176346577}
#'
#' Hennig (2010) Methods for merging Gaussian mixture components. *Advances in
#' Data Analysis and Classification* 4, 3-34. \doi{10.1007/s11634-010-0058-3}
#'
#' Li, Ray and Lindsay (2007) A nonparametric statistical approach to clustering
#' via mode identification. *Journal of Machine Learning Research* 8, 1687-1723.
#'
#' Ray and Lindsay (2005) The topography of multivariate normal mixtures. *The
#' Annals of Statistics* 33, 2042-2065. \doi{10.1214/009053605000000417}
#'
#' Scrucca (2016) Identifying connected components in Gaussian finite mixture
#' models for clustering. *Computational Statistics and Data Analysis* 93, 5-17.
#' \doi{10.1016/j.csda.2015.01.006}
#' @seealso [gmm_fit()], whose `criterion = "icl"` prefers components that do
#'   not overlap.
#' @examples
#' # A ring takes many components
#' set.seed(1)
#' angle <- runif(300, 0, 2 * pi)
#' ring <- cbind(cos(angle), sin(angle)) + rnorm(600, sd = 0.1)
#' x <- rbind(ring, matrix(rnorm(200, sd = 0.15), 100))
#' fit <- gmm_fit(x, k = 8, model = "VVV")
#' merged <- merge_components(fit)
#' merged
#' plot(merged, data = x)
#' merge_components(fit, "overlap")
#' merge_components(fit, "modes")$modes
#' merge_components(fit, "dip", data = x)$n_clusters
#' @export
merge_components <- function(object, method = c("entropy", "overlap", "modes",
                                                "bhattacharyya", "ridgeline",
                                                "dip"),
                             ..., n_clusters = NULL, cutoff = NULL,
                             elbow = c("clusters", "rows"), data = NULL,
                             weights = NULL) {
  caller <- parent.frame()
  call <- quote(merge_components())
  check_no_dots(..., call = call)
  check_gmm_fit(object, call)
  choose <- function(value, given, name) {
    if (given) check_choice(value, eval(formals(merge_components)[[name]]),
                            name, call) else value[1]
  }
  method <- choose(method, !missing(method), "method")
  elbow <- choose(elbow, !missing(elbow), "elbow")
  criterion <- merge_criteria[[method]]
  cutoff <- if (is.null(cutoff)) criterion$cutoff else
    check_number(cutoff, 0, 1, call = call)
  n_clusters <- check_n_clusters(n_clusters, object$k, method, call)
  posterior <- fitted_posterior(object, data, caller, call)
  if (method == "modes") {
    found <- find_modes(object)
    return(new_gmm_merged(object, method, posterior, found$members,
                          found["modes"]))
  }
  weights <- fitted_weights(object, data, weights, caller, call)
  there <- weights > 0
  test <- if (method == "dip") {
    x <- fitted_data(object, data, "data", caller, call)
    dip_tester(x[there, , drop = FALSE], weights[there],
               object$control$n_threads)
  }
  path <- merge_greedily(posterior[there, , drop = FALSE], weights[there],
                         clusters_of(object, posterior[there, , drop = FALSE]),
                         criterion, test)
  path$elbow <- if (method == "entropy") find_elbow(path$steps, elbow)
  path$cutoff <- if (method != "entropy") cutoff
  if (is.null(n_clusters)) n_clusters <- choose_n_clusters(path, object$k)
  members <- path$tree[, n_clusters]
  new_gmm_merged(object, method, posterior, members, path)
}

check_n_clusters <- function(n_clusters, k, method, call) {
  if (is.null(n_clusters)) return(NULL)
  if (method != "modes") {
    return(check_count(n_clusters, max = k, arg = "n_clusters", call = call))
  }
  gmvae_abort(c(
    "{.arg n_clusters} must be `NULL` for `method = \"modes\"`.",
    x = "You supplied {describe(n_clusters)}.",
    i = "The density has as many clusters as modes; the other methods merge into
         any number."
  ), "option", call = call)
}

new_gmm_merged <- function(object, method, posterior, members, more) {
  posterior <- sum_posteriors(posterior, members)
  sums <- rowsum(object$weights, members)
  structure(
    c(
      list(fit = object, method = method, n_clusters = max(members),
           members = stats::setNames(members, names(object$weights))),
      assign_rows(posterior, !is.null(object$noise)),
      list(posterior = posterior,
           weights = stats::setNames(sums[, 1], rownames(sums))),
      more,
      list(version = gmvae_format)
    ),
    class = "gmm_merged"
  )
}

# The path from k clusters to one: `steps` and `tree` as in merge_components().
# `clusters` as clusters_of() has them, `criterion` one of merge_criteria; a
# `test` replaces the values of the steps by its own.
merge_greedily <- function(posterior, weights, clusters, criterion, test) {
  k <- length(clusters)
  names <- colnames(posterior)[seq_len(k)]
  tree <- matrix(seq_len(k), k, k, dimnames = list(names, NULL))
  value <- matrix(-Inf, k, k)
  compare <- function(i, j) {
    criterion$value(clusters[[i]], clusters[[j]], weights)
  }
  for (j in seq_len(k)) {
    for (i in seq_len(j - 1L)) value[i, j] <- compare(i, j)
  }
  steps <- data.frame(
    n_clusters = rev(seq_len(k)), first = NA_character_,
    second = NA_character_, value = NA_real_, rows = 0,
    entropy = weighted_entropy(posterior, weights)
  )
  for (n_clusters in rev(seq_len(k - 1L))) {
    pair <- arrayInd(which.max(value), dim(value))
    i <- pair[1]
    j <- pair[2]
    before <- tree[, n_clusters + 1L]
    assigned <- max.col(posterior, "first")
    row <- k - n_clusters + 1L
    steps[row, c("first", "second")] <- c(component_set(before == i),
                                          component_set(before == j))
    steps$value[row] <- if (is.null(test)) value[i, j] else
      test(clusters, i, j, assigned)
    steps$rows[row] <- sum(weights[assigned %in% pair])
    # Cluster j joins cluster i, and those after j move up.
    tree[, seq_len(n_clusters)] <- ifelse(before == j, i,
                                          before - (before > j))
    posterior[, i] <- posterior[, i] + posterior[, j]
    posterior <- posterior[, -j, drop = FALSE]
    clusters[[i]] <- join_clusters(clusters[[i]], clusters[[j]])
    clusters <- clusters[-j]
    value <- value[-j, -j, drop = FALSE]
    for (other in setdiff(seq_len(n_clusters), i)) {
      value[min(i, other), max(i, other)] <- compare(min(i, other),
                                                     max(i, other))
    }
    steps$entropy[row] <- weighted_entropy(posterior, weights)
  }
  list(steps = steps, tree = tree)
}

component_set <- function(is_in) {
  paste(names(is_in)[is_in], collapse = "+")
}

x_log_x <- function(x) ifelse(x > 0, x * log(x), 0)

weighted_entropy <- function(posterior, weights) {
  -sum(weights * x_log_x(posterior))
}

# Two lines through the entropies that meet at one of the points, by least
# squares; NULL with fewer than three.
find_elbow <- function(steps, against) {
  steps <- steps[rev(seq_len(nrow(steps))), ]
  k <- nrow(steps)
  if (k < 3L) return(NULL)
  x <- if (against == "clusters") steps$n_clusters else
    cumsum(c(0, steps$rows[-k]))
  fits <- lapply(2:(k - 1L), function(at) {
    lines <- rbind(fit_line(x[seq_len(at)], steps$entropy[seq_len(at)]),
                   fit_line(x[at:k], steps$entropy[at:k]))
    list(at = at, against = against, x = x, intercept = lines[, 1],
         slope = lines[, 2], squares = sum(lines[, 3]))
  })
  fits[[which.min(vapply(fits, `[[`, 0, "squares"))]]
}

# Intercept, slope and sum of squared residuals.
fit_line <- function(x, y) {
  dx <- x - mean(x)
  slope <- if (any(dx != 0)) sum(dx * (y - mean(y))) / sum(dx^2) else 0
  residuals <- y - mean(y) - slope * dx
  c(mean(y) - slope * mean(x), slope, sum(residuals^2))
}

choose_n_clusters <- function(path, k) {
  if (is.null(path$cutoff)) {
    return(if (is.null(path$elbow)) k else path$elbow$at)
  }
  # The first step is the start, and has no value.
  apart <- which(path$steps$value[-1] < path$cutoff)
  if (length(apart) > 0L) path$steps$n_clusters[apart[1]] else 1L
}

#' Predict clusters of merged components
#'
#' Assigns new rows to the clusters of [merge_components()].
#'
#' @param object The result of [merge_components()].
#' @param newdata New data, as for [predict.gmm_fit()] (m x d). `NULL`: the rows
#'   of the fit.
#' @param type `"cluster"`, `"posterior"` or `"uncertainty"`, see Value.
#' @param ... Not used.
#' @param n_clusters Number of clusters, a whole number from 1 to k, to look at
#'   another step of the tree; not for `method = "modes"`. `NULL`: that of
#'   `object`.
#' @returns An element or row for each row of `newdata`, with its name:
#'   * `"cluster"`: the most probable cluster, a whole number from 1, or 0 for
#'     noise (m)
#'   * `"posterior"`: posterior probabilities of the clusters (m x `n_clusters`;
#'     with noise one more column); rows sum to 1
#'   * `"uncertainty"`: 1 minus the largest posterior probability (m)
#' @section Errors: Those of [predict.gmm_fit()], and `gmvae_error_option` if
#'   `n_clusters` is out of range; `gmvae_error_input` if the rows of the fit
#'   are asked for with another `n_clusters` and the fit holds neither posterior
#'   probabilities nor data.
#' @seealso [merge_components()]
#' @examples
#' fit <- gmm_fit(faithful, k = 4, model = "EEE")
#' merged <- merge_components(fit, n_clusters = 2)
#' predict(merged, data.frame(eruptions = c(2, 4), waiting = c(55, 80)))
#' table(two = predict(merged), three = predict(merged, n_clusters = 3))
#' @export
predict.gmm_merged <- function(object, newdata = NULL,
                               type = c("cluster", "posterior", "uncertainty"),
                               ..., n_clusters = NULL) {
  call <- quote(predict())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  types <- eval(formals(predict.gmm_merged)$type)
  type <- if (missing(type)) types[1] else check_type(type, types, call)
  fit <- object$fit
  n_clusters <- check_n_clusters(n_clusters, fit$k, object$method, call)
  if (is.null(newdata) && is.null(n_clusters)) return(object[[type]])
  posterior <- if (is.null(newdata)) {
    fitted_posterior(fit, NULL, parent.frame(), call)
  } else {
    evaluate_rows(fit, match_columns(newdata, fit, call = call), "posterior",
                  call)$posterior
  }
  members <- if (is.null(n_clusters)) object$members else
    object$tree[, n_clusters]
  posterior <- sum_posteriors(posterior, members)
  if (type == "posterior") return(posterior)
  assign_rows(posterior, !is.null(fit$noise))[[type]]
}

#' @export
print.gmm_merged <- function(x, ...) {
  validate_fit(x, "x")
  cat(merged_headline(x), "", sep = "\n")
  print(cluster_table(x), digits = 3)
  if (!is.null(x$steps) && nrow(x$steps) > 1L) {
    cat("\nSteps (value: ", merge_criteria[[x$method]]$words, "):\n", sep = "")
    steps <- x$steps
    steps[c("value", "entropy")] <- lapply(steps[c("value", "entropy")],
                                           zapsmall)
    print(steps[-1, ], row.names = FALSE, digits = 4)
  }
  if (!is.null(x$modes)) {
    cat("\nModes of the density:\n")
    print(cbind(x$modes$location, log_density = x$modes$log_density),
          digits = 4)
  }
  invisible(x)
}

merged_headline <- function(x) {
  by <- if (x$method == "modes") "the modes of the density" else
    merge_criteria[[x$method]]$by
  by <- paste0("by ", by, if (!is.null(x$cutoff)) {
    paste0(" (cutoff ", format(x$cutoff), ")")
  } else if (!is.null(x$elbow) && x$elbow$at == x$n_clusters) {
    ", at its elbow"
  })
  k <- x$fit$k
  if (x$n_clusters == k) {
    return(cli::pluralize("{k} component{?s}, none merged, {by}"))
  }
  cli::pluralize("{k} components merged into {x$n_clusters} cluster{?s}, {by}")
}

# A row for each cluster, and one for noise.
cluster_table <- function(x) {
  names <- c(names(x$weights), if (!is.null(x$fit$noise)) "noise")
  sets <- tapply(names(x$members), x$members, paste, collapse = "+")
  assigned <- ifelse(x$cluster == 0L, x$n_clusters + 1L, x$cluster)
  data.frame(
    weight = c(x$weights, x$fit$noise$weight),
    rows = tabulate(assigned, length(names)),
    components = c(sets, if (!is.null(x$fit$noise)) ""),
    row.names = names
  )
}

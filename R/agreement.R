#' Adjusted Rand index of two clusterings
#'
#' Measures how well two clusterings of the same items agree. The index is 1 if
#' both form the same groups, whatever the groups are called; its expected value
#' is 0 for random clusterings with the same group sizes; it is negative if two
#' clusterings agree less than random ones.
#'
#' @param a,b Labels of the items: two vectors of the same length, one label for
#'   each item, without missing values. Labels may be factors, numbers, text or
#'   of any other type that [unique()] takes; `a` and `b` may differ in type.
#' @returns One number, at most 1.
#' @details
#' Let \eqn{n_{ij}} items be in group \eqn{i} of `a` and in group \eqn{j} of
#' `b`, and let \eqn{a_i} and \eqn{b_j} be the sizes of these groups. The index
#' (Hubert and Arabie 1985, equation 5) is
#' \deqn{\frac{\sum_{ij} \binom{n_{ij}}{2} - E}{M - E},}{
#'   (sum choose(n_ij, 2) - E) / (M - E),}
#' where \eqn{E} is the product of \eqn{\sum_i \binom{a_i}{2}}{sum choose(a_i,
#' 2)} and \eqn{\sum_j \binom{b_j}{2}}{sum choose(b_j, 2)} divided by
#' \eqn{\binom{n}{2}}{choose(n, 2)}, and \eqn{M} is the mean of these two sums.
#' If both clusterings put all items into one group, or both put each item into
#' a group of its own, they are the same and the index is 1.
#'
#' Errors: `gmvae_error_input` if the lengths differ or a label is missing.
#' @references Hubert and Arabie (1985) Comparing partitions. *Journal of
#'   Classification* 2, 193-218. \doi{10.1007/BF01908075}
#' @examples
#' adjusted_rand_index(c(1, 1, 2, 2), c("b", "b", "a", "a"))
#' adjusted_rand_index(iris$Species, kmeans(iris[1:4], 3)$cluster)
#' @seealso [classification_error()], [majority_vote()]
#' @export
adjusted_rand_index <- function(a, b) {
  check_same_items(a, b)
  a <- match(a, unique(a))
  b <- match(b, unique(b))
  pairs <- function(codes) sum(choose2(tabulate(match(codes, unique(codes)))))
  # Each pair of labels has one code, a double: no overflow, no full table.
  both <- pairs((a - 1) * max(b) + b)
  in_a <- pairs(a)
  in_b <- pairs(b)
  all_pairs <- choose2(length(a))
  if (in_a == in_b && (in_a == 0 || in_a == all_pairs)) return(1)
  expected <- in_a / all_pairs * in_b
  (both - expected) / ((in_a + in_b) / 2 - expected)
}

choose2 <- function(n) n * (n - 1) / 2

#' Classification error of a clustering
#'
#' The share of items that a clustering puts into another group than a
#' reference, once its groups have been matched with those of the reference.
#'
#' @param a,b Labels of the items, as in [adjusted_rand_index()].
#' @returns One number from 0 to 1.
#' @details
#' Each group of `a` is matched with at most one group of `b`, and the other way
#' round, so that as many items as possible agree (Meila and Heckerman 2001).
#' All items of a group without a partner count as wrong. The matching is
#' optimal; it is found by the Hungarian algorithm (Kuhn 1955). The function
#' `classError()` of \pkg{mclust} matches each group with the one that most of
#' its items are in, so that several groups may have the same partner; where no
#' two do, both give the same result.
#'
#' Errors: `gmvae_error_input` if the lengths differ or a label is missing.
#' @references
#' Meila and Heckerman (2001) An experimental comparison of model-based
#' clustering methods. *Machine Learning* 42, 9-29.
#' \doi{10.1023/A:1007648401407}
#'
#' Kuhn (1955) The Hungarian method for the assignment problem. *Naval Research
#' Logistics Quarterly* 2, 83-97. \doi{10.1002/nav.3800020109}
#' @seealso [adjusted_rand_index()], [majority_vote()]
#' @examples
#' fit <- gmm_fit(iris[, 1:4], k = 3, model = "VEV")
#' classification_error(fit$cluster, iris$Species)
#' @export
classification_error <- function(a, b) {
  check_same_items(a, b)
  a <- match(a, unique(a))
  b <- match(b, unique(b))
  wide <- max(a) <= max(b)
  rows <- if (wide) a else b
  columns <- if (wide) b else a
  shared <- matrix(tabulate((columns - 1) * max(rows) + rows,
                            max(rows) * max(columns)), max(rows))
  partner <- least_cost_pairs(-shared)
  # A group without a partner agrees nowhere.
  mean(partner[rows] != columns)
}

# For each row of `cost` a column of its own, so that the sum of the chosen
# costs is smallest; there must be at least as many columns as rows. Rows enter
# one by one, each along the shortest path that frees a column (the Hungarian
# algorithm). An extra first column holds the row that enters.
least_cost_pairs <- function(cost) {
  n <- nrow(cost)
  m <- ncol(cost)
  row_price <- numeric(n)
  column_price <- numeric(m + 1L)
  row_of <- integer(m + 1L)
  for (i in seq_len(n)) {
    row_of[1] <- i
    at <- 1L
    slack <- rep(Inf, m + 1L)
    before <- integer(m + 1L)
    visited <- logical(m + 1L)
    repeat {
      visited[at] <- TRUE
      row <- row_of[at]
      open <- which(!visited)
      found <- cost[row, open - 1L] - row_price[row] - column_price[open]
      better <- open[found < slack[open]]
      slack[better] <- found[found < slack[open]]
      before[better] <- at
      at <- open[which.min(slack[open])]
      step <- slack[at]
      row_price[row_of[visited]] <- row_price[row_of[visited]] + step
      column_price[visited] <- column_price[visited] - step
      slack[!visited] <- slack[!visited] - step
      if (row_of[at] == 0L) break
    }
    while (at != 1L) {
      row_of[at] <- row_of[before[at]]
      at <- before[at]
    }
  }
  match(seq_len(n), row_of[-1])
}

#' Majority vote
#'
#' Finds the most frequent of several labels, for instance of the clusters that
#' several fits assign an item to.
#'
#' @param x A vector of labels; or a matrix or data frame with a row for each
#'   item and a column for each vote. Missing votes do not count.
#' @returns The most frequent label, of the type of `x`; for a matrix or data
#'   frame one for each row, with the names of the rows. If several labels are
#'   equally frequent, the one that [sort()] puts first; `NA` if all votes are
#'   missing.
#' @details Errors: `gmvae_error_input` if `x` has no labels, or is not of one
#'   of these types.
#' @seealso [classification_error()], [adjusted_rand_index()]
#' @examples
#' majority_vote(c("a", "b", "b", NA))
#'
#' # Three clusterings of the same items, with matched labels
#' votes <- cbind(c(1, 1, 2, 2), c(1, 2, 2, 2), c(1, 1, 2, 1))
#' majority_vote(votes)
#' @export
majority_vote <- function(x) {
  if (is.data.frame(x)) x <- as.matrix(x)
  # Methods of a class may fail for what only claims to be of it.
  values <- if (is.factor(x)) levels(x) else
    tryCatch(sort(unique(c(x))), error = function(cnd) NULL)
  if (!is.atomic(x) || is.raw(x) || length(x) == 0L || length(dim(x)) > 2L ||
        is.null(values)) {
    gmvae_abort(c(
      "{.arg x} must be a vector of labels, or a matrix or data frame of them.",
      x = "You supplied {describe(x)}."
    ), "input")
  }
  codes <- if (is.factor(x)) as.integer(x) else match(x, values)
  winner <- function(codes) {
    if (all(is.na(codes))) NA else which.max(tabulate(codes, length(values)))
  }
  if (is.factor(x)) return(factor(values[winner(codes)], values))
  if (!is.matrix(x)) return(values[winner(codes)])
  winners <- apply(matrix(codes, nrow(x)), 1, winner)
  stats::setNames(values[winners], rownames(x))
}

check_same_items <- function(a, b, call = rlang::caller_env()) {
  check_labels(a, "a", call)
  check_labels(b, "b", call)
  if (length(a) == length(b)) return(invisible())
  gmvae_abort(c(
    "{.arg a} and {.arg b} must label the same items.",
    x = "{.arg a} has {length(a)} label{?s}, {.arg b} has {length(b)}."
  ), "input", call = call)
}

check_labels <- function(x, arg, call = rlang::caller_env()) {
  if (!is.atomic(x) || !is.null(dim(x)) || length(x) == 0L) {
    gmvae_abort(c(
      "{.arg {arg}} must be a vector of labels, one per item.",
      x = "You supplied {describe(x)}."
    ), "input", call = call)
  }
  if (anyNA(x)) {
    gmvae_abort(c(
      "{.arg {arg}} must have no missing labels.",
      x = "{sum(is.na(x))} of {length(x)} {cli::qty(sum(is.na(x)))}{?is/are}
           missing.",
      i = "Drop those items from both clusterings."
    ), "input", call = call)
  }
}

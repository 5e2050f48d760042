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
#' @export
adjusted_rand_index <- function(a, b) {
  check_labels(a, "a")
  check_labels(b, "b")
  if (length(a) != length(b)) {
    gmvae_abort(c(
      "{.arg a} and {.arg b} must label the same items.",
      x = "{.arg a} has {length(a)} label{?s}, {.arg b} has {length(b)}."
    ), "input")
  }
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

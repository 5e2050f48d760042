#' Adjusted Rand index of two clusterings
#'
#' How well two partitions of the same items agree, whatever their labels are
#' called: 1 for the same partition, 0 on average for a random one of the same
#' cluster sizes, below 0 for less agreement than by chance.
#'
#' With \eqn{n_{ij}} items in cluster \eqn{i} of `a` and \eqn{j} of `b`, and
#' \eqn{a_i}, \eqn{b_j} the sums over rows and columns, it is
#' \deqn{\frac{\sum_{ij} \binom{n_{ij}}{2} - E}{M - E},}{
#'   (sum choose(n_ij, 2) - E) / (M - E),}
#' where \eqn{E} is the product of \eqn{\sum_i \binom{a_i}{2}}{sum choose(a_i,
#' 2)} and \eqn{\sum_j \binom{b_j}{2}}{sum choose(b_j, 2)} over
#' \eqn{\binom{n}{2}}{choose(n, 2)}, and \eqn{M} is their mean (Hubert and
#' Arabie 1985, equation 5). Two partitions that both keep all items together,
#' or both keep all apart, agree: 1.
#'
#' @param a,b Vectors of the same length, one label per item, of any type that
#'   [unique()] takes: factors, numbers, strings. No missing labels.
#' @returns A number of at most 1.
#' @section Errors: `gmvae_error_input` if the lengths differ or a label is
#'   missing.
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
  # Codes of the cells of the table, as doubles: no overflow, no full table.
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
      "{.arg {arg}} can't have missing labels.",
      x = "{sum(is.na(x))} of {length(x)} {cli::qty(sum(is.na(x)))}{?is/are}
           missing.",
      i = "Leave those items out of both clusterings."
    ), "input", call = call)
  }
}

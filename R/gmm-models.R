# The covariance models. R describes them to users; the core knows the codes of
# three letters (cpp_gmm_models(), which a test compares with this table).

#' Covariance models of Gaussian mixtures
#'
#' Lists the covariance models of [gmm_fit()] with their aliases and numbers of
#' parameters.
#'
#' @param d Number of columns of the data, a whole number of at least 1. `d = 1`
#'   lists the two models for data with one column. `NULL`: any number from 2.
#' @param k Number of components, a whole number of at least 1, or `NULL`.
#' @returns A data frame with a row for each model:
#'   * `code`, and `alias` (empty if there is none): both are accepted by the
#'     argument `model` of [gmm_fit()]
#'   * `type`: `"spherical"`, `"diagonal"` or `"ellipsoidal"`
#'   * `volume`, `shape`, `orientation`: `"equal"` if all components share it,
#'     `"varying"` if each component has its own, `"identity"` for the identity
#'     matrix
#'   * `parameters`: the number of free parameters of the covariances, as an
#'     expression in `d` and `k`
#'   * `n_parameters` (if `d` and `k` are given): the value of `parameters`. A
#'     mixture also has `k d` parameters for the means and `k - 1` for the
#'     weights; a noise component adds 2 (its weight and its volume), or 1 if
#'     its density is given
#' @section The letters of a code:
#' The covariance of component j is written as v_j D_j A_j D_j', where
#' v_j is its **volume**, the diagonal matrix A_j with determinant 1 is its
#' **shape** (the relative lengths of its axes), and the orthogonal matrix D_j
#' is its **orientation** (the directions of its axes). The three letters of a
#' code stand for volume, shape and orientation, in this order: `E` for equal,
#' `V` for varying, `I` for the identity matrix (Banfield and Raftery 1993;
#' Celeux and Govaert 1995).
#'
#' | code | alias | covariance | meaning |
#' |---|---|---|---|
#' | EII | | v I | spheres of equal size |
#' | VII | spherical | v_j I | spheres |
#' | EEI | | v A | axes along the columns, all equal |
#' | VEI | | v_j A | axes along the columns, equal shape |
#' | EVI | | v A_j | axes along the columns, equal volume |
#' | VVI | diag | v_j A_j | axes along the columns |
#' | EEE | tied | v D A D' | one covariance for all components |
#' | VEE | | v_j D A D' | equal shape and orientation |
#' | EVE | | v D A_j D' | equal volume and orientation |
#' | VVE | | v_j D A_j D' | equal orientation |
#' | EEV | | v D_j A D_j' | equal volume and shape |
#' | VEV | | v_j D_j A D_j' | equal shape |
#' | EVV | | v D_j A_j D_j' | equal volume |
#' | VVV | full | v_j D_j A_j D_j' | any covariance in each component |
#'
#' Data with one column have two models: `"E"` (one variance for all components)
#' and `"V"` (one for each). The other codes are accepted too: their first
#' letter counts, `"tied"` means `"E"`, and the other aliases mean `"V"`.
#'
#' The six spherical and diagonal models can be fitted to data with fewer rows
#' than columns. The eight ellipsoidal ones need more rows than columns, and
#' columns that are not linear combinations of each other.
#'
#' Errors: `gmvae_error_option` if `d` or `k` is out of range.
#' @references
#' Banfield and Raftery (1993) Model-based Gaussian and non-Gaussian clustering.
#' *Biometrics* 49, 803-821. \doi{10.2307/2532201}
#'
#' Celeux and Govaert (1995) Gaussian parsimonious clustering models. *Pattern
#' Recognition* 28, 781-793. \doi{10.1016/0031-3203(94)00125-6}
#' @seealso [gmm_fit()]
#' @examples
#' gmm_models()
#' gmm_models(d = 4, k = 3)[c("code", "alias", "n_parameters")]
#'
#' # Compare models with axes along the columns
#' models <- subset(gmm_models(), type == "diagonal")$code
#' gmm_fit(iris[, 1:4], k = 1:3, model = models)$search
#' @export
gmm_models <- function(d = NULL, k = NULL) {
  if (!is.null(d)) d <- check_count(d)
  if (!is.null(k)) k <- check_count(k)
  models <- if (identical(d, 1L)) line_models else plane_models
  letter <- function(i) substr(core_model(models$code), i, i)
  words <- c(E = "equal", V = "varying", I = "identity")
  table <- data.frame(
    code = models$code,
    alias = models$alias,
    type = ifelse(letter(2) == "I", "spherical",
                  ifelse(letter(3) == "I", "diagonal", "ellipsoidal")),
    volume = unname(words[letter(1)]),
    shape = unname(words[letter(2)]),
    orientation = unname(words[letter(3)]),
    parameters = models$parameters
  )
  if (!is.null(d) && !is.null(k)) {
    table$n_parameters <- vapply(str2expression(models$parameters), eval, 0,
                                 list(d = as.double(d), k = as.double(k)))
  }
  table
}

# Codes as the core has them, in its order.
plane_models <- data.frame(
  code = c("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE",
           "EEV", "VEV", "EVV", "VVV"),
  alias = c("", "spherical", "", "", "", "diag", "tied", "", "", "", "", "", "",
            "full"),
  parameters = c(
    "1", "k", "d", "k+d-1", "1+k*(d-1)", "k*d", "d*(d+1)/2",
    "k-1+d*(d+1)/2", "1+k*(d-1)+d*(d-1)/2", "k*d+d*(d-1)/2",
    "d+k*d*(d-1)/2", "k+d-1+k*d*(d-1)/2", "1+k*(d-1)*(d+2)/2", "k*d*(d+1)/2"
  )
)

# For data with one column: the codes that users see, and those of the core.
line_models <- data.frame(
  code = c("E", "V"),
  core = c("EII", "VII"),
  alias = c("tied", "full"),
  parameters = c("1", "k")
)

# Checks the argument `model` and returns codes, each once.
check_models <- function(model, d, call = rlang::caller_env()) {
  codes <- if (d == 1L) line_models$code else plane_models$code
  if (is.null(model)) return(codes)
  aliases <- plane_models[nzchar(plane_models$alias), ]
  known <- c(if (d == 1L) codes, plane_models$code, aliases$alias)
  if (is.character(model) && length(model) > 0L && all(model %in% known)) {
    alias <- match(model, aliases$alias)
    model[!is.na(alias)] <- aliases$code[alias[!is.na(alias)]]
    return(unique(if (d == 1L) substr(model, 1, 1) else model))
  }
  unknown <- if (is.character(model)) setdiff(model, known)
  gmvae_abort(c(
    "{.arg model} must name covariance models, or be `NULL` for all.",
    x = if (length(unknown) > 0L) {
      "There is no model {.or {.val {unknown}}}{
       if (d > 1L) ' for data with several columns'}."
    } else {
      "You supplied {describe(model)}."
    },
    i = "The models are {.val {known}}; see {.fn gmm_models}."
  ), "option", call = call)
}

core_model <- function(code) {
  line <- match(code, line_models$code)
  ifelse(is.na(line), code, line_models$core[line])
}

# For instance "diagonal, varying volume, equal shape".
describe_model <- function(code) {
  if (code %in% line_models$code) {
    return(if (code == "E") "one variance for all components" else
      "one variance for each component")
  }
  model <- gmm_models()[match(code, plane_models$code), ]
  parts <- unlist(model[c("volume", "shape", "orientation")])
  parts <- parts[parts != "identity"]
  in_words <- vapply(unique(parts), function(word) {
    paste(word, cli::pluralize("{names(parts)[parts == word]}"))
  }, "")
  paste(c(model$type, in_words), collapse = ", ")
}

# Ellipsoidal models need covariances of full rank in all directions; the others
# need only that each column varies.
is_oriented <- function(code) nchar(code) == 3L & substr(code, 3, 3) != "I"

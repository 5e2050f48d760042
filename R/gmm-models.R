# The covariance models: the core knows them by code, people by description.

#' Covariance models of Gaussian mixtures
#'
#' The covariance of component j is written as
#' v_j D_j A_j D_j': its **volume** v_j, its **shape** A_j (a diagonal
#' matrix of determinant 1, how long the axes are beside each other) and its
#' **orientation** D_j (an orthogonal matrix, its axes). Each letter of a
#' model's code says of one of the three, in this order, whether components
#' share it (`E`, equal), have each their own (`V`, varying), or have the
#' identity in its place (`I`).
#'
#' | code | alias | | covariance | free parameters |
#' |---|---|---|---|---|
#' | EII | | spherical, equal volume | v I | 1 |
#' | VII | spherical | spherical | v_j I | k |
#' | EEI | | diagonal, all equal | v A | d |
#' | VEI | | diagonal, equal shape | v_j A | k + d - 1 |
#' | EVI | | diagonal, equal volume | v A_j | 1 + k (d - 1) |
#' | VVI | diag | diagonal | v_j A_j | k d |
#' | EEE | tied | ellipsoidal, all equal | v D A D' | d + r |
#' | VEE | | ellipsoidal, equal shape, axes | v_j D A D' | k + d - 1 + r |
#' | EVE | | ellipsoidal, equal volume, axes | v D A_j D' | 1 + k (d - 1) + r |
#' | VVE | | ellipsoidal, equal axes | v_j D A_j D' | k d + r |
#' | EEV | | ellipsoidal, equal volume, shape | v D_j A D_j' | d + k r |
#' | VEV | | ellipsoidal, equal shape | v_j D_j A D_j' | k + d - 1 + k r |
#' | EVV | | ellipsoidal, equal volume | v D_j A_j D_j' | 1 + k (d - 1) + k r |
#' | VVV | full | ellipsoidal | v_j D_j A_j D_j' | k d + k r |
#'
#' with r = d (d - 1) / 2, the free parameters of one orientation. To these, a
#' mixture adds k d means and k - 1 weights, and 2 for a noise component (its
#' share and its volume; 1 where its density is given).
#'
#' Data with one column have two models, `"E"` (one variance for all components)
#' and `"V"` (each its own); the codes above stand for them by their first
#' letter, `"tied"` for `"E"` and the other aliases for `"V"`.
#'
#' The six spherical and diagonal models can be fitted to fewer rows than
#' columns; the eight others need columns that are not linear combinations of
#' each other.
#' @references Banfield and Raftery (1993) <doi:10.2307/2532201>; Celeux and
#'   Govaert (1995) <doi:10.1016/0031-3203(94)00125-6>.
#' @seealso [gmm_fit()]
#' @examples
#' gmm_fit(faithful, k = 1:3, model = c("spherical", "VVE"))$search
#' @name gmm_models
NULL

gmm_models <- data.frame(
  code = c("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE",
           "EEV", "VEV", "EVV", "VVV"),
  alias = c("", "spherical", "", "", "", "diag", "tied", "", "", "", "", "", "",
            "full"),
  description = c(
    "spherical, equal volume",
    "spherical, varying volume",
    "diagonal, equal volume and shape",
    "diagonal, varying volume, equal shape",
    "diagonal, equal volume, varying shape",
    "diagonal, varying volume and shape",
    "ellipsoidal, equal volume, shape and orientation",
    "ellipsoidal, varying volume, equal shape and orientation",
    "ellipsoidal, equal volume and orientation, varying shape",
    "ellipsoidal, varying volume and shape, equal orientation",
    "ellipsoidal, equal volume and shape, varying orientation",
    "ellipsoidal, equal shape, varying volume and orientation",
    "ellipsoidal, equal volume, varying shape and orientation",
    "ellipsoidal, varying volume, shape and orientation"
  )
)

# Of one column: the codes that people see, and the core's for the same.
line_models <- data.frame(
  code = c("E", "V"),
  core = c("EII", "VII"),
  description = c("one variance for all components",
                  "a variance for each component")
)

# The models as people see them: codes, without double ones.
check_models <- function(model, d, call = rlang::caller_env()) {
  if (is.null(model)) return(if (d == 1L) line_models$code else gmm_models$code)
  aliases <- gmm_models[nzchar(gmm_models$alias), ]
  known <- c(if (d == 1L) line_models$code, gmm_models$code, aliases$alias)
  if (is.character(model) && length(model) > 0L && all(model %in% known)) {
    alias <- match(model, aliases$alias)
    model[!is.na(alias)] <- aliases$code[alias[!is.na(alias)]]
    return(unique(if (d == 1L) substr(model, 1, 1) else model))
  }
  unknown <- if (is.character(model)) setdiff(model, known)
  gmvae_abort(c(
    "{.arg model} must name covariance models, or be `NULL` for all.",
    x = if (length(unknown) > 0L) {
      "There is no {.val {unknown}}{if (d > 1L) ' for several columns'}."
    } else {
      "You supplied {describe(model)}."
    },
    i = "The models are {.or {.val {known}}}."
  ), "option", call = call)
}

core_model <- function(code) {
  line <- match(code, line_models$code)
  ifelse(is.na(line), code, line_models$core[line])
}

describe_model <- function(code) {
  all <- rbind(line_models[c("code", "description")],
               gmm_models[c("code", "description")])
  all$description[match(code, all$code)]
}

# Models whose covariances can't do without all directions: not those along the
# axes.
is_oriented <- function(code) nchar(code) == 3L & substr(code, 3, 3) != "I"

# What each field of a fit must be, for fits that come from outside: read from a
# file, changed by hand, made by another version. Methods check a fit once, at
# their beginning, and trust it afterwards; the core checks again what it reads.
#
# A field's rule is a function(value, sizes) that returns NULL, or in words what
# the value must do. `sizes` holds the numbers that several fields share, such
# as `k`; the dimensions of a rule are their names, or numbers.

# Stops unless `object` is a fit that this version can read.
validate_fit <- function(object, arg = "object", call = rlang::caller_env()) {
  check_format(object, arg, call)
  kind <- intersect(class(object), names(fit_kinds))
  kind <- if (length(kind) > 0L) fit_kinds[[kind[1]]] else fit_kinds$gmvae
  fault <- field_fault(object, kind$rules(), kind$sizes(object))
  if (!is.null(fault)) abort_field(fault, arg, kind$maker, call)
  if (kind$maker == "gmvae") check_layout(object, arg, call)
  invisible(object)
}

# What each class of fit is made by, and how its fields are checked.
fit_kinds <- list(
  gmvae = list(maker = "gmvae", rules = function() gmvae_fields,
               sizes = function(object) gmvae_sizes(object)),
  gmm_fit = list(maker = "gmm_fit", rules = function() gmm_fields,
                 sizes = function(object) gmm_sizes(object)),
  gmm_mixture = list(maker = "marginal",
                     rules = function() mixture_fields,
                     sizes = function(object) gmm_sizes(object)),
  gmm_merged = list(maker = "merge_components",
                    rules = function() merged_fields,
                    sizes = function(object) merged_sizes(object)),
  gmm_classifier = list(maker = "gmm_classify",
                        rules = function() classifier_fields,
                        sizes = function(object) classifier_sizes(object)),
  gmm_coordinates = list(maker = "discriminant_coordinates",
                         rules = function() coordinate_fields,
                         sizes = function(object) coordinate_sizes(object))
)

# A fit saved by a newer version may mean other things by its fields.
check_format <- function(object, arg, call) {
  version <- if (is.list(object)) object[["version"]]
  whole <- rlang::is_integerish(version, 1L, finite = TRUE)
  if (whole && isTRUE(version >= 1L && version <= gmvae_format)) {
    return(invisible())
  }
  newer <- whole && isTRUE(version > gmvae_format)
  gmvae_abort(c(
    "{.arg {arg}} must have a format that this version of gmvae can read.",
    x = "Its format is {describe(version)}; this version reads formats up to
         {gmvae_format}.",
    i = if (newer) "Update gmvae, or fit again." else "Fit again."
  ), "input", call = call)
}

abort_field <- function(fault, arg, maker, call) {
  gmvae_abort(c(
    "{.arg {arg}} must be a fit as {.fn {maker}} returned it.",
    x = "Its {.field {fault$field}} must {fault$must}.",
    x = "It is {fault$found}.",
    i = "Something changed the fit: fit again, or read the saved fit again."
  ), "input", call = call)
}

# The first field that breaks its rule: a list of the `field`, what it `must` do
# and what was `found`; NULL if there is none. A list of rules is for a list.
field_fault <- function(object, rules, sizes, of = "") {
  for (name in names(rules)) {
    field <- paste0(of, name)
    value <- if (is.list(object)) object[[name]]
    # `$` would take another field that begins with the same letters.
    given <- as.character(names(object))
    if (!name %in% given && any(startsWith(given, name))) {
      return(list(field = field, must = "be there", found = describe(NULL)))
    }
    rule <- rules[[name]]
    if (is.list(rule) && is.list(value)) {
      fault <- field_fault(value, rule, sizes, paste0(field, "$"))
      if (!is.null(fault)) return(fault)
      next
    }
    must <- if (is.list(rule)) "be a list" else rule(value, sizes)
    if (!is.null(must)) {
      return(list(field = field, must = must, found = describe(value)))
    }
  }
  NULL
}

# Options that are wrong, in words; NULL if none is.
control_fault <- function(value, class, check) {
  if (!inherits(value, class) || !is.list(value)) {
    return(sprintf("be made by %s()", class))
  }
  fault <- NULL
  rlang::try_fetch(check(value, NULL), error = function(cnd) {
    fault <<- cnd
  })
  if (is.null(fault)) return(NULL)
  cause <- if (is.null(fault$parent)) fault else fault$parent
  paste0("hold valid options: ", tolower_first(rlang::cnd_header(cause)))
}

tolower_first <- function(text) {
  text <- cli::ansi_strip(text)
  sub("[.]$", "", paste0(tolower(substr(text, 1, 1)), substring(text, 2)))
}

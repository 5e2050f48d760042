# Files from which a fit goes on after its process has died: their names, and
# whether what they hold is of this fit. The core writes and reads their states.

# A file that can be made, or NULL; an absolute path, as workers may be in other
# folders.
check_checkpoint <- function(checkpoint, arg = rlang::caller_arg(checkpoint),
                             call = rlang::caller_env()) {
  if (is.null(checkpoint)) return(NULL)
  fault <- if (!rlang::is_string(checkpoint) || !nzchar(checkpoint)) {
    "You supplied {describe(checkpoint)}."
  } else if (dir.exists(checkpoint)) {
    "{.path {checkpoint}} is a folder."
  } else if (!dir.exists(dirname(checkpoint))) {
    "The folder {.path {dirname(checkpoint)}} does not exist."
  }
  if (is.null(fault)) {
    folder <- normalizePath(dirname(checkpoint), "/")
    return(file.path(folder, basename(checkpoint)))
  }
  gmvae_abort(c(
    "{.arg {arg}} must be the path of a file in a folder that exists, or
     {.code NULL}.",
    x = fault
  ), "option", call = call)
}

# One file for each network, as several may train at the same time; and one for
# its second training, where the networks did not choose the same `k`.
checkpoint_files <- function(control, again = FALSE) {
  file <- control$checkpoint
  if (is.null(file) || control$n_networks == 1L) return(file)
  paste0(file, ".network", seq_len(control$n_networks), if (again) "-again")
}

# What the files hold that exist, by file: lists of `seeds`, `names` and
# `values`. Throws where one can't be used.
stored_identities <- function(control, call) {
  files <- c(checkpoint_files(control), checkpoint_files(control, TRUE))
  if (is.null(files)) return(list())
  files <- unique(files[file.exists(files)])
  with_core_errors(
    sapply(files, cpp_checkpoint_identity, simplify = FALSE), call = call
  )
}

# The fit in words that a file can be compared with.
fit_identity <- function(counts, cells, model, ks, control) {
  no_matter <- c("n_threads", "verbose", "checkpoint",
                 "checkpoint_minutes", "find_batches")
  options <- unclass(control)[setdiff(names(control), no_matter)]
  words <- function(value) {
    if (is.numeric(value)) value <- format(value, digits = 15, trim = TRUE)
    paste(value, collapse = ", ")
  }
  design <- cells$design
  if (!is.null(design)) design <- list(design@i, design@p, design@x)
  labels <- cells$labels
  # What others follow from comes first: the first differences are told.
  c(
    "Number of cells" = words(ncol(counts)),
    "names of the cells" = rlang::hash(colnames(counts)),
    "batches and covariates" = rlang::hash(design),
    labels = rlang::hash(list(as.integer(labels), levels(labels))),
    vapply(c(model[c("likelihood", "covariance")], list(k = ks), options),
           words, ""),
    cells_one_by_one = words(cells_one_by_one()),
    "Number of genes used" = words(nrow(counts)),
    "genes used" = rlang::hash(rownames(counts)),
    "values of the genes used" = cpp_cells_checksum(counts),
    "size factors" = rlang::hash(as.double(cells$size)),
    "Version of gmvae" = as.character(utils::packageVersion("gmvae")),
    "instruction set" = cpp_kernels()
  )
}

# The `checkpoint` of cpp_gmvae_fit() for one network. `stored`: what the file
# holds, or NULL.
open_checkpoint <- function(file, identity, seeds, stored, control, call) {
  if (is.null(file)) return(NULL)
  values <- identity
  if (!is.null(stored)) {
    values <- stats::setNames(stored$values, stored$names)
    check_same_identity(file, values, identity, call)
    if (length(stored$seeds) == length(seeds)) seeds <- stored$seeds
  }
  list(file = file, minutes = control$checkpoint_minutes,
       seeds = as.double(seeds), names = names(values),
       values = unname(values))
}

check_same_identity <- function(file, stored, identity, call) {
  of_machine <- "instruction set"
  fields <- setdiff(union(names(stored), names(identity)), of_machine)
  differ <- fields[!fields %in% names(stored) | !fields %in% names(identity) |
                     stored[fields] != identity[fields]]
  if (length(differ) == 0L) {
    if (!identical(stored[[of_machine]], identity[[of_machine]])) {
      cli::cli_inform(c(
        "The checkpoint {.path {file}} was written with instructions
         {.val {stored[[of_machine]]}}; this machine uses
         {.val {identity[[of_machine]]}}.",
        i = "The fit goes on, but its last digits may differ from those of a fit
             that was never stopped."
      ), class = "gmvae_message")
    }
    return(invisible())
  }
  gmvae_abort(c(
    "The checkpoint {.path {file}} must be of the same call with the same
     data.",
    rlang::set_names(vapply(utils::head(differ, 3L), difference, "",
                            stored, identity), "x"),
    x = if (length(differ) > 3L) {
      more <- length(differ) - 3L
      cli::pluralize("{more} more difference{?s}.")
    },
    i = "Call with the earlier data and options to go on, name another file in
         {.arg checkpoint}, or delete this one to begin anew."
  ), "option", call = call)
}

# In words. Hashes say nothing to a user.
difference <- function(field, stored, identity) {
  hashed <- c("names of the cells", "genes used", "values of the genes used",
              "size factors", "batches and covariates", "labels")
  if (field %in% hashed) return(sprintf("The %s are not the same.", field))
  value <- function(x) {
    found <- if (field %in% names(x)) x[[field]] else "not known"
    # Braces would be evaluated.
    gsub("([{}])", "\\1\\1", if (nzchar(found)) found else "none")
  }
  is_option <- grepl("^[a-z_]+$", field)
  name <- if (is_option) sprintf("{.arg %s}", field) else field
  sprintf("%s: %s in the checkpoint, %s in this call.", name, value(stored),
          value(identity))
}

say_resumed <- function(files) {
  cli::cli_inform(
    "{.fn gmvae} goes on from {cli::qty(length(files))}the checkpoint{?s}
     {.path {files}}.", class = "gmvae_message"
  )
}

remove_checkpoints <- function(control) {
  unlink(c(checkpoint_files(control), checkpoint_files(control, TRUE)),
         expand = FALSE)
}

# After training that could not write its checkpoint in the end.
warn_failed_checkpoint <- function(cores, call) {
  reasons <- vapply(cores, function(core) core$checkpoint_failed, "")
  reasons <- reasons[nzchar(reasons)]
  if (length(reasons) == 0L) return(invisible())
  gmvae_warn(c(
    "The checkpoint could not be written after training had begun:
     {reasons[1]}.",
    i = "The fit is complete; had it been stopped, it would have gone on from an
         older state."
  ), "file", call = call)
}

# Rscript tools/install-packages.R NAME ... : installs packages from source into
# the first library that may be written.  Fails where a package that gmvae can't
# do without is still missing; says which optional ones are.

names <- commandArgs(TRUE)
if (getOption("repos")[["CRAN"]] == "@CRAN@") chooseCRANmirror(ind = 1)

library_folder <- Find(function(path) file.access(path, 2) == 0, .libPaths())
if (is.null(library_folder)) {
  library_folder <- Sys.getenv("R_LIBS_USER", "~/R/library")
  dir.create(library_folder, recursive = TRUE, showWarnings = FALSE)
  .libPaths(c(library_folder, .libPaths()))
}
cat("setup: into", library_folder, "\n")

find_missing <- function() {
  names[!nzchar(vapply(names, function(x) system.file(package = x), ""))]
}
on_cran <- intersect(names, rownames(available.packages()))
if (length(on_cran)) {
  install.packages(on_cran, library_folder, quiet = TRUE, Ncpus = 2)
}
if (length(find_missing())) {
  # What CRAN does not have, Bioconductor may.
  if (!requireNamespace("BiocManager", quietly = TRUE)) {
    install.packages("BiocManager", library_folder, quiet = TRUE)
  }
  try(BiocManager::install(find_missing(),
    lib = library_folder, update = FALSE, ask = FALSE, quiet = TRUE
  ))
}

needed <- read.dcf("DESCRIPTION", c("Imports", "LinkingTo"))
needed <- c(trimws(unlist(strsplit(needed, ","))), "testthat")
missing <- find_missing()
if (length(missing)) {
  cat("setup: could not install", toString(missing), "\n")
}
if (any(missing %in% needed)) quit(status = 1)

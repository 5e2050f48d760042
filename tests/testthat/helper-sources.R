# Where this package's sources are: beside the tests, or where R CMD check
# unpacks them; NULL elsewhere.
source_folder <- function() {
  places <- test_path(c("../..", "../../00_pkg_src/gmvae"))
  found <- places[file.exists(file.path(places, "src", "Makevars"))]
  if (length(found)) found[[1]]
}

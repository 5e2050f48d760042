# Where this package's sources are: beside the tests, or where R CMD check
# unpacks them; NULL elsewhere.
source_folder <- function() {
  places <- test_path(c("../..", "../../00_pkg_src/gmvae"))
  found <- places[file.exists(file.path(places, "src", "Makevars"))]
  if (length(found)) found[[1]]
}

# Another value of something inside of this package, for the length of a test.
local_internal <- function(name, value, envir = parent.frame()) {
  inside <- asNamespace("gmvae")
  rlang::env_binding_unlock(inside, name)
  rlang::local_bindings(!!name := value, .env = inside, .frame = envir)
}

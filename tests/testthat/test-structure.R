# The rooms of src/ and the direction of their includes, as CONTRIBUTING.md
# draws them.

# What each room may include, beside itself.
lower_rooms <- list(
  core = character(),
  simd = "core",
  gmm = c("core", "simd"),
  nn = c("core", "simd"),
  likelihood = c("core", "simd"),
  gmvae = c("core", "simd", "gmm", "nn", "likelihood"),
  glue = c("core", "simd", "gmm", "nn", "likelihood", "gmvae")
)
# Within these rooms, each folder may include those before it.
folder_order <- list(
  gmm = c("model", "data", "em", "start", "search", "inference"),
  gmvae = c("data", "model", "train", "select")
)

skip_without_sources <- function() {
  root <- source_folder()
  skip_if(is.null(root), "the sources are not here")
  file.path(root, "src")
}

cpp_files <- function(folder) {
  list.files(folder, "[.](cpp|h|inc)$", recursive = TRUE)
}

# One row for each #include "..." of a project's file: paths below src/.
project_includes <- function(src) {
  found <- lapply(cpp_files(src), function(file) {
    lines <- readLines(file.path(src, file))
    pattern <- "^ *# *include *\"([^\"]+)\".*"
    to <- sub(pattern, "\\1", grep(pattern, lines, value = TRUE))
    beside <- file.path(dirname(file), to)
    to <- ifelse(file.exists(file.path(src, to)), to, sub("^[.]/", "", beside))
    data.frame(from = rep(file, length(to)), to = to)
  })
  do.call(rbind, found)
}

room_of <- function(file) {
  ifelse(grepl("/", file), sub("/.*", "", file), "glue")
}

# The second folder of a path such as gmm/em/pass.h, or NA.
folder_of <- function(file) {
  parts <- strsplit(file, "/", fixed = TRUE)
  vapply(parts, function(x) if (length(x) > 2L) x[[2L]] else NA_character_, "")
}

is_allowed <- function(from, to) {
  room <- room_of(from)
  if (room != room_of(to)) return(room_of(to) %in% lower_rooms[[room]])
  order <- folder_order[[room]]
  if (is.null(order)) return(TRUE)
  isTRUE(match(folder_of(to), order) <= match(folder_of(from), order))
}

# The nodes of a graph that lie on a loop, or between two loops.
nodes_in_loops <- function(from, to) {
  repeat {
    inner <- from %in% to & to %in% from
    if (all(inner)) return(sort(unique(c(from, to))))
    from <- from[inner]
    to <- to[inner]
  }
}

test_that("every folder of src/ is a room with a place in the order", {
  src <- skip_without_sources()
  files <- cpp_files(src)
  rooms <- room_of(files)
  expect_setequal(rooms, names(lower_rooms))
  for (room in names(folder_order)) {
    expect_setequal(folder_of(files[rooms == room]), folder_order[[room]])
  }
})

test_that("a file includes its own room and lower ones", {
  src <- skip_without_sources()
  includes <- project_includes(src)
  expect_gt(nrow(includes), 100)
  expect_true(all(file.exists(file.path(src, includes$to))))
  allowed <- mapply(is_allowed, includes$from, includes$to)
  upwards <- includes[!allowed, ]
  expect_identical(sprintf("%s includes %s", upwards$from, upwards$to),
                   character())
})

test_that("no file includes itself by way of others", {
  expect_identical(nodes_in_loops(c("a", "b", "c"), c("b", "a", "d")),
                   c("a", "b"))
  src <- skip_without_sources()
  includes <- project_includes(src)
  from <- tools::file_path_sans_ext(includes$from)  # x.h and x.cpp are one
  to <- tools::file_path_sans_ext(includes$to)
  expect_identical(nodes_in_loops(from[from != to], to[from != to]),
                   character())
})

test_that("no two purposes of random numbers share a stream", {
  src <- skip_without_sources()
  folders <- c(src, file.path(src, "../tests/cpp"),
               file.path(src, "../tests/bench"))
  lines <- unlist(lapply(folders, function(folder) {
    unlist(lapply(file.path(folder, cpp_files(folder)), readLines))
  }))
  pattern <- "^ *constexpr (gmvae::)?Purpose +([a-z_]+)\\{([0-9]+)\\}.*"
  named <- grep(pattern, lines, value = TRUE)
  # Every purpose is written in this form.
  any_form <- grep("constexpr.*Purpose +[a-z_]+ *[{=(]", lines, value = TRUE)
  expect_identical(named, any_form)
  expect_gt(length(named), 5)
  numbers <- sub(pattern, "\\3", named)
  expect_identical(named[numbers %in% numbers[duplicated(numbers)]],
                   character())
})

test_that("Eigen's decompositions are compiled once, in core/dense.cpp", {
  src <- skip_without_sources()
  files <- setdiff(cpp_files(src), c("core/eigen.h", "core/dense.cpp"))
  includes_eigen <- vapply(file.path(src, files), function(file) {
    any(grepl("^ *# *include *<Eigen/", readLines(file)))
  }, NA)
  expect_identical(files[includes_eigen], character())
})

# The last of two would silently take the place of the first.
test_that("no function is defined twice", {
  folder <- file.path(dirname(skip_without_sources()), "R")
  lines <- unlist(lapply(list.files(folder, "[.]R$", full.names = TRUE),
                         readLines))
  defined <- grep("^[A-Za-z_.]+ <- function", lines, value = TRUE)
  expect_gt(length(defined), 500)
  expect_identical(defined[duplicated(sub(" .*", "", defined))], character())
})

# R multiplies whole numbers with 32 bits: the product of two sizes is NA beyond
# 2^31, so that one of them must be made a double.
test_that("no product of two sizes is computed with whole numbers", {
  folder <- file.path(dirname(skip_without_sources()), "R")
  size <- "(nrow|ncol|NROW|NCOL|length|nlevels)\\([^()]*\\)"
  named <- "\\b[nd]"
  pattern <- sprintf("(%s|%s) [*] (%s|%s\\b)|prod\\(dim\\(", size, named,
                     size, named)
  files <- list.files(folder, full.names = TRUE)
  found <- unlist(lapply(files, function(file) {
    lines <- sub(" *#.*", "", readLines(file))
    hits <- grep(pattern, lines, perl = TRUE, value = TRUE)
    sprintf("%s: %s", basename(rep(file, length(hits))), trimws(hits))
  }))
  expect_identical(found, character())
})

# Two types of one name in one namespace are undefined behaviour, of which no
# compiler and no linker need tell.
test_that("no two headers define a type of the same name", {
  src <- skip_without_sources()
  headers <- grep("[.]h$", cpp_files(src), value = TRUE)
  types <- unlist(lapply(file.path(src, headers), function(file) {
    pattern <- "^(struct|class) +([A-Za-z0-9_]+)[^;]*$"
    lines <- grep(pattern, readLines(file), value = TRUE)
    unique(sub(pattern, "\\2", lines))
  }))
  expect_gt(length(types), 100)
  expect_identical(types[duplicated(types)], character())
})

# Tests of R that no single file of R/ answers for.
across <- c("determinism", "em-properties", "errors", "fuzz", "gmm-arguments",
            "gmm-after-every-fit", "gmm-malformed", "gmm-missing", "malformed",
            "package", "parity-dnbinom", "parity-mclust", "parity-sklearn",
            "recovery", "serialize", "stress", "structure")

test_that("tests have the stem of the file or of the folder they test", {
  root <- dirname(skip_without_sources())
  stems <- function(folder, pattern) {
    sub(pattern, "\\1", list.files(file.path(root, folder), pattern))
  }
  tested <- stems("tests/testthat", "^test-(.*)[.]R$")
  expect_identical(setdiff(tested, c(across, stems("R", "^(.*)[.]R$"))),
                   character())
  for (room in setdiff(names(lower_rooms), "glue")) {
    files <- cpp_files(file.path(root, "src", room))
    names <- c(room, dirname(files),
               tools::file_path_sans_ext(basename(files)))
    tested <- stems(file.path("tests/cpp", room), "^test_(.*)[.]cpp$")
    expect_identical(setdiff(tested, names), character(), info = room)
  }
})

makevars_objects <- function(file) {
  lines <- readLines(file)
  first <- which(lines == "OBJECTS = \\")
  n <- which(!endsWith(lines[-seq_len(first)], "\\"))[1]
  list <- gsub("\\", " ", lines[first + seq_len(n)], fixed = TRUE)
  scan(text = list, what = "", quiet = TRUE)
}

test_that("Makevars names every C++ file once, in order", {
  root <- source_folder()
  skip_if(is.null(root), "the sources are not here")
  src <- file.path(root, "src")
  files <- list.files(src, "[.]cpp$", recursive = TRUE)
  expected <- sort(sub("cpp$", "o", files), method = "radix")

  expect_identical(makevars_objects(file.path(src, "Makevars")), expected)
  expect_identical(makevars_objects(file.path(src, "Makevars.win")), expected)

  # The kernels see no standard header.
  kernels <- startsWith(expected, "simd/")
  rules <- paste0(expected, ": ", sub("o$", "cpp", expected),
                  ifelse(kernels, "; $(PLAIN) ", " $(DONE); $(COMPILE) "),
                  sub("o$", "cpp", expected), " -o $@")
  lines <- readLines(file.path(src, "Makevars"))
  expect_identical(utils::tail(lines, length(rules)), rules)
})

test_that("Makevars holds nothing that only GNU make knows", {
  root <- source_folder()
  skip_if(is.null(root), "the sources are not here")
  lines <- readLines(file.path(root, "src", "Makevars"))
  lines <- lines[!startsWith(lines, "#")]
  only_gnu <- "[:?+]=|%|[$][(][a-z]+ |^-?include|^if|[$]\\^"
  expect_false(any(grepl(only_gnu, lines)))
})

test_that("the core reads every option that the controls have", {
  root <- source_folder()
  skip_if(is.null(root), "the sources are not here")
  read_in <- function(file) {
    text <- readLines(file.path(root, "src", file))
    gsub('"', "", unlist(regmatches(text, gregexpr('"[a-z_]+"', text))))
  }
  # These reach the core under other names: `epochs` and `warmup` as lengths of
  # phases, `find_batches` as batches, `n_folds` as weights, `n_networks` as
  # seeds, `noise_density` as a fact about the noise.
  # `n_boot` and `alpha` as numbers of samples.
  # `checkpoint` and `checkpoint_minutes` as a list of their own.
  # `protein_weight` as the weight of a modality.
  elsewhere <- c("...", "alpha", "checkpoint", "checkpoint_minutes", "epochs",
                 "find_batches", "n_boot", "n_folds", "n_networks",
                 "noise_density", "protein_weight", "verbose", "warmup")
  options_of <- function(control) setdiff(names(formals(control)), elsewhere)
  expect_in <- function(options, names) {
    expect_identical(setdiff(options, names), character())
  }
  expect_in(options_of(gmvae_control),
            c(read_in("glue_gmvae.cpp"), read_in("glue_gmvae.h")))
  expect_in(options_of(gmm_control),
            c(read_in("glue_gmm.cpp"), read_in("glue_gmm.h")))
})

test_that("every exported function has a page with a value and examples", {
  pages <- tools::Rd_db("gmvae")
  tags_of <- function(page) {
    vapply(page, attr, "", "Rd_tag")
  }
  aliases_of <- function(page) {
    vapply(page[tags_of(page) == "\\alias"], as.character, "")
  }
  for (name in getNamespaceExports("gmvae")) {
    page <- Find(function(page) name %in% aliases_of(page), pages)
    expect_false(is.null(page), label = paste("no help page for", name))
    expect_true(
      all(c("\\value", "\\examples") %in% tags_of(page)),
      label = paste("\\value and \\examples of", name)
    )
  }
})

test_that("pbmc_sorted is what its page says", {
  data("pbmc_sorted", package = "gmvae", envir = environment())
  counts <- pbmc_sorted$counts

  expect_s4_class(counts, "dgCMatrix")
  expect_identical(dim(counts), c(8324L, 1000L))
  expect_true(all(counts@x > 0 & counts@x == round(counts@x)))
  expect_gte(min(tabulate(counts@i + 1L, nrow(counts))), 10)
  expect_false(anyDuplicated(rownames(counts)) > 0)
  expect_false(anyDuplicated(colnames(counts)) > 0)

  expect_length(pbmc_sorted$celltype, ncol(counts))
  expect_identical(nlevels(pbmc_sorted$celltype), 10L)
  pairs <- table(pbmc_sorted$celltype, pbmc_sorted$celltype_coarse)
  expect_true(all(rowSums(pairs > 0) == 1))
})

test_that("functions write to no file but what the user names", {
  skip_if_not_installed("rmarkdown")
  skip_if_not_installed("ggplot2")
  skip_if_not(rmarkdown::pandoc_available())
  folder <- tempfile("folder")
  dir.create(folder)
  back <- setwd(folder)
  grDevices::pdf(NULL)
  on.exit({
    grDevices::dev.off()
    setwd(back)
    unlink(folder, recursive = TRUE)
  })
  invisible(gc())
  before <- list.files(tempdir())

  set.seed(1)
  x <- simulate_counts(n = 60, genes = 30)$counts
  source <- cell_source(function(from, to) x[, from:to], dim(x), dimnames(x))
  fit <- quick_fit(source, 2)
  predict(fit, source)
  without_cautions(update(fit, k = 3, x = source))
  plot(fit)
  mixture <- gmm_fit(faithful, 2, "VVV", control = gmm_control(verbose = FALSE))
  plot(mixture)
  gmm_bootstrap(mixture, 5, data = faithful)
  expect_identical(list.files(all.files = TRUE, no.. = TRUE), character())
  without_cautions(report(fit, x, file = "mine.html"))
  expect_identical(list.files(all.files = TRUE, no.. = TRUE), "mine.html")

  invisible(gc())  # files of sources go with the objects
  ours <- grep("gmvae|report", setdiff(list.files(tempdir()), before),
               value = TRUE)
  expect_identical(ours, character())
})

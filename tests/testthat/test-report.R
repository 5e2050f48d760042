skip_if_not_installed("rmarkdown")
skip_if_not_installed("ggplot2")
skip_if_not(rmarkdown::pandoc_available())

report_example <- function(...) {
  x <- matrix(1:8 %% 3, 8, 60, dimnames = list(paste0("g", 1:8),
                                               paste0("c", 1:60)))
  list(fit = made_up_fit(...), x = x)
}

# In one line, however pandoc broke its lines.
read_page <- function(file) {
  gsub("[[:space:]]+", " ", paste(readLines(file, warn = FALSE),
                                  collapse = " "))
}

test_that("the report is one page with all of its parts", {
  given <- report_example(batch = factor(rep(c("left", "right"), 30)))
  fit <- rename_clusters(given$fit, c("1" = "NK cell"))
  fit$converged <- FALSE
  file <- file.path(tempdir(), "a report.html")
  on.exit(unlink(file))
  page <- withVisible(report(fit, given$x, file, title = "My cells"))
  expect_false(page$visible)
  expect_identical(page$value, normalizePath(file))
  html <- read_page(file)
  for (words in c("My cells", "Summary", "Cautions", "Map of the cells",
                  "Markers", "Cluster NK cell", "Batches", "left", "Training",
                  "did not converge", "Train longer", "R version")) {
    expect_true(grepl(words, html, fixed = TRUE), info = words)
  }
  # Nothing is outside of the page.
  expect_false(grepl("(src|href)=\"(?!data:|#)", html, perl = TRUE))
})

test_that("a fit without counts, and one with one cluster, have a report", {
  all_in_one <- made_up_fit(k = 2)
  all_in_one$cluster[] <- "1"
  file <- tempfile(fileext = ".html")
  on.exit(unlink(file))
  for (fit in list(made_up_fit(k = 1), all_in_one)) {
    report(fit, file = file)
    expect_true(grepl("one cluster only", read_page(file)))
  }
})

test_that("what can't be reported is an error", {
  given <- report_example()
  expect_snapshot(error = TRUE, {
    report(given$fit, given$x, "report.pdf")
    report(given$fit, given$x, "no/such/folder/report.html")
    report(given$fit, given$x, markers = 1:3)
    report(given$fit, given$x, title = 1)
  })
})

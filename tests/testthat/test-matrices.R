test_that("a slot that would be read outside of is named, for every class", {
  set.seed(1)
  x <- abs(Matrix::rsparsematrix(8, 30, 0.5))
  square <- Matrix::crossprod(x)
  triplets <- methods::as(x, "TsparseMatrix")
  cases <- list(
    list(triplets, "i", 1, 1000000L), list(triplets, "j", 2, -1L),
    list(triplets, "i", 1, NA_integer_),
    list(x, "p", 3, 1000L), list(x, "p", 31, 5L), list(x, "p", 1, 1L),
    list(x, "i", 1, -1L), list(x, "i", 2, 8L), list(x, "Dim", 1, -8L),
    list(x, "Dim", 2, 3L), list(methods::as(x, "RsparseMatrix"), "j", 1, 30L),
    list(square, "i", 1, 99L),
    list(methods::as(square, "RsparseMatrix"), "p", 2, 1000L),
    list(methods::as(x, "nMatrix"), "i", 1, 9L),
    list(methods::as(x, "unpackedMatrix"), "Dim", 1, 1000L),
    list(methods::as(9:1, "pMatrix"), "perm", 1, 90L)
  )
  for (case in cases) {
    broken <- case[[1]]
    slot <- attr(broken, case[[2]])
    slot[case[[3]]] <- case[[4]]
    attr(broken, case[[2]]) <- slot
    label <- paste(class(broken), case[[2]])
    error <- expect_error(as_counts(broken), class = "gmvae_error_input",
                          info = label)
    # A wrong `Dim` shows where another slot no longer fits it.
    if (case[[2]] != "Dim") {
      expect_match(rlang::cnd_message(error), paste0("`", case[[2]], "`"),
                   fixed = TRUE, info = label)
    }
    expect_error(gmvae(broken, 2), class = "gmvae_error_input", info = label)
  }
})

test_that("slots that are too short, of another type or gone are named", {
  set.seed(1)
  x <- abs(Matrix::rsparsematrix(8, 30, 0.5))
  broken <- function(slot, value, y = x) {
    attr(y, slot) <- value
    y
  }
  cases <- list(
    x = broken("x", x@x[-1]), x = broken("x", as.integer(x@x)),
    x = broken("x", NULL), i = broken("i", as.double(x@i)),
    p = broken("p", x@p[-31]), Dimnames = broken("Dimnames", list("a", NULL)),
    Dimnames = broken("Dimnames", NULL), Dim = broken("Dim", c(8, 30)),
    x = broken("x", 1, methods::as(x, "unpackedMatrix")),
    uplo = broken("uplo", "X", Matrix::crossprod(x)),
    diag = broken("diag", NULL, Matrix::Diagonal(9, 1:9))
  )
  for (i in seq_along(cases)) {
    expect_error(as_counts(cases[[i]]), paste0("`", names(cases)[i], "`"),
                 fixed = TRUE, class = "gmvae_error_input",
                 info = names(cases)[i])
  }
})

test_that("unsorted rows, as Python writes them, are sorted", {
  x <- methods::as(tiny_counts(), "CsparseMatrix")
  unsorted <- x
  for (column in seq_len(ncol(x))) {
    entries <- seq.int(x@p[column] + 1L, length.out = diff(x@p)[column])
    unsorted@i[entries] <- rev(x@i[entries])
    unsorted@x[entries] <- rev(x@x[entries])
  }
  expect_identical(as_counts(unsorted), x)
  twice <- x
  twice@i[2] <- twice@i[1]
  expect_error(as_counts(twice), "twice in a column",
               class = "gmvae_error_input")
  short <- unsorted
  short@x <- short@x[-1]
  expect_error(as_counts(short), "`x` must have", class = "gmvae_error_input")
})

test_that("tables, AsIs and other sparse classes are taken", {
  table <- xtabs(~ cyl + gear, mtcars)
  expect_equal(as.matrix(as_counts(table)), unclass(table),
               ignore_attr = TRUE)
  x <- tiny_counts()
  expect_identical(as_counts(I(x)), as_counts(x))
  sparse <- methods::as(x, "CsparseMatrix")
  set.seed(1)
  fit <- quick_fit(x, 2, epochs = 2)
  set.seed(1)
  expect_identical(comparable(quick_fit(I(x), 2, epochs = 2)), comparable(fit))
  skip_if_not_installed("DelayedArray")
  seed <- methods::as(sparse, "SparseArraySeed")
  expect_equal(as_counts(seed), sparse)
})

test_that("what holds matrices gets the line to type", {
  x <- tiny_counts()
  lists <- list("Gene Expression" = x, "Antibody Capture" = x)
  expect_error(gmvae(lists, 2), "lists[[\"Gene Expression\"]]", fixed = TRUE,
               class = "gmvae_error_input")
  expect_error(gmvae(list(1, x), 2), "x[[2]]", fixed = TRUE)
  expect_error(gmvae(structure(list(), class = "Seurat"), 2), "GetAssayData",
               class = "gmvae_error_input")
  expect_error(gmvae(as.data.frame(x), 2), "as.matrix",
               class = "gmvae_error_input")
  for (class in c("Matrix", "dgCMatrix", "DelayedMatrix",
                  "SummarizedExperiment")) {
    expect_error(gmvae(structure(list(1), class = class), 2),
                 "must be a numeric matrix", class = "gmvae_error_input",
                 info = class)
  }
  expect_error(gmvae(array(1, c(2, 2, 2)), 2), class = "gmvae_error_input")
  expect_error(gmvae(1:3, 2), class = "gmvae_error_input")
})

test_that("more values than a sparse matrix can hold are an error", {
  expect_silent(check_n_values(2^31 - 1, "x", NULL))
  expect_error(check_n_values(2^31, "x", NULL), "2147483647",
               class = "gmvae_error_input")
})

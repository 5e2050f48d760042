# Generated calls: whatever is given where, the outcome must be a sound result
# or a classed error that the package expected. A seed names a call, so that a
# finding can be run again:  fuzz_outcome("call", 17)
# tests/fuzz/run.R runs thousands of them, in processes that may crash.

pick <- function(values) values[[sample.int(length(values), 1L)]]

odd_classes <- c(
  "integer64", "Date", "POSIXct", "difftime", "factor", "gmvae", "gmm_fit",
  "Matrix", "SummarizedExperiment", "DelayedMatrix", "AsIs", "unknown",
  "gmvae_control", "gmm_control", "gmm_prior", "dgCMatrix"
)

# Values of all kinds; some are right somewhere.
odd_value <- function() {
  n <- pick(c(0L, 1L, 2L, 3L, 12L, 30L, 40L))
  numbers <- switch(sample.int(8L, 1L), rnorm(n), rpois(n, 3), runif(n),
                    rep(0, n), rnorm(n) * 1e300, rnorm(n) * 1e-300,
                    replace(rnorm(n), sample.int(n + 1L, 1L), NA),
                    replace(rnorm(n), sample.int(n + 1L, 1L), Inf))[seq_len(n)]
  labels <- sample(c("a", "b", "noise", "1", "2", "{stop()}", "%s", "\u00e9"),
                   n, replace = TRUE)
  pick(list(
    function() pick(odd_values),
    function() numbers,
    function() as.integer(round(pmin(pmax(numbers, -10), 10))),
    function() stats::setNames(numbers, sprintf("c%d", seq_len(n))),
    function() labels, function() factor(labels),
    function() numbers > 0, function() as.list(numbers),
    function() as.raw(seq_len(n)), function() complex(real = numbers),
    function() array(numbers, n),
    function() matrix(numbers, ncol = 1L),
    function() matrix(numbers, nrow = 1L),
    function() matrix(rep_len(numbers, 36L), 12L),
    function() matrix(rep_len(labels, 36L), 12L),
    function() as.data.frame(matrix(rep_len(numbers, 40L), 20L)),
    function() {
      names <- sample(c("method", "decreasing", "na.last", "x", "", "k"), 2)
      stats::setNames(as.data.frame(matrix(rnorm(80), 40)), names)
    },
    function() data.frame(a = I(matrix(rnorm(80), 40)), b = rnorm(40)),
    function() data.frame(a = I(as.list(1:40)), b = rnorm(40)),
    function() table(labels), function() table(labels, rev(labels)),
    function() structure(numbers, class = pick(odd_classes)),
    function() Matrix::rsparsematrix(12, 30, 0.3),
    function() invalid_matrix(), function() quote(a + b),
    function() y ~ x, function() expression(a), function() as.name("a"),
    function() methods::getClass("numeric"), function() globalenv(),
    function() mean, function() sum, function() strrep("a", 1e5),
    function() pick(c(-1, 0, 0.5, 1, 2, 3, 5, 29, 30, 31, 1e3)),
    function() pick(c(TRUE, FALSE)), function() NULL
  ))()
}

# Matrices of package Matrix with a slot changed.
invalid_matrix <- function() {
  x <- abs(Matrix::rsparsematrix(8, 30, 0.5))
  square <- Matrix::crossprod(abs(Matrix::rsparsematrix(9, 12, 0.4)))
  unpacked <- methods::as(square, "unpackedMatrix")
  x <- pick(list(
    function() x, function() methods::as(x, "TsparseMatrix"),
    function() methods::as(x, "RsparseMatrix"), function() square,
    function() methods::as(square, "TsparseMatrix"),
    function() methods::as(square, "RsparseMatrix"),
    function() Matrix::triu(methods::as(square, "generalMatrix")),
    function() methods::as(x, "unpackedMatrix"),
    function() methods::as(unpacked, "packedMatrix"),
    function() methods::as(x, "nMatrix"), function() methods::as(x, "lMatrix"),
    function() Matrix::Diagonal(9, 1:9), function() methods::as(9:1, "pMatrix"),
    function() methods::as(methods::as(x, "nMatrix"), "TsparseMatrix")
  ))()
  names <- setdiff(methods::slotNames(x), "factors")
  for (name in pick(list(pick(names), sample(names, 2L)))) {
    attr(x, name) <- tampered(attr(x, name))
  }
  x
}

# One change to a value, of the kinds that files and hands make.
tampered <- function(value) {
  n <- length(value)
  at <- if (n > 0L) sample.int(n, min(n, pick(c(1L, 1L, 3L))))
  number <- pick(c(NA, NaN, Inf, -1, 1e6, 2^31, 1e300, -1e300, 0, 0.5))
  if (is.list(value) && n > 0L && stats::runif(1) < 0.3) {
    if (is.data.frame(value)) return(value[, -1L, drop = FALSE])
    return(value[-at[1]])
  }
  shape <- attributes(value)
  pick(list(
    function() NULL, function() NA, function() list(), function() character(),
    function() numeric(), function() if (n > 0L) value[-n] else value,
    function() c(value, value), function() rev(value),
    function() as.list(value), function() as.character(value),
    function() factor(rep("a", max(n, 1L))), function() unname(value),
    function() as.vector(unlist(value)),
    function() {
      if (n > 0L && (is.numeric(value) || is.logical(value))) {
        value[at] <- if (is.integer(value)) {
          suppressWarnings(as.integer(number))
        } else {
          number
        }
      }
      value
    },
    function() {
      if (is.numeric(value)) value * pick(c(-1, 0, 1e200, NA)) else value
    },
    function() if (is.matrix(value)) t(value) else matrix(value, 1L),
    function() if (is.matrix(value)) value[, 0L, drop = FALSE] else value,
    function() if (is.matrix(value)) value[-1L, , drop = FALSE] else value,
    function() `attributes<-`(value, NULL),
    function() odd_value(),
    function() structure(value, class = "unknown"),
    function() pick(list(1L, 2, "a", TRUE, -5L, 1e9))
  ))()
}

# What one seed does: list of `name`, and `run`, a function of no arguments.
#   "call"    a function with one or two arguments replaced
#   "fit"     a method of a fit with a field changed
#   "object"  a method of what other functions return, with a field changed
#   "matrix"  a matrix of package Matrix with a slot changed
fuzz_case <- function(kind, seed) {
  world <- fuzz_world()
  # Made once, and not after the seed is set.
  if (kind %in% c("call", "object")) fuzz_others()
  set.seed(seed)
  if (kind == "matrix") {
    x <- invalid_matrix()
    method <- pick(list(
      function() gmvae(x, 2, control = world$control),
      function() predict(world$fits[[1]], x)
    ))
    return(list(name = class(x)[1], run = method))
  }
  if (kind == "fit") return(fuzz_fit(world))
  if (kind == "object") return(fuzz_object(world))
  target <- fuzz_targets(world)
  arguments <- target[[1]]
  # Generics of all classes: another first argument would find other methods.
  fixed <- if (names(target) %in% open_generics) 1L
  places <- setdiff(seq_along(arguments), fixed)
  for (i in seq_len(if (length(places) > 0L) pick(c(0L, 1L, 1L, 2L)) else 0L)) {
    arguments[pick(places)] <- list(odd_value())
  }
  list(name = names(target), run = function() {
    do.call(names(target), arguments, quote = TRUE)
  })
}

fuzz_fit <- function(world) {
  autoencoder <- stats::runif(1) < 0.6
  fit <- pick(if (autoencoder) world$fits else world$mixtures)
  path <- pick(names(fit))
  repeat {
    inner <- fit[[path]]
    if (!is.list(inner) || is.null(names(inner)) || stats::runif(1) < 0.3) break
    path <- c(path, pick(names(inner)))
  }
  fit[[path]] <- if (stats::runif(1) < 0.15) NULL else
    tryCatch(tampered(fit[[path]]), error = function(cnd) NULL)
  newdata <- if (autoencoder) world$x else world$rows
  method <- pick(list(
    predict = function() predict(fit, newdata),
    predict_any = function() {
      method <- if (autoencoder) predict.gmvae else predict.gmm_fit
      predict(fit, newdata, pick(eval(formals(method)$type)))
    },
    own = function() predict(fit),
    summary = function() summary(fit), print = function() print(fit),
    update = function() update(fit, k = 2, x = newdata),
    plot = function() {
      types <- if (autoencoder) c("loss", "sizes", "k", "uncertainty") else
        c("classification", "uncertainty", "BIC", "trace")
      if (autoencoder) plot(fit, pick(types)) else
        plot(fit, pick(types), data = newdata)
    },
    simulate = function() if (autoencoder) print(fit) else simulate(fit, 2)
  ))
  list(name = paste(class(fit)[1], paste(path, collapse = "$")), run = method)
}

# Classes whose fields are checked one by one. Tables and results that are only
# printed and plotted have no such rules.
with_rules <- c("gmm_classifier", "gmm_coordinates", "gmm_merged",
                "gmm_mixture", "cell_source", "gmvae_control", "gmm_control",
                "gmm_prior")

fuzz_object <- function(world) {
  others <- fuzz_others(world)
  class <- pick(intersect(names(others), with_rules))
  object <- others[[class]]
  path <- pick(seq_along(object))
  repeat {
    inner <- object[[path]]
    if (!is.list(inner) || length(inner) == 0L || stats::runif(1) < 0.4) break
    path <- c(path, pick(seq_along(inner)))
  }
  # As a list, since a data frame refuses columns of another length.
  classes <- oldClass(object)
  object <- unclass(object)
  object[[path]] <- if (stats::runif(1) < 0.15) NULL else
    tryCatch(tampered(object[[path]]), error = function(cnd) NULL)
  oldClass(object) <- classes
  methods <- object_methods(class, world)
  i <- sample.int(length(methods), 1L)
  list(
    name = paste(class, paste(path, collapse = "$"), names(methods)[i]),
    run = function() methods[[i]](object)
  )
}

# Seeds that once found something.
corpus <- list(
  call = c(936L, 1044L, 1129L, 1185L, 2722L, 3112L, 3578L, 3674L, 3792L),
  fit = c(123L, 365L, 690L, 848L, 878L),
  object = c(38L, 79L, 111L, 136L, 190L, 193L, 395L),
  matrix = c(8L, 29L, 35L, 58L, 78L, 152L, 176L, 177L, 179L, 180L, 190L, 193L)
)

# "sound", "error", or what is wrong: "unexpected" errors, "unclassed" ones and
# "not finite" results; with a message.
fuzz_outcome <- function(kind, seed) {
  case <- fuzz_case(kind, seed)
  grDevices::pdf(NULL)
  # Some calls write files with odd names.
  folder <- tempfile("fuzz")
  dir.create(folder)
  back <- setwd(folder)
  on.exit({
    setwd(back)
    unlink(folder, recursive = TRUE)
    grDevices::dev.off()
  })
  message <- ""
  outcome <- tryCatch(
    {
      utils::capture.output(suppressMessages(suppressWarnings(
        result <- case$run()
      )))
      # The quantile of probability 0 is infinite.
      if (case$name == "quantile") result[result %in% c(-Inf, Inf)] <- 0
      sound <- case$name %in% may_be_missing || all_finite(result)
      if (sound) "sound" else "not finite"
    },
    gmvae_error_unexpected = function(cnd) {
      message <<- conditionMessage(cnd$parent)
      "unexpected"
    },
    gmvae_error = function(cnd) "error",
    error = function(cnd) {
      message <<- conditionMessage(cnd)
      "unclassed"
    }
  )
  data.frame(kind = kind, seed = seed, outcome = outcome, name = case$name,
             message = gsub("[\n\t]", " ", message))
}

# Their results are NA for rows of the noise component, or without a label.
may_be_missing <- c("fitted", "residuals", "majority_vote")

# Numbers of a result, but for those that may be NA or NaN.
all_finite <- function(result) {
  if (inherits(result, "gmvae")) {
    result <- unclass(result)[c("posterior", "latent", "latent_sd", "mixture",
                                "parameters", "size_factors")]
  } else if (inherits(result, "gmm_fit")) {
    result <- unclass(result)[c("weights", "means", "covariances", "loglik",
                                "bic", "history")]
  } else if (!is.numeric(result) || is.object(result)) {
    return(TRUE)
  }
  all(is.finite(unlist(result)))
}

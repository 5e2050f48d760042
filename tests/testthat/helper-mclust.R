# A fit that holds the parameters of an Mclust object `m`, fitted to `x`, so
# that what follows a fit can be compared to rounding errors.
fit_of_mclust <- function(m, x) {
  x <- as.matrix(x)
  d <- ncol(x)
  covariances <- if (d == 1L) {
    array(rep_len(m$parameters$variance$sigmasq, m$G), c(1, 1, m$G))
  } else {
    m$parameters$variance$sigma
  }
  k <- m$G
  start <- list(weights = m$parameters$pro[seq_len(k)] /
                  sum(m$parameters$pro[seq_len(k)]),
                means = matrix(t(m$parameters$mean), k),
                covariances = unname(covariances))
  fit <- gmm_fit(x, k, m$modelName, start = start, keep_data = TRUE,
                 control = gmm_control(max_iter = 1, verbose = FALSE,
                                       min_rows = 0, min_eigen_ratio = 0))
  for (part in names(start)) fit[[part]][] <- start[[part]]
  fit$posterior <- NULL
  fit$data <- NULL
  fit$posterior <- predict(fit, x, "posterior")
  fit$cluster <- predict(fit, x)
  fit$uncertainty <- predict(fit, x, "uncertainty")
  fit$data <- x
  colnames(fit$data) <- fit$columns
  fit
}

# Evaluates `expr` where all of mclust is found: some of its functions evaluate
# calls of others in the frame of their caller.
in_mclust <- function(expr, ...) {
  eval(substitute(expr), list2env(list(...), parent = asNamespace("mclust")))
}

# Mclust() keeps the probabilities of its last E-step, and the parameters of the
# M-step after it. Here both belong together.
mclust_fit <- function(x, k, model) {
  m <- in_mclust(Mclust(x, G = k, modelNames = model, verbose = FALSE),
                 x = x, k = k, model = model)
  found <- stats::predict(m, x)
  m$z[] <- found$z
  m$classification[] <- found$classification
  m
}

mclust_data <- function(name) {
  skip_if_not_installed("mclust")
  found <- new.env()
  utils::data(list = name, package = "mclust", envir = found)
  mget(ls(found), found)
}

# A classifier that holds the mixtures of a MclustDA object.
classifier_of_mclust <- function(m) {
  classes <- names(m$models)
  fits <- lapply(m$models, function(model) {
    list(weights = if (model$G == 1L) 1 else model$parameters$pro,
         means = t(matrix(model$parameters$mean, m$d)),
         covariances = array(model$parameters$variance$sigma,
                             c(m$d, m$d, model$G)))
  })
  k <- lengths(lapply(fits, `[[`, "weights"))
  columns <- colnames(m$data)
  components <- paste0("c", seq_len(sum(k)))
  found <- list(
    weights = stats::setNames(
      unlist(Map(function(fit, share) fit$weights * share, fits, m$prop)),
      components
    ),
    means = `dimnames<-`(do.call(rbind, lapply(fits, `[[`, "means")),
                         list(components, columns)),
    covariances = array(unlist(lapply(fits, `[[`, "covariances")),
                        c(m$d, m$d, sum(k)),
                        list(columns, columns, components)),
    component_class = rep(seq_along(classes), k), shares = unname(m$prop),
    models = data.frame(class = classes, n = 0L, k = k, model = ""),
    search = data.frame(), df = m$df, n_obs = m$n
  )
  problem <- list(x = m$data, class = m$class, type = "mixture",
                  weights = NULL, prior = NULL, na_action = "fail",
                  criterion = "bic",
                  control = gmm_control(verbose = FALSE), proportions = NULL,
                  cost = NULL)
  out <- new_gmm_classifier(found, problem, quote(test()))
  out$data <- m$data
  out
}

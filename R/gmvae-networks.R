# Several networks on the same data, from different seeds, and the choice of one
# of them.

# train_networks() from `n_networks` seeds, drawn one after the other; of
# several `ks` each network chooses one, and those that did not choose the
# median of these train again with it. Returns the network kept, with a table of
# all in `networks`. `stored`: what checkpoints hold, see stored_identities().
train_several <- function(counts, cells, model, ks, control, stored, progress,
                          BPPARAM = NULL, call) {
  seeds <- vapply(seq_len(control$n_networks), function(i) draw_seed(), 0L)
  for (known in stored) {
    if (length(known$seeds) == length(seeds)) seeds <- as.integer(known$seeds)
  }
  train <- function(i, ks, control, checkpoints, progress = NULL) {
    with_core_errors(
      train_networks(counts, cells, model, ks, control, seeds[i], progress,
                     checkpoint = checkpoints[[i]]),
      call = call
    )
  }
  train_all <- function(which, ks, again = FALSE) {
    checkpoints <- open_checkpoints(counts, cells, model, ks, control, seeds,
                                    stored, which, again, call)
    if (is.null(BPPARAM) || length(which) == 1L) {
      return(lapply(which, train, ks, control, checkpoints, progress))
    }
    train_in_parallel(train, which, ks, control, checkpoints, BPPARAM, call)
  }
  cores <- train_all(seq_along(seeds), ks)
  if (length(seeds) == 1L) {
    warn_failed_checkpoint(cores, call)
    return(cores[[1]])
  }
  chosen <- vapply(cores, `[[`, 0L, "k")
  k <- sort(chosen)[(length(chosen) + 1L) %/% 2L]
  path <- cores[[match(k, chosen)]]$k_path
  others <- which(chosen != k)
  if (length(others) > 0L) cores[others] <- train_all(others, k, again = TRUE)
  warn_failed_checkpoint(cores, call)
  core <- most_typical(cores, seeds, path)
  if (length(ks) > 1L) core$networks$chosen_k <- chosen
  core
}

# For each network, NULL without checkpoints. Those of the networks `which` are
# compared with what is stored.
open_checkpoints <- function(counts, cells, model, ks, control, seeds, stored,
                             which, again, call) {
  files <- checkpoint_files(control, again)
  checkpoints <- vector("list", length(seeds))
  if (is.null(files)) return(checkpoints)
  identity <- with_core_errors(fit_identity(counts, cells, model, ks, control),
                               call = call)
  checkpoints[which] <- lapply(files[which], function(file) {
    open_checkpoint(file, identity, seeds, stored[[file]], control, call)
  })
  found <- intersect(files[which], names(stored))
  if (length(found) > 0L) say_resumed(found)
  checkpoints
}

# The threads of `control` are shared out among the workers.
train_in_parallel <- function(train, which, k, control, checkpoints, BPPARAM,
                              call) {
  n_workers <- min(BiocParallel::bpnworkers(BPPARAM), length(which))
  control$n_threads <- max(1L, control$n_threads %/% n_workers)
  if (!BiocParallel::bpisup(BPPARAM)) {
    BPPARAM <- BiocParallel::bpstart(BPPARAM)
    # A worker that has died can't be told to stop.
    on.exit(tryCatch(BiocParallel::bpstop(BPPARAM), error = identity))
  }
  cores <- rlang::try_fetch(
    {
      check_workers(BPPARAM, call)
      BiocParallel::bptry(
        BiocParallel::bplapply(which, train, k, control, checkpoints,
                               BPPARAM = BPPARAM)
      )
    },
    error = function(cnd) {
      if (inherits(cnd, "gmvae_error")) return(rlang::zap())
      gmvae_abort(c(
        "A worker of {.arg BPPARAM} stopped.",
        i = "It may have run out of memory. Without {.arg BPPARAM} the networks
             train one after the other."
      ), "core", parent = cnd, call = call)
    }
  )
  broken <- vapply(cores, inherits, NA, "error")
  if (!any(broken)) return(cores)
  gmvae_abort(c(
    "Training failed for {sum(broken)} of {length(which)} networks.",
    i = "Without {.arg BPPARAM} the networks train one after the other, and the
         error shows where it happens."
  ), "numerical", parent = cores[[which(broken)[1]]], call = call)
}

# Workers in processes of their own load the package themselves: it must be this
# version, as others may give other networks.
check_workers <- function(BPPARAM, call) {
  forked <- methods::is(BPPARAM, "MulticoreParam") ||
    methods::is(BPPARAM, "SerialParam")
  if (forked) return(invisible())
  version <- function(i) {
    tryCatch(as.character(utils::packageVersion("gmvae")),
             error = function(cnd) "none")
  }
  environment(version) <- baseenv()  # nothing of this package goes with it
  own <- version()
  found <- unlist(BiocParallel::bplapply(
    seq_len(BiocParallel::bpnworkers(BPPARAM)), version, BPPARAM = BPPARAM
  ))
  check_worker_versions(found, own, call)
}

check_worker_versions <- function(found, own, call) {
  other <- found[found != own]
  if (length(other) == 0L) return(invisible())
  gmvae_abort(c(
    "Workers of {.arg BPPARAM} must have version {own} of gmvae, as this session
     has.",
    x = if (other[1] == "none") "A worker does not find the package." else
      "A worker has version {other[1]}.",
    i = "Install the package there, or name its library in {.code .libPaths()}
         of the workers."
  ), "package", call = call)
}

# The network whose clusters agree most with those of the others, the first of
# equals: an outlier among the networks is not kept, however high its ELBO.
most_typical <- function(cores, seeds, path) {
  clusters <- lapply(cores, function(core) {
    max.col(core$posterior, ties.method = "first")
  })
  between <- diag(0, length(clusters))
  pairs <- utils::combn(length(clusters), 2L)
  between[t(pairs)] <- apply(pairs, 2L, function(pair) {
    adjusted_rand_index(clusters[[pair[1]]], clusters[[pair[2]]])
  })
  agreement <- rowSums(between + t(between)) / (length(clusters) - 1)
  kept <- which.max(agreement)
  elbo_of <- function(cells) {
    vapply(cores, function(core) core$elbo[[cells]][["elbo"]], 0)
  }
  core <- cores[[kept]]
  core$k_path <- path
  core$networks <- data.frame(
    seed = seeds, elbo = elbo_of("train"),
    elbo_heldout = elbo_of("heldout"),
    stability = vapply(cores, `[[`, 0, "stability"), agreement = agreement,
    kept = seq_along(seeds) == kept
  )
  core
}

check_bpparam <- function(BPPARAM, call, purpose = "train networks") {
  if (is.null(BPPARAM)) return(invisible())
  require_package("BiocParallel", paste(purpose, "in parallel"), call)
  if (methods::is(BPPARAM, "BiocParallelParam")) return(invisible())
  gmvae_abort(c(
    "{.arg BPPARAM} must be {.code NULL} or a BiocParallelParam.",
    x = "You supplied {describe(BPPARAM)}.",
    i = "For instance {.code BiocParallel::MulticoreParam(2)}."
  ), "option", call = call)
}

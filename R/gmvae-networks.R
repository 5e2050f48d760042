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
  # Networks that train again with this k have neither.
  choice <- cores[[match(k, chosen)]][c("k_path", "small_groups")]
  others <- which(chosen != k)
  if (length(others) > 0L) cores[others] <- train_all(others, k, again = TRUE)
  warn_failed_checkpoint(cores, call)
  core <- most_typical(cores, seeds, choice)
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
  pool <- open_workers(BPPARAM, call)
  on.exit(pool$close())
  control$n_threads <- threads_each(control$n_threads, pool, length(which))
  map_tasks(which, train, pool, call, k, control, checkpoints,
            each = "network")
}

# The network whose clusters agree most with those of the others, the first of
# equals: an outlier among the networks is not kept, however high its ELBO.
most_typical <- function(cores, seeds, choice) {
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
  core$k_path <- choice$k_path
  core$small_groups <- choice$small_groups
  core$networks <- data.frame(
    seed = seeds, elbo = elbo_of("train"),
    elbo_heldout = elbo_of("heldout"),
    stability = vapply(cores, `[[`, 0, "stability"), agreement = agreement,
    kept = seq_along(seeds) == kept
  )
  core
}

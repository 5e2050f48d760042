# Work that several processes share: networks, refits, folds, shards of rows.
# The workers are those of BiocParallel or mirai; here is the only door to them.

# The results of fn(task, ...) for each of `tasks`, in their order. `fn` must
# depend on its arguments alone, as a task whose worker has died is given to
# another one. `pool` comes from open_workers(), `each` names a task.
map_tasks <- function(tasks, fn, pool, call, ..., each = "task") {
  results <- vector("list", length(tasks))
  open <- seq_along(tasks)
  n_losses <- 0L
  while (length(open) > 0L) {
    # After two losses one task at a time shows which of them is to blame.
    now <- if (n_losses < 2L) open else open[1]
    found <- keep_random_state(pool$map(tasks[now], fn, ...))
    cause <- attr(found, "cause")
    there <- !vapply(found, is.null, NA)
    failed <- vapply(found, inherits, NA, "error")
    if (any(failed)) abort_task(found[[which(failed)[1]]], sum(failed), call)
    results[now[there]] <- found[there]
    open <- setdiff(open, now[there])
    if (all(there)) next
    n_losses <- n_losses + 1L
    if (n_losses > most_losses) {
      abort_lost(paste(each, open[1]), length(open), n_losses, cause, call)
    }
    keep_random_state(pool$restart(call))
  }
  results
}

# So often workers of one map may die.
most_losses <- 4L

abort_task <- function(cause, n, call) {
  if (inherits(cause, "gmvae_error")) rlang::cnd_signal(cause)
  gmvae_abort(c(
    "{n} task{?s} of the workers failed.",
    i = "Without {.arg BPPARAM} the error shows where it happens."
  ), "core", parent = cause, call = call)
}

abort_lost <- function(task, n_open, n_losses, cause, call) {
  gmvae_abort(c(
    "Workers of {.arg BPPARAM} must live until they have finished.",
    x = "{n_losses} times a worker died, the last time with {task};
         {n_open} task{?s} {?is/are} left.",
    i = "It may have run out of memory. Without {.arg BPPARAM} this session does
         the work alone."
  ), "worker", parent = cause, call = call)
}

# Nothing here draws random numbers, whatever a backend does.
keep_random_state <- function(expr) {
  seed <- globalenv()$.Random.seed
  on.exit(if (is.null(seed)) {
    suppressWarnings(rm(".Random.seed", envir = globalenv()))
  } else {
    assign(".Random.seed", seed, envir = globalenv())
  })
  expr
}

# A list of `n`, the number of workers; map(tasks, fn, ...), which returns NULL
# for a task whose worker has died and an error for one that failed; restart()
# and close(). All workers have this version of the package.
open_workers <- function(BPPARAM, call) {
  keep_random_state({
    pool <- if (is_mirai(BPPARAM)) {
      mirai_pool(call)
    } else if (methods::is(BPPARAM, "SerialParam")) {
      this_session()
    } else {
      bioc_pool(BPPARAM, call)
    }
    rlang::try_fetch(pool$check(call), error = function(cnd) {
      pool$close()
      rlang::zap()
    })
  })
  pool
}

is_mirai <- function(BPPARAM) identical(BPPARAM, "mirai")

this_session <- function() {
  list(
    n = 1L,
    map = function(tasks, fn, ...) {
      lapply(unname(tasks), function(task) {
        tryCatch(fn(task, ...), error = identity)
      })
    },
    check = function(call) NULL,
    close = function() NULL
  )
}

# Workers by BiocParallel, which loses all results of a call when one worker
# dies: each is written to a file besides, if workers see this session's files.
bioc_pool <- function(BPPARAM, call) {
  own <- !BiocParallel::bpisup(BPPARAM)
  if (own) BPPARAM <- start_backend(BPPARAM, call)
  folder <- tempfile("gmvae-results-", cache_folder(call))
  dir.create(folder)
  n_maps <- 0L  # names of files: a worker given up may write late
  list(
    n = BiocParallel::bpnworkers(BPPARAM),
    map = function(tasks, fn, ...) {
      n_maps <<- n_maps + 1L
      files <- file.path(folder, sprintf("%d-%d.rds", n_maps,
                                         seq_along(tasks)))
      on.exit(unlink(files))
      parcels <- Map(function(task, file) list(task = task, file = file),
                     tasks, files)
      found <- tryCatch(
        BiocParallel::bptry(BiocParallel::bplapply(
          unname(parcels), do_task, fn, list(...), BPPARAM = BPPARAM
        )),
        error = function(cnd) {
          structure(lapply(files, read_result), cause = cnd)
        }
      )
      structure(Map(task_result, found, files), cause = attr(found, "cause"))
    },
    restart = function(call) {
      stop_backend(BPPARAM)
      BPPARAM <<- start_backend(BPPARAM, call)
    },
    check = function(call) {
      if (methods::is(BPPARAM, "MulticoreParam")) return(invisible())
      n_losses <- 0L
      while (inherits(found <- worker_versions(BPPARAM), "error")) {
        n_losses <- n_losses + 1L
        if (n_losses > most_losses) {
          abort_lost("the first task", 1L, n_losses, found, call)
        }
        stop_backend(BPPARAM)
        BPPARAM <<- start_backend(BPPARAM, call)
      }
      check_worker_versions(found, version_here()(), call)
    },
    close = function() {
      if (own) stop_backend(BPPARAM)
      unlink(folder, recursive = TRUE)
    }
  )
}

start_backend <- function(BPPARAM, call) {
  session <- Sys.getpid()
  rlang::try_fetch(BiocParallel::bpstart(BPPARAM), error = function(cnd) {
    # A fork works within bpstart(): one that has lost the session ends here,
    # and does not go on as another session.
    if (Sys.getpid() != session) tools::pskill(Sys.getpid(), tools::SIGKILL)
    gmvae_abort(c(
      "The workers of {.arg BPPARAM} could not be started.",
      i = "{.code BiocParallel::bpstart()} shows more."
    ), "worker", parent = cnd, call = call)
  })
}

# A worker that has died can't be told to stop, and then none is: the others
# stop where their connections close.
stop_backend <- function(BPPARAM) {
  tryCatch(suppressWarnings(BiocParallel::bpstop(BPPARAM)), error = identity)
  if (!BiocParallel::bpisup(BPPARAM)) return(invisible())
  nodes <- BiocParallel::bpbackend(BPPARAM)
  for (i in seq_along(nodes)) {
    tryCatch(BiocParallel::.close(nodes[[i]]), error = identity)
  }
  BiocParallel::bpbackend(BPPARAM) <- structure(
    list(), class = c("NULLcluster", "cluster")
  )
}

# What a worker does with a task. An error of ours goes into the file, too, as
# BiocParallel keeps nothing but its message.
do_task <- function(parcel, fn, others) {
  value <- tryCatch(list(apply_task(fn, parcel$task, others)),
                    gmvae_error = identity)
  write_result(value, parcel$file)
  if (inherits(value, "error")) stop(value)
  value
}

# Half a file has another name.
write_result <- function(value, file) {
  if (!dir.exists(dirname(file))) return(invisible())
  part <- paste0(file, ".part", Sys.getpid())
  saveRDS(value, part, compress = FALSE)
  file.rename(part, file)
}

# fn(task, ...) with a list of `others`, of which a call is not evaluated.
apply_task <- function(fn, task, others) {
  do.call(fn, c(list(task), others), quote = TRUE)
}

read_result <- function(file) {
  if (!file.exists(file)) return(NULL)
  tryCatch(readRDS(file), error = function(cnd) NULL)
}

# NULL: there is none, as a worker died or another task failed before.
task_result <- function(found, file) {
  if (is.null(found) || inherits(found, "unevaluated_error")) return(NULL)
  if (!inherits(found, "error")) return(found[[1]])
  ours <- read_result(file)
  if (inherits(ours, "error")) ours else found
}

# Workers by mirai: the daemons that the user has started. A lost one costs its
# task alone.
mirai_pool <- function(call) {
  n_daemons <- function() {
    n <- mirai::status()$connections
    if (is.numeric(n)) sum(n) else 0
  }
  check_daemons <- function(call) {
    if (n_daemons() >= 1) return(invisible())
    gmvae_abort(c(
      "For {.code BPPARAM = \"mirai\"} daemons must be running.",
      x = "There are none.",
      i = "Start them with {.code mirai::daemons(2)}."
    ), "worker", call = call)
  }
  check_daemons(call)
  pool <- list(
    n = n_daemons(),
    map = function(tasks, fn, ...) {
      others <- list(...)
      running <- lapply(unname(tasks), function(task) {
        mirai::mirai(apply_task(fn, task, others), apply_task = apply_task,
                     fn = fn, task = task, others = others)
      })
      lapply(running, function(one) mirai_result(one, n_daemons))
    },
    restart = function(call) check_daemons(call),
    close = function() NULL
  )
  pool$check <- function(call) {
    found <- pool$map(seq_len(pool$n), version_here())
    check_worker_versions(unlist(found), version_here()(), call)
  }
  pool
}

# Waits for a result; a task that no daemon is left for has none.
mirai_result <- function(one, n_daemons) {
  while (mirai::unresolved(one)) {
    Sys.sleep(0.002)
    if (n_daemons() == 0) {
      mirai::stop_mirai(one)
      return(NULL)
    }
  }
  value <- one$data
  if (mirai::is_mirai_error(value)) {
    return(simpleError(as.character(value)))
  }
  if (mirai::is_error_value(value)) return(NULL)
  value
}

# Workers in processes of their own load the package themselves: it must be this
# version, as others may give other results. An error where one has died.
worker_versions <- function(BPPARAM) {
  tryCatch(unlist(BiocParallel::bplapply(
    seq_len(BiocParallel::bpnworkers(BPPARAM)), version_here(),
    BPPARAM = BPPARAM
  )), error = identity)
}

# A function that says which version there is, and nothing of this package goes
# with it.
version_here <- function() {
  version <- function(i) {
    tryCatch(as.character(utils::packageVersion("gmvae")),
             error = function(cnd) "none")
  }
  environment(version) <- baseenv()
  version
}

check_worker_versions <- function(found, own, call) {
  other <- which(found != own)
  if (length(other) == 0L) return(invisible())
  first <- found[other[1]]
  gmvae_abort(c(
    "Workers of {.arg BPPARAM} must have version {own} of gmvae, as this session
     has.",
    x = if (first == "none") "Worker {other[1]} does not find the package." else
      "Worker {other[1]} has version {first}.",
    i = "Install the package there, or name its library in {.code .libPaths()}
         of the workers."
  ), "package", call = call)
}

check_bpparam <- function(BPPARAM, call, purpose = "train networks") {
  if (is.null(BPPARAM)) return(invisible())
  if (is_mirai(BPPARAM)) {
    return(require_package("mirai", paste(purpose, "in parallel"), call))
  }
  require_package("BiocParallel", paste(purpose, "in parallel"), call)
  if (methods::is(BPPARAM, "BiocParallelParam")) return(invisible())
  gmvae_abort(c(
    "{.arg BPPARAM} must be {.code NULL}, a BiocParallelParam, or
     {.val mirai}.",
    x = "You supplied {describe(BPPARAM)}.",
    i = "For instance {.code BiocParallel::MulticoreParam(2)}."
  ), "option", call = call)
}

# The threads of a session, shared out among the workers of `n` tasks.
threads_each <- function(n_threads, pool, n) {
  max(1L, n_threads %/% max(1, min(pool$n, n)))
}

# The numbers 1, ..., n in so many runs of nearly the same length.
runs_of <- function(n, n_runs) {
  n_runs <- min(n, max(1, n_runs))
  unname(split(seq_len(n), sort(rep_len(seq_len(n_runs), n))))
}

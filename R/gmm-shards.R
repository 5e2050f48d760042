# Passes of EM that workers share: each holds all rows as a file and adds up the
# sums of some shards. What they return is what this session would have added
# up, to the last bit, so that neither the number of workers nor who did what
# matters.

# function(task, n_shards, centre, scale), which the core calls for each pass.
sums_elsewhere <- function(inputs, pool, call) {
  x <- inputs$x
  if (!is_row_file(x)) {
    x <- write_rows(matrix_source(unname(x)), "x", call)$x
  }
  path <- attr(x, "file")
  problem <- inputs$problem
  with_core_errors(
    cpp_row_file_facts(path, problem$weights, problem$labels), call = call
  )
  function(task, n_shards, centre, scale) {
    force(x)  # whose end would remove the file
    runs <- runs_of(n_shards, pool$n)
    n_threads <- threads_each(inputs$control$n_threads, pool, n_shards)
    tasks <- lapply(runs, function(run) {
      list(path = path, task = task, centre = centre, scale = scale,
           first = run[1], last = run[length(run)], n_threads = n_threads)
    })
    unlist(map_tasks(tasks, add_up_shards, pool, call, each = "run of shards"))
  }
}

# In a worker: the sums of shards first, ..., last.
add_up_shards <- function(task) {
  cpp_gmm_shards(rows_at_hand(task), task$task, task$first, task$last,
                 task$n_threads)
}

# The file of a task, which stays open for the next one. Another process may
# have opened what a fork finds here.
rows_at_hand <- function(task) {
  key <- c(task[c("path", "centre", "scale")], Sys.getpid())
  if (!identical(at_hand$key, key)) {
    at_hand$rows <- NULL
    at_hand$rows <- cpp_gmm_shared_rows(task$path, task$centre, task$scale)
    at_hand$key <- key
  }
  at_hand$rows
}

at_hand <- new.env(parent = emptyenv())

# Equal values in a column: a component that lies on one of them has variance
# zero there and any likelihood, so that no mixture is chosen that has one. A
# user hears of them where rounding does not explain so many.

tied_reason <- "a component collapsed onto equal values of "

# Why a candidate has no fit. The core knows columns by number; 0: the reason is
# another.
full_reason <- function(candidate, columns) {
  if (candidate$tied_column == 0L) return(candidate$reason)
  paste0(tied_reason, "`", columns[candidate$tied_column], "`")
}

# Which candidates have collapsed onto equal values of each column: a list with
# an element for each column of which that is the reason.
tied_candidates <- function(table, columns) {
  tied <- lapply(paste0(tied_reason, "`", columns, "`"), function(reason) {
    which(table$reason == reason)
  })
  stats::setNames(tied, columns)[lengths(tied) > 0L]
}

warn_heaps <- function(search, inputs, call) {
  tied <- tied_candidates(search$table, inputs$columns)
  heaps <- lapply(names(tied), function(column) {
    values <- inputs$x[, match(column, inputs$columns)]
    if (!is.null(inputs$active)) values <- values[inputs$active]
    heap_of(values)
  })
  found <- !vapply(heaps, is.null, TRUE)
  if (!any(found)) return(invisible())
  tied <- tied[found]
  heaps <- vapply(heaps[found], identity, "")
  lost <- length(unlist(tied))
  n <- nrow(search$table)
  gmvae_warn(c(
    "{.arg x} has more equal values than rounding explains. Normal distributions
     have none, and a component that collapses onto them is no fit.",
    stats::setNames(sprintf("Column `%s`: %s.", names(tied), heaps),
                    rep("x", length(tied))),
    x = "{lost} of {n} combination{?s} ended so; {.code $search} says which.",
    i = "Leave out or transform {cli::qty(length(tied))}{?this column/these
         columns}, spread equal values within their unit of measurement
         ({.code jitter(x, amount = unit)}), or let {.arg noise} take them."
  ), "ties", call = call)
}

# In words, the value that is repeated beyond what rounding explains, or NULL.
# Rounded to a unit of less than 2.5 standard deviations, no value of a normal
# distribution is 8 times as frequent as the values next to it.
heap_of <- function(values) {
  runs <- rle(sort(values))
  n <- sum(runs$lengths)
  different <- length(runs$lengths)
  if (different <= 5L) {
    return(cli::pluralize("only {different} different value{?s} in {n} rows"))
  }
  top <- which.max(runs$lengths)
  around <- setdiff(intersect(top + -2:2, seq_len(different)), top)
  often <- runs$lengths[top]
  if (often < max(10, 0.05 * n) || often < 8 * max(runs$lengths[around])) {
    return(NULL)
  }
  sprintf("%d of %d rows are %s", often, n, format(runs$values[top]))
}

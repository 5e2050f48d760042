# Values of all kinds, for arguments that are meant to be something else.

odd_values <- list(
  NULL, NA, NaN, Inf, -Inf, 0, -1, 1.5, 1e10, 1e-300, .Machine$integer.max,
  "a", "", NA_character_, c("nb", "zinb"), character(), integer(), list(),
  list(1), TRUE, c(1, NA), 1:3, matrix(1, 2, 2), array(1, c(2, 2, 2)),
  factor("a"), function(x) x, new.env(), 1i, as.raw(1), as.Date("2020-01-01"),
  data.frame(), data.frame(a = 1:3), structure(1, class = "unknown")
)

# Some of them, where each call takes long or few kinds matter.
few_odd_values <- odd_values[c(1, 2, 4, 6:10, 12, 15:20, 23, 26, 31:32)]

# Errors that the package did not expect, and what was given; empty if there are
# none.
unclassed <- function(values, call_with) {
  unlist(lapply(values, function(value) {
    tryCatch(
      {
        without_cautions(call_with(value))
        NULL
      },
      gmvae_error_unexpected = function(cnd) {
        paste(substr(deparse(value)[1], 1, 30), "->",
              conditionMessage(cnd$parent))
      },
      gmvae_error = function(cnd) NULL,
      error = function(cnd) {
        paste(substr(deparse(value)[1], 1, 30), "->", conditionMessage(cnd))
      }
    )
  }))
}

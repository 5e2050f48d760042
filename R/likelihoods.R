# What the package asks of a likelihood besides its mathematics, from the core's
# structs (src/likelihood): nothing else in R compares their names.

likelihood_names <- function() cpp_likelihoods()$name

# A list:
#   least, largest, whole  the values that it describes
#   dense                  zeros are data like any other value
#   size_factors           the mean is scaled by the cell's size factor: counts
#   scale                  "dispersion", "variance" or "" (no such parameter)
#   zero_inflation         it has one
#   encoder_input          "log_counts", "values" or "standardised"
#   gene_score             "deviance", "variance_beyond_trend" or "variance"
likelihood_traits <- function(likelihood) {
  table <- cpp_likelihoods()
  as.list(table[match(likelihood, table$name), ])
}

# Names of the likelihoods whose `trait` is `value`.
likelihoods_with <- function(trait, value = TRUE) {
  table <- cpp_likelihoods()
  table$name[table[[trait]] %in% value]
}

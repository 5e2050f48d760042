# Linear decoders: what each latent dimension means for each gene.

#' Loadings of a fit with a linear decoder
#'
#' With `gmvae_control(hidden_decoder = integer())` the decoder of [gmvae()] is
#' linear (Svensson et al. 2020): the output for gene \eqn{g} is \eqn{b_g +
#' \sum_d W_{gd} z_d}{b_g + sum_d W_gd z_d}, plus the shifts of batch and
#' covariates, if there are any. R's own function [loadings()][stats::loadings]
#' returns \eqn{W}{W} of such a fit, which is also its element `loadings`.
#' `top_genes()` lists the genes with the largest loadings.
#'
#' For `"nb"`, `"zinb"` and `"poisson"` the share of the gene in the counts is
#' the softmax of these outputs. It does not change if all loadings of a
#' dimension change by the same number, so that they are centred: a loading is
#' by how much the natural logarithm of the expected expression of the gene
#' rises with one unit of the dimension, compared with the average gene. For
#' `"bernoulli"` it is the change of the logit of the expected value, and for
#' `"gaussian"` that of the expected value in standard deviations of the gene;
#' these are not centred. The sign and the order of dimensions mean nothing, and
#' dimensions need not be uncorrelated. A linear decoder describes the cells
#' less closely than one with hidden layers.
#'
#' @param fit A fit of [gmvae()] with a linear decoder, G genes and D latent
#'   dimensions.
#' @param n Number of genes for each direction of each dimension, a whole number
#'   of at least 1.
#' @returns A data frame with one row for each dimension, direction and rank:
#'   `dimension`, `direction` (`"up"` for positive loadings, `"down"` for
#'   negative ones), `rank` (from 1, the largest absolute loading), `gene` and
#'   `loading`. There are fewer than `n` genes if fewer have loadings of that
#'   sign.
#'
#'   `loadings(fit)` is a matrix (G x D), named by gene and by dimension, or
#'   `NULL` for a fit whose decoder has hidden layers: there, a gene has no
#'   single loading on a dimension.
#' @section Errors: `gmvae_error_input` if `fit` has no linear decoder or is not
#'   a fit; `gmvae_error_option` for `n`.
#' @references Svensson et al. (2020) Interpretable factor models of single-cell
#'   RNA-seq via variational autoencoders. *Bioinformatics* 36, 3418-3421.
#'   \doi{10.1093/bioinformatics/btaa169}
#' @seealso [gmvae_control()]; [plot.gmvae()] with `type = "loadings"`
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 5, features = 500,
#'              control = gmvae_control(hidden_decoder = integer()))
#' loadings(fit)[1:3, 1:3]
#' head(top_genes(fit, n = 2))
#' @export
top_genes <- function(fit, n = 10) {
  call <- quote(top_genes())
  check_gmvae_fit(fit, call)
  n <- check_count(n, call = call)
  largest_loadings(decoder_loadings(fit, "fit", call), n)
}

# A matrix (genes x dimensions), or NULL without a linear decoder. The fit holds
# it as an element, as that is where stats::loadings() looks: a generic of our
# own would mask R's function for whoever attaches the package.
linear_loadings <- function(fit) {
  if (length(decoder_sizes(fitted_control(fit))) > 0L) return(NULL)
  slice <- fit$layout[match("decoder.mean.weight", fit$layout$name), ]
  weights <- matrix(
    fit$parameters[slice$offset + seq_len(slice$rows * slice$cols)], slice$rows,
    dimnames = list(fit$features, colnames(fit$latent))
  )
  if (!likelihood_traits(fit$likelihood)$size_factors) return(weights)
  sweep(weights, 2L, colMeans(weights))
}

decoder_loadings <- function(fit, arg, call) {
  found <- linear_loadings(fit)
  if (is.null(found)) {
    gmvae_abort(c(
      "{.arg {arg}} must be a fit with a linear decoder.",
      x = "Its decoder has hidden layers, so that a gene has no single loading
           on a dimension.",
      i = "Fit again with {.code control = gmvae_control(hidden_decoder =
           integer())}."
    ), "input", call = call)
  }
  found
}

largest_loadings <- function(loadings, n) {
  of_dimension <- function(dimension, direction) {
    values <- loadings[, dimension]
    signed <- if (direction == "up") values else -values
    best <- utils::head(order(-signed), n)
    best <- best[signed[best] > 0]
    data.frame(dimension = rep(dimension, length(best)),
               direction = rep(direction, length(best)),
               rank = seq_along(best), gene = rownames(loadings)[best],
               loading = unname(values[best]))
  }
  each <- expand.grid(direction = c("up", "down"),
                      dimension = colnames(loadings), stringsAsFactors = FALSE)
  do.call(rbind, Map(of_dimension, each$dimension, each$direction,
                     USE.NAMES = FALSE))
}

# A bar for each of the genes with the largest loadings of either sign, a panel
# for each dimension; those in which cells differ most come first.
plot_loadings <- function(x, n = 6L, most = 12L, call) {
  loadings <- decoder_loadings(x, "x", call)
  spread <- apply(x$latent, 2L, stats::sd)
  shown <- utils::head(order(-spread), most)
  top <- largest_loadings(sweep(loadings, 2L, spread, `*`)[, shown,
                                                           drop = FALSE], n)
  top$dimension <- factor(top$dimension, colnames(loadings)[shown])
  # A gene may be in several panels, with a place of its own in each.
  top <- top[order(top$dimension, top$loading), ]
  top$place <- factor(seq_len(nrow(top)))
  ggplot2::ggplot(top, ggplot2::aes(.data$loading, .data$place)) +
    ggplot2::geom_col(ggplot2::aes(fill = .data$direction), width = 0.75) +
    ggplot2::geom_vline(xintercept = 0, colour = "grey40") +
    ggplot2::facet_wrap(ggplot2::vars(.data$dimension), scales = "free_y") +
    ggplot2::scale_y_discrete(labels = stats::setNames(top$gene, top$place)) +
    ggplot2::scale_fill_manual(values = c(up = "#D55E00", down = "#0072B2"),
                               guide = "none") +
    ggplot2::labs(
      title = "Genes with the largest loadings",
      subtitle = paste0(
        if (length(shown) < ncol(loadings)) {
          sprintf("The %d dimensions in which the cells differ most. ",
                  length(shown))
        },
        "Dimensions by the spread of the cells, largest first"
      ),
      x = "Loading times standard deviation of the dimension", y = NULL
    ) +
    plot_theme() +
    ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
}

# Clusters and the components of the mixture that they consist of: one each, but
# for fits of cut_clusters().

# For each component the number of its cluster.
component_clusters <- function(fit) {
  if (is.null(fit$components)) seq_along(fit$mixture$weights) else
    fit$components
}

# Components x clusters, 1 where the component is part of the cluster.
component_indicators <- function(fit) {
  outer(component_clusters(fit), seq_len(fit$k), "==") + 0
}

# Named by cluster.
cluster_weights <- function(fit) {
  weights <- as.vector(fit$mixture$weights %*% component_indicators(fit))
  stats::setNames(weights, levels(fit$cluster))
}

# Probabilities of clusters (cells x k), from those of components.
cluster_posterior <- function(fit, posterior) {
  if (!is.null(fit$components)) {
    posterior <- `dimnames<-`(posterior %*% component_indicators(fit),
                              list(rownames(posterior), NULL))
  }
  colnames(posterior) <- levels(fit$cluster)
  posterior
}

# Probabilities of components for the cells of the fit.
component_posterior <- function(fit, call) {
  if (is.null(fit$components)) return(fit$posterior)
  posterior <- with_core_errors(cpp_gmvae_posterior(
    network_state(fit), fit$latent, fit$latent_sd, fit$control$n_threads
  ), call = call)
  `dimnames<-`(posterior, list(rownames(fit$latent),
                               names(fit$mixture$weights)))
}

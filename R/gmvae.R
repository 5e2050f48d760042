#' Cluster cells with a Gaussian-mixture variational autoencoder
#'
#' Learns a low-dimensional representation of the cells and a Gaussian mixture
#' on it, together: an encoder network maps the counts of a cell to a Gaussian
#' in latent space, a decoder network maps latent points to the parameters of
#' a count distribution, and the components of the mixture, the prior of the
#' latent points, are the clusters.
#'
#' @section Model:
#' For cell \eqn{i} with size factor \eqn{l_i} and gene \eqn{g},
#' \deqn{c_i \sim Categorical(\pi), \quad z_i | c_i = c \sim
#'   N(\mu_c, \Sigma_c), \quad x_{ig} | z_i \sim
#'   NB(l_i \rho_g(z_i), \theta_g)}{c_i ~ Categorical(pi), z_i | c_i = c ~
#'   N(mu_c, Sigma_c), x_ig | z_i ~ NB(l_i rho_g(z_i), theta_g)}
#' where \eqn{\rho}{rho} comes from the decoder. Training maximises a lower
#' bound of the log-likelihood, averaged over the cells (Kingma and Welling
#' 2014; Jiang et al. 2017), in three phases: reconstruction alone
#' (`"pretrain"`), a warm-up of the prior's weight (`"warmup"`, for counts),
#' then everything together (`"joint"`) from a mixture fitted by EM.
#'
#' @section Likelihoods:
#' | `likelihood` | for | values |
#' |---|---|---|
#' | `"nb"` | UMI counts of RNA | whole numbers |
#' | `"zinb"` | full-length counts of RNA | whole numbers |
#' | `"poisson"` | fragment counts of ATAC | whole numbers |
#' | `"bernoulli"` | binary peaks; shares, grey values | from 0 to 1 |
#' | `"gaussian"` | measurements | any finite numbers |
#'
#' The first three scale the mean with the size factor of the cell. Between 0
#' and 1, `"bernoulli"` takes a value as the probability of a one, and the
#' expected log-probability (as VaDE does with grey values). A message
#' (class `gmvae_message`) says so where the values look like those of another
#' likelihood: 0 and 1 only, counts of reads where most fragments have two, or
#' more zeros in highly expressed genes than their mean and variance explain.
#'
#' @section Choice of genes:
#' By default the networks see 2,000 genes. For `"nb"` and `"zinb"` they are
#' those of the largest deviance (Townes et al. 2019): twice the
#' log-likelihood per cell, of Poisson counts, that is lost where the gene has
#' the same share of the total counts of every cell. So genes count for as much
#' as they have to tell, and rare ones in sparse data do not crowd out others.
#' For `"poisson"` and `"bernoulli"` (accessible regions, whose frequent ones
#' say least) they are those whose variance is furthest above that of others of
#' the same mean: values are divided by the cell's total (times the median
#' total), \eqn{\log(1 + x)} is taken, and a local quadratic regression gives
#' the expected log variance at each mean; the score is the variance less the
#' expected one (Lun et al. 2016), or below 50 genes of distinct means the
#' variance itself, as it is, without logarithms, for `"gaussian"`. Genes
#' without a count in any cell are dropped with a message.
#'
#' @section Batches:
#' Cells of other donors, chips or protocols differ in ways that are no groups,
#' and clusters may divide along them. With `batch` \eqn{b_i} of each cell the
#' mean is \eqn{l_i \rho_g(z_i, b_i)}{l_i rho_g(z_i, b_i)}: the decoder has a
#' shift for each batch, of its first hidden layer (as scVI has; Lopez et al.
#' 2018) and of the outputs of each gene, which begins at how the mean cell of
#' the batch differs from that of all. So the latent space need not tell the
#' batches apart, and the prior makes it dear to. The encoder sees no batch: for
#' the cluster of a new cell none is needed. Genes are chosen by what they have
#' to tell within batches (scores are averaged over them, weighted by their
#' cells). The mixture that the joint phase starts from, and those that choose
#' `k`, favour components with cells of every batch, as Harmony's clusters do
#' (Korsunsky et al. 2019).
#'
#' Without `batch`, two batches are looked for (in counts, for three clusters or
#' more) and, if found, explained as if they were given; a message (class
#' `gmvae_message`) says so. There must be no doubt: a division of the cells,
#' seen in principal components of \eqn{\log(1 + x)}, `x` scaled by the cell's
#' total, into two sides of at least 50 cells and 10% of them. Within each kind
#' of cell the sides are 7 standard deviations apart; all kinds are on both
#' sides, three or more with gaps between them; and they lie alike where they
#' are found in one side alone. Of more batches two groups at most are found, as
#' kinds of cells in several batches could as well be batches of several kinds.
#' A treatment may be taken for a batch; `gmvae_control(find_batches = FALSE)`
#' looks for none.
#'
#' What one batch alone has stays: cells of a kind that the others lack are a
#' cluster. Differences that are not the same in all kinds of cells may remain,
#' above all when many clusters are asked for; `summary()` warns of clusters of
#' one batch, and `table(fit$cluster, fit$batch)` shows them. Where batch and
#' kind of cell coincide, nobody can tell them apart.
#'
#' @section Number of clusters:
#' For several `k` the networks are trained once up to the joint phase: so far
#' they know of no clusters. Then, for each `k`, mixtures are fitted
#' to two disjoint halves of the latent means; each assigns all cells, and the
#' adjusted Rand index between the two assignments, averaged over six halvings,
#' is the stability of `k` (the idea of Tibshirani and Walther 2005 and of Lange
#' et al. 2004). A level is a `k` at least as stable as its neighbours, above 2
#' and not above the one whose mixtures give the cells of the other half the
#' highest density. The finest level with a stability of at least 0.875 is
#' chosen, or the most stable one where none reaches that, and the joint phase
#' starts from it. Data with clusters within clusters have several levels:
#' `summary()` names the others, `plot(fit, "k")` shows all, and
#' [update()][update.gmvae] moves to one.
#'
#' @section Errors: All have the class `gmvae_error`.
#'   * `gmvae_error_input`: `x` is not a matrix with genes in rows and cells in
#'     columns, is empty, or has repeated gene names.
#'   * `gmvae_error_data`: values are missing, infinite, negative, fractional
#'     or not from 0 to 1 where the likelihood forbids it; a cell has no counts.
#'   * `gmvae_error_option`: another argument is out of range or unknown.
#'   * `gmvae_error_numerical`: training broke down and could not recover.
#'   * `gmvae_error_package`: a suggested package is needed and missing.
#'
#' @section Reproducibility: [set.seed()] governs: one draw of R's generator
#'   seeds everything. The same seed gives the same fit whatever `n_threads`,
#'   and whether `x` is dense, sparse or in a SingleCellExperiment.
#'
#' @param x Counts, **genes in rows, cells in columns**: a matrix, a
#'   [Matrix::dgCMatrix-class] or another matrix of package Matrix, a
#'   DelayedMatrix (read in blocks into a sparse matrix), or a
#'   SummarizedExperiment or SingleCellExperiment. Gene names must be unique;
#'   missing names become gene1, gene2, ... and cell1, cell2, ...
#' @param k Number of components, a whole number from 1 to the number of cells;
#'   or several, such as `2:12`, to choose among as said below. `NULL`: 2 to 20,
#'   in small data while clusters have ten cells on average.
#' @param likelihood Distribution of the values, see below: `"nb"`, `"zinb"`,
#'   `"poisson"`, `"bernoulli"` or `"gaussian"`.
#' @param ... For a SummarizedExperiment, the arguments of the method for
#'   matrices; otherwise must be empty.
#' @param covariance Covariances of the components: `"tied"`, one full matrix
#'   for all; `"full"`, one for each; `"diag"`, variances for each;
#'   `"spherical"`, one variance for each.
#' @param features How many genes the networks see (chosen as said below), or
#'   `"all"`, or which: names, row numbers, or a logical vector with one entry
#'   per row.
#' @param size_factors One positive number per cell, of any scale (they are
#'   divided by their median). `NULL`: the total counts of the cell over the
#'   genes used.
#' @param batch One label per cell, of any type, not missing: cells of the same
#'   donor, chip or protocol, say, whose differences from others are not to
#'   divide clusters, see below; for a SummarizedExperiment also the name of a
#'   column of its `colData()`. Batches should have ten cells or more. `NULL`:
#'   all cells are of one batch, unless the counts show two, see below.
#' @param control Further options, from [gmvae_control()].
#' @param BPPARAM Where several networks (see `n_networks` of
#'   [gmvae_control()]) train: a `BiocParallelParam`, whose workers share out
#'   the threads, or `NULL`, one after the other. The fit is the same.
#' @param assay Name of the assay, where `x` is a SummarizedExperiment.
#'
#' @returns A `gmvae` object. It holds no counts and no external pointers, so
#'   [saveRDS()] keeps it. With n cells, D latent dimensions and G genes used:
#'   * `cluster`: factor (n) with levels 1 to k, named by cell: the component
#'     of the largest posterior probability. Components are sorted by weight,
#'     the largest first.
#'   * `posterior`: n x k, probability of each component; rows sum to 1.
#'   * `latent`, `latent_sd`: n x D, mean and standard deviation of the latent
#'     points.
#'   * `mixture`: `weights` (k), `means` (k x D), `covariances` (D x D x k).
#'   * `history`: data frame with a row per epoch: `epoch`, `phase`, `bound`,
#'     `elbo_heldout`, `reconstruction`, `kl` (natural logarithms, per cell),
#'     `learning_rate`, `seconds`. `elbo_heldout` is `NaN` where no cells
#'     were held out.
#'   * `k_path`: where `k` was to be chosen, a data frame with a row for each:
#'     `k`, `stability` and its standard deviation over the halvings
#'     `stability_sd`, `log_density` (natural logarithm, mean over cells of the
#'     other half), `bic` and `icl` (smaller is better), `smallest` (share of
#'     the cells in the smallest group); of the latent means before the joint
#'     phase, of at most 2,000 cells. Otherwise `NULL`.
#'   * `stability`: the same figure for the final latent means and `k`: 1 where
#'     halves of the cells give the same clusters, 0 where they agree by chance.
#'   * `cluster_stability`: of each cluster (k), from 0 to 1: the Jaccard index
#'     (cells in both over cells in either) between the cluster and the most
#'     similar group that the mixture of a half gives all cells, averaged over
#'     the twelve halves (Hennig 2007). Below 0.6 a cluster is not to be relied
#'     on, from 0.75 it is a group of its own. `NA` for an empty cluster.
#'   * `networks`: where several were trained, a data frame with a row for each:
#'     `seed`, `elbo` and `elbo_heldout`, `stability`, `agreement` (mean
#'     adjusted Rand index between its clusters and those of each other
#'     network) and `kept`: the rest of the fit is of this one, that of the
#'     highest agreement. Otherwise `NULL`.
#'   * `bound`: the final bound and its parts, per cell: a matrix with rows
#'     `train` and `heldout` and columns `bound`, `reconstruction`, `kl_z`,
#'     `kl_c`; the bound is the second less the last two.
#'   * `features`: names (G) of the genes used; `feature_table`: a row per gene
#'     of `x` with its `mean` and `variance` over cells (of the logarithms
#'     above), the cells with a count (`n_cells`), `score` and `used`.
#'   * `size_factors` (n, named by cell, median 1), `size_scale` (what they
#'     were divided by), `size_source` (`"library"`, `"user"` or `"none"`),
#'     `size_reference` (median total of the cells over the genes used).
#'   * `batch`: factor (n), named by cell; `NULL` without batches.
#'     `batch_source`: `"user"`, `"found"` (levels `"found1"`, the larger, and
#'     `"found2"`) or `"none"`.
#'   * `heldout`: numbers of the cells kept from training; `converged`:
#'     training stopped by itself, or the second half of the joint phase gained
#'     less than 0.3% of the bound;
#'     `n_rollbacks`: epochs undone because of non-finite values;
#'     `active_units`: latent dimensions in which the variance of the means
#'     over the cells is more than 1% of the total variance.
#'   * `outlier`: what `predict(type = "outlier")` compares new cells with.
#'   * `parameters`, `layout`, `input`: the networks, as one vector, where its
#'     parts are, and how the encoder scales its input.
#'   * `likelihood`, `covariance`, `k`, `n_genes`, `call`, `control` (nothing
#'     left `NULL`), `seed`, `version` (format of the object).
#'
#' @references
#' Tibshirani and Walther (2005) Cluster validation by prediction strength.
#' *Journal of Computational and Graphical Statistics* 14, 511-528.
#' \doi{10.1198/106186005X59243}
#'
#' Hennig (2007) Cluster-wise assessment of cluster stability. *Computational
#' Statistics & Data Analysis* 52, 258-271. \doi{10.1016/j.csda.2006.11.025}
#'
#' Lange et al. (2004) Stability-based validation of clustering solutions.
#' *Neural Computation* 16, 1299-1323. \doi{10.1162/089976604773717621}
#'
#' Kingma and Welling (2014) Auto-encoding variational Bayes.
#' <https://arxiv.org/abs/1312.6114>
#'
#' Jiang et al. (2017) Variational deep embedding: an unsupervised and
#' generative approach to clustering. *IJCAI*.
#' \doi{10.24963/ijcai.2017/273}
#'
#' Korsunsky et al. (2019) Fast, sensitive and accurate integration of
#' single-cell data with Harmony. *Nature Methods* 16, 1289-1296.
#' \doi{10.1038/s41592-019-0619-0}
#'
#' Lopez et al. (2018) Deep generative modeling for single-cell
#' transcriptomics. *Nature Methods* 15, 1053-1058.
#' \doi{10.1038/s41592-018-0229-2}
#'
#' Lun et al. (2016) A step-by-step workflow for low-level analysis of
#' single-cell RNA-seq data with Bioconductor. *F1000Research* 5, 2122.
#' \doi{10.12688/f1000research.9501.2}
#'
#' Townes et al. (2019) Feature selection and dimension reduction for
#' single-cell RNA-Seq based on a multinomial model. *Genome Biology* 20, 295.
#' \doi{10.1186/s13059-019-1861-6}
#' @seealso [predict.gmvae()], [plot.gmvae()], [summary.gmvae()],
#'   [runGMVAE()] for Bioconductor workflows, [gmm_fit()] for mixtures of
#'   ordinary numeric data.
#' @examples
#' data(pbmc_sorted)
#' cells <- seq(1, 1000, by = 5)
#' counts <- pbmc_sorted$counts[, cells]
#' set.seed(1)
#' fit <- gmvae(counts, k = 5, features = 500)
#' fit
#' table(fit$cluster, pbmc_sorted$celltype_coarse[cells])
#' @export
gmvae <- function(x, k = NULL, likelihood = "nb", ...) {
  UseMethod("gmvae")
}

#' @export
gmvae.default <- function(x, k = NULL, likelihood = "nb", ...) {
  abort_not_matrix(x, "x", quote(gmvae()))
}

#' @rdname gmvae
#' @export
gmvae.matrix <- function(x, k = NULL, likelihood = "nb", ...,
                         covariance = "tied", features = 2000,
                         size_factors = NULL, batch = NULL,
                         control = gmvae_control(), BPPARAM = NULL) {
  call <- quote(gmvae())
  check_no_dots(..., call = call)
  fit <- gmvae_bridge(as_counts(x, call = call), k, likelihood, covariance,
                      features, size_factors, batch, control, BPPARAM, call)
  with_call(fit, match.call())
}

#' @export
gmvae.Matrix <- gmvae.matrix

#' @export
gmvae.DelayedMatrix <- gmvae.matrix

#' @rdname gmvae
#' @export
gmvae.SummarizedExperiment <- function(x, k = NULL, likelihood = "nb", ...,
                                       batch = NULL, assay = "counts") {
  call <- quote(gmvae())
  counts <- as_counts(x, assay, call = call)
  batch <- as_batch(batch, ncol(counts), x, call)
  with_call(gmvae(counts, k, likelihood, ..., batch = batch), match.call())
}

# Checks everything, computes, constructs.
gmvae_bridge <- function(counts, k, likelihood, covariance, features,
                         size_factors, batch, control, BPPARAM, call) {
  likelihood <- check_choice(likelihood, likelihood_names(), call = call)
  covariance <- check_choice(covariance, covariance_names(), call = call)
  control <- check_gmvae_control(control, call)
  batch <- as_batch(batch, ncol(counts), call = call)
  check_variation(control, likelihood, batch, call)
  check_bpparam(BPPARAM, call)
  ks <- check_components(k, ncol(counts), call)
  check_size_factors(size_factors, ncol(counts), likelihood, call)
  counts <- checked_values(counts, likelihood, call = call)
  sample <- some_cells(counts)
  advise_likelihood(counts, sample, likelihood)
  warn_small_batches(batch, call)
  found <- if (is.null(batch)) {
    find_batches(counts, sample, likelihood, ks, control)
  }
  if (!is.null(found)) batch <- found
  chosen <- select_features(counts, likelihood, features, batch, call = call)
  counts <- take_rows(counts, chosen$index)
  check_distinct_cells(counts, min(ks), call)
  size <- cell_sizes(counts, likelihood, size_factors)

  control <- resolve_control(control, ncol(counts), likelihood)
  model <- list(likelihood = likelihood, covariance = covariance,
                size_reference = size$reference)
  core <- train_several(counts, size$factors, batch, model, ks, control,
                        progress_reporter(control$verbose), BPPARAM, call)
  fit <- new_gmvae(core, cells = colnames(counts), features = chosen$table,
                   size = size, batch = batch,
                   batch_source = batch_source(batch, found),
                   likelihood = likelihood, covariance = covariance,
                   control = control)
  fit$outlier <- outlier_reference(fit, counts, size$factors, call)
  fit
}

# One network from one seed, for one of `ks` that the core chooses; `earlier` is
# a fit whose networks are to be used again, or NULL.
train_networks <- function(counts, size, batch, model, ks, control, seed,
                           progress, earlier = NULL) {
  options <- c(
    training_phases(control$epochs, control$warmup), model, unclass(control),
    list(epochs_before = if (is.null(earlier)) 0L else nrow(earlier$history))
  )
  cpp_gmvae_fit(counts, size, design_matrix(batch), options, ks,
                if (!is.null(earlier)) {
                  unclass(earlier)[c("parameters", "k", "latent")]
                }, seed, progress)
}

# The names of covariance models that both functions take.
covariance_names <- function() {
  unique(c("tied", "diag", "full", "spherical", cpp_gmm_models()$code))
}

# All rows, as often, cost no copy.
take_rows <- function(counts, index) {
  if (length(index) == nrow(counts)) counts else counts[index, , drop = FALSE]
}

# The call as the user wrote it, not the method's.
with_call <- function(fit, call) {
  fit$call <- call_by_name(call, "gmvae")
  fit
}

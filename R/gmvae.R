#' Cluster cells with a Gaussian-mixture variational autoencoder
#'
#' `gmvae()` clusters the cells of a count matrix. It learns a low-dimensional
#' representation of the cells (the latent space) and a Gaussian mixture on it,
#' together. An encoder network maps the counts of a cell to a Gaussian
#' distribution in the latent space, and a decoder network maps points of the
#' latent space to the parameters of a count distribution. The mixture is the
#' prior distribution of the latent points, and its components are the clusters.
#' Training maximises the evidence lower bound (ELBO).
#'
#' @param x Counts, or other values if the likelihood allows, with **genes in
#'   rows, cells in columns**: a matrix, a [Matrix::dgCMatrix-class] or another
#'   matrix of package Matrix, a DelayedMatrix, a [cell_source()], a
#'   SummarizedExperiment or SingleCellExperiment, or a Seurat object. `gmvae()`
#'   reads a DelayedMatrix of at most 50,000 cells into a sparse matrix in
#'   memory; it writes a larger one and a [cell_source()] to a temporary file
#'   (with `proteins`, it reads both into memory). Counts must be raw, not
#'   normalised or log-transformed. Gene names must be unique. Missing names
#'   become gene1, gene2, ... and cell1, cell2, ...
#' @param k Number of clusters (components of the mixture), a whole number from
#'   1 to the number of cells; or several numbers, such as `2:12`, among which
#'   `gmvae()` chooses, see Number of clusters. `NULL`: it chooses among 1 to
#'   60, with fewer than 600 cells among 1 to a tenth of the number of cells;
#'   with `labels` from the number of their classes to ten more, but at most to
#'   a tenth of the number of cells. With `labels` `k` is the number of classes
#'   plus that of further clusters, so that it must be at least the number of
#'   classes.
#' @param likelihood Distribution of the values: `"nb"`, `"zinb"`, `"poisson"`,
#'   `"bernoulli"` or `"gaussian"`, see Likelihoods.
#' @param ... For a SummarizedExperiment or a Seurat object, the arguments of
#'   the method for matrices; otherwise must be empty.
#' @param covariance Covariance matrices of the components: `"tied"`, one full
#'   matrix shared by all; `"full"`, one full matrix for each; `"diag"`, one
#'   diagonal matrix for each; `"spherical"`, one variance for each; or another
#'   of the 14 models in [gmm_models()], by its code, such as `"EEI"`.
#' @param features Genes that the networks see: their number, of at least 2
#'   (`gmvae()` chooses them, see Choice of genes); or `"all"`; or the genes
#'   themselves, by name, by row number or as a logical vector with one entry
#'   per row.
#' @param size_factors One positive number per cell (n), in any unit: `gmvae()`
#'   divides them by their median. `NULL`: the total counts of the cell over the
#'   genes used, also if a SingleCellExperiment holds size factors, so that
#'   [predict()][predict.gmvae] can compute them for new cells. A message (class
#'   `gmvae_message`) says so where those of the object differ from the totals
#'   by more than a constant; use them with `size_factors = sizeFactors(x)`. Not
#'   for `"bernoulli"` and `"gaussian"`.
#' @param batch One label per cell (n), not missing, such as donor, chip or
#'   protocol: technical differences between these should not divide the
#'   clusters, see Batches. Or a data frame of several labels (n rows): each
#'   combination of them that occurs is a batch, with a name such as
#'   `"donor1, chip2"`. For a SummarizedExperiment also names of columns of its
#'   `colData()`; for a Seurat object names of columns of its meta data, or
#'   `"layer"`: each layer of counts is a batch. Numbers must be whole. Each
#'   batch should have at least ten cells. `NULL`: `gmvae()` tests whether the
#'   cells fall into two batches, unless there are `covariates`.
#' @param covariates What else should not divide the clusters, such as the
#'   chemistry, the share of mitochondrial counts or the phase of the cell
#'   cycle: a data frame with one row per cell (n), in the order of the cells or
#'   with their names as row names, of factors (also strings and `TRUE` or
#'   `FALSE`) and finite numbers; no values may be missing. For a
#'   SummarizedExperiment or a Seurat object also a formula such as `~ chemistry
#'   + percent_mito`, a sum of names of columns of its cell data, or these
#'   names. See Covariates.
#' @param labels Kinds of cells that are known for some or all cells: one label
#'   per cell (n), `NA` where it is not known; or a vector named by the labelled
#'   cells; or, for a SummarizedExperiment or a Seurat object, the name of a
#'   column of its cell data. See Known labels.
#' @param proteins Counts of proteins of the same cells (CITE-seq), raw, with
#'   proteins in rows and cells in columns: a matrix of any kind that `x` can
#'   be, with row names; its columns are matched by name if they have names. For
#'   a SingleCellExperiment also the name of an alternative experiment, for a
#'   Seurat object that of an assay, such as `"ADT"`. See Proteins beside RNA.
#' @param control Options of the networks and the training, made by
#'   [gmvae_control()].
#' @param BPPARAM A `BiocParallelParam`, or `"mirai"` for the daemons that
#'   `mirai::daemons()` has started. The workers read the cells of a
#'   [cell_source()] or of a DelayedMatrix on disk, 25,000 at a time, and they
#'   train several networks (`n_networks` of [gmvae_control()]) at the same
#'   time, sharing the threads. A worker that dies is replaced, and its cells
#'   are read or its network is trained again. One network is trained by one
#'   process. `NULL`: this session does all of that. The fit is the same.
#' @param assay Name of the assay with the counts, if `x` is a
#'   SummarizedExperiment (`NULL`: `"counts"`) or a Seurat object (`NULL`: its
#'   default assay).
#' @param layer Name of the layer of the assay with the counts, if `x` is a
#'   Seurat object. If the assay is split into layers, such as `"counts.1"` and
#'   `"counts.2"`, `gmvae()` joins them; genes that a layer lacks count as zero
#'   in its cells.
#'
#' @returns A `gmvae` object: a list of plain values without the counts, which
#'   [saveRDS()] keeps. With n cells, k clusters, D latent dimensions and G
#'   genes used:
#'   * `cluster`: factor (n) with levels 1 to k, named by cell: the component
#'     with the largest posterior probability. Components are sorted by weight,
#'     the largest first. With `labels`, the first components are the classes,
#'     in the order of their levels and with their names, and the others are
#'     `"new1"`, `"new2"`, ...
#'   * `posterior`: matrix (n x k), the probability of each component. Rows sum
#'     to 1.
#'   * `latent`, `latent_sd`: matrices (n x D), mean and standard deviation of
#'     the latent point of each cell.
#'   * `mixture`: list of `weights` (k, sum 1), `means` (k x D) and
#'     `covariances` (D x D x k).
#'   * `elbo`: matrix with rows `train` and `heldout` (`NaN` without held-out
#'     cells) and columns `elbo`, `reconstruction`, `kl_z` and `kl_c`: the final
#'     ELBO, which is the second column less the last two; natural logarithms,
#'     means per cell.
#'   * `history`: data frame with one row per epoch: `epoch`, `phase`, `elbo`,
#'     `elbo_heldout` (`NaN` without held-out cells), `reconstruction`, `kl`
#'     (natural logarithms, means per cell), `learning_rate`, `seconds`.
#'   * `converged`: `TRUE` if training stopped early, or if the ELBO gained less
#'     than 0.3% in the second half of a joint phase of at least ten epochs, or
#'     10,000 training steps.
#'   * `stability`: how well halves of the cells reproduce the clusters: 1 if
#'     they give the same clusters, about 0 if they agree by chance. `gmvae()`
#'     divides the cells into two halves at random, six times. It fits a mixture
#'     of k components to the latent means of each half, and each of these
#'     twelve mixtures assigns all cells to its components. `gmvae()` computes
#'     the mean adjusted Rand index between the assignments of two halves, and
#'     the mean between these assignments and `cluster`; `stability` is the
#'     smaller of the two means. It is at most 0 if all cells are in one of
#'     several clusters, and `NA` if for some half EM found no mixture with `k`
#'     components, for instance because the half has fewer than `k` different
#'     cells. Of more than 2,000 cells a random sample of 2,000 is halved.
#'   * `cluster_stability`: for each cluster (k), how well clusterings of half
#'     of the cells reproduce it, from 0 to 1: the Jaccard index (cells in both
#'     over cells in either) of the cluster and the most similar cluster of one
#'     half, averaged over the twelve halves (Hennig 2007). A cluster below 0.6
#'     is not reliable; from 0.75 on it is. `NA` for a cluster without cells.
#'   * `cluster_confusion`: matrix (k x k), from 0 to 1. Row i, column j has the
#'     probability that a cell of cluster i is in cluster j if the clusters are
#'     found again from half of the cells. Each of the twelve mixtures (see
#'     `stability`) assigns the cell to a component; the mean posterior
#'     probability of cluster j over all cells of this component counts. The
#'     entry is the mean over the cells of cluster i and the twelve mixtures.
#'     Rows sum to 1. See Confidence in [predict.gmvae()].
#'   * `k_path`: data frame with one row for each `k` that was compared, `NULL`
#'     if `k` was one number: `k`, `stability` and its standard deviation over
#'     eight halvings `stability_sd`, `shared` (the information in nats that
#'     decides, see Number of clusters) and likewise `shared_sd`, `shared_pcs`
#'     and `shared_pcs_sd` (the same by principal components; `NA` if they take
#'     no part in the choice), `log_density` (natural logarithm, mean over the
#'     cells of the other half), `bic` and `icl` (smaller is better), `smallest`
#'     (share of the cells in the smallest cluster), `one_batch` (share of the
#'     cells in clusters with at least 95% of one batch), `stable`
#'     (`TRUE` for a `k` above 1 that could be chosen
#'     and has a stability of at least 0.875 that is not below that of its
#'     neighbours; a `k` can't be chosen if it is above that of the highest
#'     `log_density`, above the first that a test finds to be enough, or if most
#'     of its cells are in clusters of one batch where another `k` mixes the
#'     batches), and for the numbers that were tested, from 0 to 1 and `NA` for
#'     the others, `p`, the p-value of the hypothesis that `k` clusters are
#'     enough, and `p_unseen`, that of the first of its two tests; for the
#'     latent means of at most 2,000 cells before the joint phase.
#'   * `small_groups`: how many of the clusters are small groups that were added
#'     to the `k` that halves and tests chose, see Number of clusters.
#'   * `networks`: data frame with one row for each network, `NULL` for a single
#'     one: `seed`, `elbo`, `elbo_heldout`, `stability`, `agreement` (mean
#'     adjusted Rand index between its clusters and those of each other
#'     network) and `kept`; and, if `k` was chosen, `chosen_k`, the number that
#'     the network chose. All networks then use the median of these. The network
#'     with the highest agreement is kept: the rest of the fit describes it.
#'   * `batch`: factor (n), named by cell; `NULL` without batches.
#'     `batch_source`: `"user"`, `"found"` (detected; with the levels
#'     `"found1"`, the larger batch, and `"found2"`) or `"none"`.
#'   * `covariates`: data frame (n rows) of the covariates used, `NULL` without.
#'   * `labels`: factor (n), named by cell, `NA` where the label is not known;
#'     `label_noise`: the estimated probability that a label was drawn at
#'     random, from 0 to 1. Both `NULL` without labels.
#'   * `proteins`: `NULL` without, or a list of `name` (of the alternative
#'     experiment or assay, or `NULL`), `features` (names of the proteins),
#'     `transform` (`"clr"` or `"none"`), `input` (the scaling of the encoder's
#'     input) and `checksum`.
#'   * `features`: names (G) of the genes used; `feature_table`: data frame with
#'     one row for each gene of `x`: `gene`, `mean` and `variance` (of
#'     \eqn{\log(1 + x)} of values divided by the size of the cell, for
#'     `"gaussian"` of the values), `n_cells` (cells with a count), `score` and
#'     `used`.
#'   * `size_factors` (n, named by cell, median 1), `size_scale` (their median
#'     before they were divided by it), `size_source` (`"library"`, `"user"` or
#'     `"none"`), `size_reference` (median total of the cells over the genes
#'     used).
#'   * `heldout`: column numbers of the cells that were kept from training;
#'     `n_rollbacks`: epochs that were repeated because of non-finite values;
#'     `active_units`: latent dimensions in use, in which the variance of the
#'     means over the cells is more than 1% of the total variance.
#'   * `outlier`: what `predict(type = "outlier")` compares new cells with;
#'     `heldout_scores`: outlier scores of the held-out cells (of more than
#'     2,000 an even choice), for [map_to_reference()];
#'     `parameters`, `layout` and `input`: the networks as one vector, the
#'     places of their parts in it, and the scaling of the encoder's input;
#'     `loadings`: those of a linear decoder, see [top_genes()].
#'   * `likelihood`, `covariance`, `k`, `n_genes` (rows of `x`), `call`,
#'     `control` (with all values that were `NULL` filled in), `seed`, `version`
#'     (format of the object).
#'
#' @section Model:
#' For cell \eqn{i} with size factor \eqn{l_i} and gene \eqn{g},
#' \deqn{c_i \sim Categorical(\pi), \quad z_i | c_i = c \sim
#'   N(\mu_c, \Sigma_c), \quad x_{ig} | z_i \sim
#'   NB(l_i \rho_g(z_i), \theta_g)}{c_i ~ Categorical(pi), z_i | c_i = c ~
#'   N(mu_c, Sigma_c), x_ig | z_i ~ NB(l_i rho_g(z_i), theta_g)}
#' where the decoder computes \eqn{\rho}{rho}, the share of each gene in the
#' counts. Training maximises the ELBO, a lower bound of the log-likelihood,
#' averaged over the cells (Kingma and Welling 2014; Jiang et al. 2017). It is
#' the reconstruction term, the expected log-likelihood of the counts, less the
#' KL terms, which penalise the distance of the encoded cells from the mixture.
#' Training has three phases: reconstruction alone (`"pretrain"`); for counts a
#' warm-up with a normal prior, in which the weight of the KL terms rises
#' (`"warmup"`); then everything together (`"joint"`), from a mixture that EM
#' fits to the latent means.
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
#' The first three scale the mean with the size factor of the cell.
#' `"bernoulli"` treats a value between 0 and 1 as a probability and uses
#' cross-entropy. A message (class `gmvae_message`) recommends another
#' likelihood if all values are 0 or 1, if counts of reads come in pairs as for
#' fragments with two ends, or if highly expressed genes have more zeros than
#' their mean and variance explain.
#'
#' @section Choice of genes:
#' By default the networks see 2,000 genes. For `"nb"` and `"zinb"`, `gmvae()`
#' takes the genes with the largest Poisson deviance per cell (Townes et al.
#' 2019). The deviance is zero for a gene that has the same share of the total
#' counts in every cell, and it grows with the number of counts, so that rare
#' genes of sparse data do not displace others. For `"poisson"` and
#' `"bernoulli"`, `gmvae()` takes the genes (accessible regions) whose variance
#' is furthest above that of other genes with the same mean (Lun et al. 2016),
#' because frequent regions distinguish cells least. The score is the variance
#' of \eqn{\log(1 + x)}, where \eqn{x} is divided by the cell's total and
#' multiplied by the median total, less the variance that a local quadratic
#' regression on the mean expects; with fewer than 50 distinct means, it is the
#' variance itself. For `"gaussian"` the score is the variance of the values.
#' Genes without a count in any cell are dropped, with a message.
#'
#' @section Batches:
#' Technical differences between donors, chips or protocols can be mistaken for
#' clusters. With the batch \eqn{b_i} of each cell the mean is
#' \eqn{l_i \rho_g(z_i, b_i)}{l_i rho_g(z_i, b_i)}: the decoder has a shift for
#' each batch, of its first hidden layer (as in scVI; Lopez et al. 2018) and of
#' the output for each gene, which starts from the difference between the mean
#' cell of the batch and the mean cell of all. The latent space then does not
#' need the batch to reconstruct the counts, and the KL term penalises encoding
#' the batch. The encoder sees no batch: new cells can be assigned to clusters
#' without a batch label. The scores of genes are averaged over the batches,
#' weighted by their numbers of cells. The mixtures that choose `k` and start
#' the joint phase favour components with cells of every batch, as the clusters
#' of Harmony do (Korsunsky et al. 2019).
#'
#' If you give neither `batch` nor `covariates`, `gmvae()` tests whether the
#' cells fall into two clearly separated batches. If they do, it treats the
#' detected batches as if you had given them, and tells you with a warning
#' (class `gmvae_warning_batches`). The test is for `"nb"`, `"zinb"` and
#' `"poisson"`, and needs a `k` of at least 3 (of several, the largest). It
#' looks for a split of the cells into two sides, in principal components of
#' \eqn{\log(1 + x)}, where `x` is divided by the size factor of the cell. A
#' split is accepted only if all of these hold:
#'   * Each side has at least 50 cells and at least 10% of all cells.
#'   * The same shift separates the two sides within every kind of cell, by at
#'     least 7 standard deviations.
#'   * The cells are of three or more kinds with gaps between them, and nearly
#'     all cells are of kinds that both sides have.
#'   * The kinds that are found in each side alone have the same arrangement.
#'   * Neither side can be split again in this way; otherwise batches and kinds
#'     of cells could be confused.
#'
#' So more than two batches, or batches with smaller differences, are not
#' detected: name them in `batch`. The effect of a treatment can be mistaken for
#' a batch; `gmvae_control(find_batches = FALSE)` omits the test.
#'
#' A kind of cell that only one batch has remains a cluster. Differences between
#' batches that vary from one kind of cell to another may remain, above all with
#' many clusters: [summary()][summary.gmvae] names the clusters of one batch,
#' and `table(fit$cluster, fit$batch)` shows all clusters. Where batches and
#' kinds of cells coincide, no method can separate them.
#'
#' @section Covariates:
#' Covariates enter where batches do: the decoder has a shift for each level of
#' a factor and for each number, of its first hidden layer and of the output of
#' each gene. The latent space then does not need them to reconstruct the
#' counts. The encoder does not see them. Numbers are standardised, and their
#' shift of the output starts from the slope of the logarithm of the expression
#' (for `"gaussian"` of the values); the starts of covariates that go together
#' are estimated together. `batch` is the short form of one factor; several
#' factors in `covariates` have effects that add up, whereas several columns in
#' `batch` give a batch for each combination. Genes are chosen within the levels
#' of each factor: a gene has the smallest of its scores.
#'
#' A covariate that is the same in all cells, or is determined by the batch and
#' the covariates before it, is left out with a warning (class
#' `gmvae_warning_data`). A covariate that only some kinds of cells differ in,
#' such as the phase of the cell cycle, can take away a part of the difference
#' between these kinds. [predict()][predict.gmvae] gives the expression expected
#' at other values of the covariates (`at`).
#'
#' @section Known labels:
#' Each class of `labels` is a component of the mixture, and `k` minus the
#' number of classes further components are free for kinds of cells without a
#' label.
#' With \eqn{C} classes, the label \eqn{y_i} of a cell is taken to be right, or
#' with probability \eqn{\epsilon}{epsilon} to be drawn at random:
#' \deqn{p(y_i | c_i) = (1 - \epsilon) [y_i = c_i] + \epsilon / C.}{p(y_i | c_i)
#' = (1 - epsilon) [y_i = c_i] + epsilon / C.}
#' So some labels may be wrong. EM estimates \eqn{\epsilon}{epsilon}, with the
#' mixture before the joint phase and during it. In the means and covariances of
#' the mixture, the labelled cells count as much as the others together, but
#' each at most ten times: otherwise EM would move the components from the
#' classes to where a Gaussian mixture describes most cells (Nigam et al. 2000).
#' EM starts from the labelled cells, from k-means clusters that begin at the
#' classes, and from the mixture that it finds without labels, whose components
#' it matches to the classes; `gmvae()` keeps the likeliest result. The ELBO of
#' a labelled cell is that of its counts and its label. As the label tells
#' little beside thousands of counts, the loss also has, `label_weight` times,
#' the cross-entropy of the label under the cluster probabilities that the
#' counts alone give (equation 9 of Kingma et al. 2014; for cells Xu et al.
#' 2021). Pretraining and warm-up do not use labels.
#'
#' `posterior` and `cluster` of the fit are from the counts alone, so that a
#' cell whose label seems wrong is in another cluster than its label says.
#'
#' @section Proteins beside RNA:
#' With `proteins`, networks and clusters are of both kinds of measurements.
#' Each has a first layer of the encoder and an output of the decoder of its
#' own; the first layers add up, and so do the logarithms of the likelihoods, so
#' that a latent point explains the RNA and the proteins of the cell:
#' \deqn{\log p(x_i, y_i | z_i) = \log p(x_i | z_i) + w \log p(y_i |
#'   z_i).}{log p(x_i, y_i | z_i) = log p(x_i | z_i) + w log p(y_i | z_i).}
#' From raw counts \eqn{a_{ip}}{a_ip} of P proteins `gmvae()` computes the
#' centred log ratios within the cell (Aitchison 1982; Stoeckius et al. 2017)
#' \deqn{y_{ip} = \log(1 + a_{ip}) - \frac{1}{P} \sum_{q = 1}^{P} \log(1 +
#'   a_{iq})}{y_ip = log(1 + a_ip) - mean over q of log(1 + a_iq)}
#' so that they do not depend on how many antibodies a cell has bound. Values
#' that are not raw counts, for instance because their background was
#' subtracted, are used as they are, and a message says so. The networks see
#' each protein standardised. Its values are normal: the decoder gives their
#' mean in each cell, and each protein has a variance of its own. The weight w
#' (`protein_weight` of [gmvae_control()]) is above 1, because the
#' log-likelihoods of thousands of genes add up to so much more than those of
#' twenty proteins that the proteins would hardly matter for the clusters.
#'
#' Genes, size factors, batches that nobody named and `likelihood` are those of
#' RNA. `batch`, `covariates` and `labels` are for both. Functions that read
#' cells have the argument `proteins`, too; in a SingleCellExperiment or Seurat
#' object they find the proteins under the name that the fit has. A fit of both
#' needs both: [predict()][predict.gmvae] refuses cells without proteins, and
#' [map_to_reference()] is for fits of RNA alone. `gmvae()` reads both into
#' memory.
#'
#' @section Number of clusters:
#' For several `k`, the networks are trained once up to the joint phase, before
#' which they do not depend on `k`. Then mixtures with each `k` are fitted to
#' two disjoint halves of the latent means. Each mixture assigns all cells to
#' clusters, and the adjusted Rand index between the two assignments, averaged
#' over eight halvings, is the stability of `k` (after Tibshirani and Walther
#' 2005 and Lange et al. 2004). With `labels`, these mixtures use them, too, and
#' there are no tests. What the two clusterings A and B share, in nats,
#' is
#' \deqn{I(A, B) - 3 (H(A | B) + H(B | A)) / 2}{I(A, B) - 3 (H(A | B) + H(B |
#' A)) / 2}
#' with the mutual information I and what each leaves open about the other, the
#' conditional entropies H (their sum is the variation of information, Meila
#' 2007), of the joint distribution that the posterior probabilities give.
#' Stability is one number for all clusters: a single group of cells that the
#' halves divide differently lowers it. Shared information is a sum over the
#' groups: to divide one group raises it if the halves agree clearly on the
#' division, whatever happens in other groups, and lowers it if the parts
#' overlap.
#'
#' `gmvae()` proposes one of the numbers up to the `k` whose mixtures give the
#' cells of the other half the highest density. With batches, it leaves out a
#' `k` for which most cells are in clusters of one batch (95% of their cells) if
#' another `k` mixes the batches. To compare two numbers, `gmvae()` uses the
#' standard deviation of the difference between what their halves share: the
#' root of the sum of both variances over the halvings.
#'   * If the density falls again as `k` grows, the clusters are much like
#'     Gaussians, and the density reveals small clusters that change the shared
#'     information by less than its noise. `gmvae()` then proposes the `k` of
#'     highest density among those whose halves share as much as the halves of
#'     the best `k`, that is, not significantly less: by at most 0.6 times the
#'     standard deviation of the difference, which is the limit of a one-sided t
#'     test at the level 0.05. The density counts as falling if its maximum is
#'     not in the last tenth of the numbers compared (for fewer than ten
#'     numbers, not the last one).
#'   * If the density does not fall, it is no guide, and the halves of networks
#'     with other seeds often share most at another `k`. For `"nb"`, `"zinb"`
#'     and `"poisson"`, without batches, covariates, labels and proteins,
#'     `gmvae()` then halves in the same way the principal components of
#'     \eqn{\log(1 + x)}, where `x` is divided by the size factor of the cell:
#'     as many components as there are latent dimensions, of at most 2,000
#'     cells, with the same halves for every seed. It proposes the `k` above 1
#'     whose halves share most by the components, among those whose halves share
#'     as much by the latent means. As networks with other seeds differ by about
#'     as much as halvings do, this means here less than the best by at most
#'     twice the standard deviation of the difference.
#'   * Otherwise `gmvae()` proposes the `k` whose halves share most.
#'
#' The printed fit calls the numbers next to `k` nearly as good if their halves
#' share as much as those of `k` and no test finds them too few. The limit is
#' 0.6 standard deviations of the difference again; where principal components
#' took part, it must hold for them as well. If there are more than 20 numbers
#' to choose from, `gmvae()` compares the first 20. It compares the next 20 only
#' if the best is in the last quarter of those, for example 16 of 1 to 20.
#'
#' Then `gmvae()` tests whether fewer clusters are enough. The numbers tested
#' are 1, 2, 3, 4, 5, 7, 9, 12, 16, 22, ..., the proposed one and the largest
#' compared, and each is compared with the next three of them. `gmvae()` omits a
#' `k` whose halves share less than those of a smaller one, as it would not be
#' chosen. It tests the smallest `k` first, then the largest below the proposed
#' one: if the latter is clearly too few (p at most 0.001), all smaller numbers
#' are too few as well. Otherwise it tests the numbers in between, from the
#' smallest on. Two tests must both reject that `k` clusters are enough:
#'   * The larger number gives cells of the other half a higher log-density, by
#'     a paired one-sided t test over the cells.
#'   * The gain in log-density is larger than in simulated data with `k`
#'     clusters (a parametric bootstrap; McLachlan 1987). Latent points are
#'     drawn from the mixture with `k` components, decoded to counts with the
#'     size factors and batches of the cells, encoded, and halved like the data.
#'     From three simulated data sets on, a gain far above theirs settles the
#'     test (p at most 0.001 by Student's t distribution). Otherwise the p-value
#'     is the rank of the gain among up to \eqn{1 / \alpha - 1}{1 / alpha - 1}
#'     simulated gains, rounded up, but at least three. At the default
#'     \eqn{\alpha = 0.05}{alpha = 0.05} this p-value is never below
#'     \eqn{\alpha}{alpha}, so that only a gain far above the others rejects:
#'     the networks have seen the noise of the real cells alone, and to be the
#'     largest of few gains is not enough. The simulation ends with the first
#'     that gains as much (Besag and Clifford 1991). For `"bernoulli"` and
#'     `"gaussian"` there is only the first test.
#'
#' At the first `k` whose larger p-value is not below \eqn{\alpha}{alpha}
#' (`alpha` of [gmvae_control()]) the tests stop, and no larger `k` is chosen.
#' So the probability that they go past the true number is about
#' \eqn{\alpha}{alpha} or less, as far as the fitted model is true. Real groups
#' are not Gaussian: more clusters than kinds of cells may well be significant.
#' Cells that vary continuously in one direction are mostly one cluster, as
#' simulated cells of one population do the same: [summary()][summary.gmvae]
#' then has a caution.
#'
#' A small group adds little to the information that halves share, so the choice
#' of `k` may miss it. Therefore `gmvae()` looks for small groups afterwards,
#' unless there are labels or `alpha` is 1: it keeps the mixture with the chosen
#' `k` as it is, and fits one component more to each half of the cells, for four
#' halvings. EM starts this component from cells of low density (Verbeek et al.
#' 2003). The component becomes a cluster if it describes the cells of the other
#' half better (by the same t test), if the halves find the same cells (mean
#' Jaccard index of at least 0.6), and if `k + 1` is among the numbers to choose
#' from.
#' With batches, the component must not be of one batch alone: at least 5% of
#' its cells must be of other batches, or it must have so few that chance puts
#' them all into one batch with a probability of at least 1%. Then `gmvae()`
#' looks for the next one.
#'
#' `gmvae()` starts the joint phase from the chosen `k`. Data with clusters
#' within clusters have several stable numbers of clusters:
#' [summary()][summary.gmvae] names the others, `plot(fit, "k")` shows all `k`,
#' and [update()][update.gmvae] changes to one of them. [cluster_tree()] tests
#' each division of the clusters of a fit, and [cut_clusters()] joins those that
#' are no more than chance.
#'
#' @section Sizes:
#' `x` may have up to 2^31 - 1 genes and as many cells, R's limit for the
#' extents of a matrix. A sparse matrix of R holds at most 2^31 - 1 values that
#' are not zero, some 700,000 cells with 3,000 genes each. There is no such
#' limit for a [cell_source()], or for a DelayedMatrix of more than 50,000
#' cells, which `gmvae()` reads block by block. `gmvae()` computes the products
#' of sizes with 64 bits, and memory is the only other limit. The results need
#' 8 n (k + 2 d) bytes, n the number of cells and d that of latent dimensions.
#' [predict()][predict.gmvae] with `type = "mean"` needs 8 bytes for each gene
#' of each cell: choose `features`, or predict some cells at a time. If the
#' memory does not suffice, the error has the class `gmvae_error_core`.
#'
#' @section Errors and warnings: All errors have the class `gmvae_error`.
#'   * `gmvae_error_input`: `x` is not a matrix with genes in rows and cells in
#'     columns, is empty, or has repeated gene names.
#'   * `gmvae_error_data`: values are missing, infinite, negative, fractional
#'     or not from 0 to 1 where the likelihood forbids it; a cell has no counts;
#'     fewer than two of the genes asked for have counts; or fewer than `k`
#'     cells differ from each other in the genes used.
#'   * `gmvae_error_option`: another argument is out of range or unknown.
#'   * `gmvae_error_file`: a temporary file of cells or a checkpoint can't be
#'     written, or a checkpoint is a file of another kind, cut off or changed.
#'   * `gmvae_error_numerical`: training broke down and could not recover.
#'   * `gmvae_error_package`: a suggested package is needed and missing, or a
#'     worker of `BPPARAM` has another version of this one.
#'   * `gmvae_error_worker`: workers of `BPPARAM` can't be started, or died too
#'     often.
#'   * `gmvae_error_core`: there is not enough memory.
#'
#'   All warnings have the class `gmvae_warning`. A fit raises each at most
#'   once, the first four at its end; `print()` and [summary()][summary.gmvae]
#'   show these as cautions.
#'   * `gmvae_warning_not_converged`: training did not converge. Train longer.
#'   * `gmvae_warning_collapsed`: the cells differ in at most one latent
#'     dimension, or all are in one of several clusters.
#'   * `gmvae_warning_unstable`: clusterings of halves of the cells do not
#'     reproduce the clusters (`stability` below 0.6), or some of them
#'     (`cluster_stability` below 0.6). Do not rely on these clusters.
#'   * `gmvae_warning_batches`: the fit detected two batches and corrected for
#'     them.
#'   * `gmvae_warning_file`: the checkpoint could not be written any more.
#'   * `gmvae_warning_data`: a batch or a level of a covariate has fewer than
#'     ten cells, or a covariate is left out.
#'   * `gmvae_warning_input`: most columns of `x` have names of genes, or most
#'     rows have names of cells. `x` should have genes in rows: transpose it.
#'
#' @section Reproducibility: [set.seed()] makes a fit repeatable: it takes one
#'   draw of R's generator for each network. The same seed gives the same fit
#'   for any `n_threads`, and whether the counts are in a dense matrix, a sparse
#'   matrix or a SingleCellExperiment.
#'
#' @references
#' Aitchison (1982) The statistical analysis of compositional data. *Journal of
#' the Royal Statistical Society B* 44, 139-160.
#' \doi{10.1111/j.2517-6161.1982.tb01195.x}
#'
#' Besag and Clifford (1991) Sequential Monte Carlo p-values. *Biometrika* 78,
#' 301-304. \doi{10.1093/biomet/78.2.301}
#'
#' Hennig (2007) Cluster-wise assessment of cluster stability. *Computational
#' Statistics & Data Analysis* 52, 258-271. \doi{10.1016/j.csda.2006.11.025}
#'
#' Jiang et al. (2017) Variational deep embedding: an unsupervised and
#' generative approach to clustering. *IJCAI*.
#' \doi{10.24963/ijcai.2017/273}
#'
#' Kingma and Welling (2014) Auto-encoding variational Bayes.
#' <https://arxiv.org/abs/1312.6114>
#'
#' Kingma et al. (2014) Semi-supervised learning with deep generative models.
#' *Advances in Neural Information Processing Systems* 27.
#' <https://arxiv.org/abs/1406.5298>
#'
#' Korsunsky et al. (2019) Fast, sensitive and accurate integration of
#' single-cell data with Harmony. *Nature Methods* 16, 1289-1296.
#' \doi{10.1038/s41592-019-0619-0}
#'
#' Lange et al. (2004) Stability-based validation of clustering solutions.
#' *Neural Computation* 16, 1299-1323. \doi{10.1162/089976604773717621}
#'
#' Lopez et al. (2018) Deep generative modeling for single-cell
#' transcriptomics. *Nature Methods* 15, 1053-1058.
#' \doi{10.1038/s41592-018-0229-2}
#'
#' Lun et al. (2016) A step-by-step workflow for low-level analysis of
#' single-cell RNA-seq data with Bioconductor. *F1000Research* 5, 2122.
#' \doi{10.12688/f1000research.9501.2}
#'
#' McLachlan (1987) On bootstrapping the likelihood ratio test statistic for the
#' number of components in a normal mixture. *Applied Statistics* 36, 318-324.
#' \doi{10.2307/2347790}
#'
#' Meila (2007) Comparing clusterings: an information based distance. *Journal
#' of Multivariate Analysis* 98, 873-895. \doi{10.1016/j.jmva.2006.11.013}
#'
#' Nigam et al. (2000) Text classification from labeled and unlabeled documents
#' using EM. *Machine Learning* 39, 103-134. \doi{10.1023/A:1007692713085}
#'
#' Stoeckius et al. (2017) Simultaneous epitope and transcriptome measurement in
#' single cells. *Nature Methods* 14, 865-868. \doi{10.1038/nmeth.4380}
#'
#' Tibshirani and Walther (2005) Cluster validation by prediction strength.
#' *Journal of Computational and Graphical Statistics* 14, 511-528.
#' \doi{10.1198/106186005X59243}
#'
#' Townes et al. (2019) Feature selection and dimension reduction for
#' single-cell RNA-Seq based on a multinomial model. *Genome Biology* 20, 295.
#' \doi{10.1186/s13059-019-1861-6}
#'
#' Xu et al. (2021) Probabilistic harmonization and annotation of single-cell
#' transcriptomics data with deep generative models. *Molecular Systems Biology*
#' 17, e9620. \doi{10.15252/msb.20209620}
#' @seealso [predict.gmvae()], [plot.gmvae()], [summary.gmvae()],
#'   [update.gmvae()]; [runGMVAE()] for Bioconductor workflows; [gmm_fit()] for
#'   mixtures of ordinary numeric data.
#' @examples
#' data(pbmc_sorted)
#' cells <- seq(1, 1000, by = 5)
#' counts <- pbmc_sorted$counts[, cells]
#' set.seed(1)
#' fit <- gmvae(counts, k = 5, features = 500)
#' fit
#' table(fit$cluster, pbmc_sorted$celltype_coarse[cells])
#'
#' # Proteins beside RNA: two that B cells have and two antibodies that bind
#' # to nothing, made up
#' b_cell <- pbmc_sorted$celltype_coarse[cells] == "B cell"
#' adt <- rbind(CD19 = rnbinom(200, mu = ifelse(b_cell, 200, 8), size = 5),
#'              CD20 = rnbinom(200, mu = ifelse(b_cell, 90, 5), size = 5),
#'              IgG1 = rnbinom(200, mu = 6, size = 5),
#'              IgG2a = rnbinom(200, mu = 9, size = 5))
#' both <- gmvae(counts, k = 5, features = 500, proteins = adt,
#'               control = gmvae_control(epochs = 30))
#' markers(both, of = "proteins")
#' @export
gmvae <- function(x, k = NULL, likelihood = "nb", ...) {
  check_data_given(x, missing(x), quote(gmvae()))
  UseMethod("gmvae")
}

#' @rdname gmvae
#' @export
gmvae.matrix <- function(x, k = NULL, likelihood = "nb", ...,
                         covariance = "tied", features = 2000,
                         size_factors = NULL, batch = NULL, covariates = NULL,
                         labels = NULL, proteins = NULL,
                         control = gmvae_control(), BPPARAM = NULL) {
  call <- quote(gmvae())
  check_no_dots(..., call = call)
  arg <- attr(x, "argument")  # of a container that the counts are from
  if (is.null(arg)) arg <- named_argument("x", substitute(x))
  counts <- as_counts(x, arg = arg, call = call, on_disk = is.null(proteins))
  known <- list(batch = batch, covariates = covariates, labels = labels,
                proteins = proteins)
  fit <- gmvae_bridge(counts, k, likelihood, covariance, features, size_factors,
                      known, control, BPPARAM, call, arg)
  with_call(fit, match.call())
}

# Other classes that are matrices, such as tables, or that may become one.
#' @export
gmvae.default <- gmvae.matrix

#' @export
gmvae.Matrix <- gmvae.matrix

#' @export
gmvae.DelayedMatrix <- gmvae.matrix

#' @rdname gmvae
#' @export
gmvae.SummarizedExperiment <- function(x, k = NULL, likelihood = "nb", ...,
                                       batch = NULL, covariates = NULL,
                                       labels = NULL, proteins = NULL,
                                       assay = NULL) {
  call <- quote(gmvae())
  if (is.null(assay)) assay <- "counts"
  arg <- named_argument("x", substitute(x), assay)
  counts <- as_counts(x, assay, arg, call, on_disk = is.null(proteins))
  attr(counts, "argument") <- arg
  known <- known_of_cells(list(batch = batch, covariates = covariates,
                               labels = labels, proteins = proteins),
                          counts, x, call)
  if (!"size_factors" %in% ...names()) {
    say_unused_size_factors(x, counts, likelihood)
  }
  with_call(gmvae(counts, k, likelihood, ..., batch = known$batch,
                  covariates = known$covariates, labels = known$labels,
                  proteins = known$proteins),
            match.call())
}

#' @rdname gmvae
#' @export
gmvae.Seurat <- function(x, k = NULL, likelihood = "nb", ..., batch = NULL,
                         covariates = NULL, labels = NULL, proteins = NULL,
                         assay = NULL, layer = "counts") {
  call <- quote(gmvae())
  arg <- named_argument("x", substitute(x))
  counts <- as_counts(x, assay, arg, call, layer)
  attr(counts, "argument") <- arg
  if (identical(batch, "layer") && !"layer" %in% cell_columns(x)) {
    batch <- layer_of_cells(x, assay, layer, call)
  }
  known <- known_of_cells(list(batch = batch, covariates = covariates,
                               labels = labels, proteins = proteins),
                          counts, x, call)
  with_call(gmvae(counts, k, likelihood, ..., batch = known$batch,
                  covariates = known$covariates, labels = known$labels,
                  proteins = known$proteins),
            match.call())
}

# What is `known` of each cell of `counts`, perhaps from the container `x`.
known_of_cells <- function(known, counts, x = NULL, call) {
  n <- ncol(counts)
  cells <- colnames(counts)
  list(batch = as_batch(known$batch, n, x, call, cells),
       covariates = as_covariates(known$covariates, n, x, call, cells),
       labels = as_labels(known$labels, n, x, call, cells),
       proteins = as_proteins(known$proteins, counts, x, call))
}

# Checks everything, computes, constructs.
gmvae_bridge <- function(counts, k, likelihood, covariance, features,
                         size_factors, known, control, BPPARAM, call, arg) {
  force(counts)
  likelihood <- check_choice(likelihood, likelihood_names(), call = call)
  covariance <- check_choice(covariance, covariance_names(), call = call)
  control <- check_gmvae_control(control, call)
  known <- known_of_cells(known, counts, call = call)
  batch <- known$batch
  labels <- known$labels
  check_variation(control, likelihood, batch, call)
  check_pcs(control$n_pcs, likelihood, call)
  stored <- stored_identities(control, call)
  check_bpparam(BPPARAM, call)
  ks <- check_components(k, ncol(counts), call, nlevels(labels))
  size_factors <- check_size_factors(size_factors, ncol(counts), likelihood,
                                     call, colnames(counts))
  warn_orientation(counts, arg, call)
  counts <- checked_values(counts, likelihood, arg, call, BPPARAM = BPPARAM)
  on.exit(discard_cells(counts))
  sample <- some_cells(counts)
  advise_likelihood(counts, sample, likelihood)
  check_batch_sizes(batch, call)
  covariates <- check_covariates(known$covariates, batch, call)
  found <- if (is.null(batch) && is.null(covariates)) {
    find_batches(counts, sample, likelihood, ks, control)
  }
  if (!is.null(found)) batch <- found
  chosen <- select_features(counts, likelihood, features,
                            design_factors(batch, covariates), arg, call)
  all_genes <- counts
  counts <- take_rows(counts, chosen$index)
  discard_others(all_genes, counts)
  check_distinct_cells(counts, min(ks), call)
  size <- cell_sizes(counts, likelihood, size_factors)

  proteins <- protein_values(known$proteins)
  control <- resolve_control(
    control, ncol(counts), likelihood,
    informative_features(counts, size$factors, likelihood),
    nrow(counts), split_half_reliability(counts, size$factors, batch), proteins
  )
  model <- list(likelihood = likelihood, covariance = covariance,
                size_reference = size$reference,
                beside = modalities_beside(proteins, control))
  cells <- list(size = core_sizes(size$factors, proteins),
                design = design_matrix(batch, covariates), labels = labels)
  rows <- with_proteins(counts, proteins$values)
  core <- train_several(rows, cells, model, ks, control, stored,
                        progress_reporter(control$verbose), BPPARAM, call)
  fit <- finish_fit(core, counts, size, features = chosen$table, batch = batch,
                    batch_source = batch_source(batch, found),
                    covariates = covariates, labels = labels,
                    proteins = proteins, likelihood = likelihood,
                    covariance = covariance,
                    control = without_checkpoint(control), call = call)
  remove_checkpoints(control)
  fit
}

# The fit that users see, from what the core returns. `counts` are those of the
# genes used; `proteins`: see protein_values(); `heard` names cautions that the
# user has been warned of before.
finish_fit <- function(core, counts, size, ..., proteins = NULL, call,
                       heard = NULL) {
  fit <- new_gmvae(core, cells = colnames(counts), size = size,
                   proteins = proteins, ...)
  fit$checksum <- data_checksum(counts)
  outlier <- outlier_reference(fit, counts, proteins$values, size$factors, call)
  fit$outlier <- outlier$reference
  fit$heldout_scores <- outlier$heldout
  warn_cautions(fit, call, heard)
  fit
}

# One network from one seed, for one of `ks` that the core chooses. `cells`:
# their `size`, `design` and `labels`. `earlier` is a fit whose networks are to
# be used again, or NULL. `checkpoint`: see open_checkpoint().
train_networks <- function(counts, cells, model, ks, control, seed, progress,
                           earlier = NULL, checkpoint = NULL) {
  options <- c(
    training_phases(control$epochs, control$warmup), model, unclass(control),
    list(epochs_before = if (is.null(earlier)) 0L else nrow(earlier$history),
         n_classes = nlevels(cells$labels),
         cells_one_by_one = cells_one_by_one())
  )
  cpp_gmvae_fit(opened_here(counts), cells$size, cells$design,
                class_numbers(cells$labels), options, ks,
                if (!is.null(earlier)) {
                  list(parameters = earlier$parameters, latent = earlier$latent,
                       k = length(earlier$mixture$weights))
                }, seed, checkpoint, progress)
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

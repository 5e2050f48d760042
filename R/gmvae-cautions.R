# What a user should know before trusting a fit. print() and summary() show the
# sentence of each caution that applies. Where a caution changes what the user
# should do, gmvae() and update() also warn, once for each fit: with the class
# `gmvae_warning_<warns>`, the sentence and the advice.
#
# To add one: 1 what its condition needs, here; 2 a row in `cautions`, at its
# place in print(); 3 an entry in the list of ?summary.gmvae.

caution_facts <- function(fit) {
  found <- identical(fit$batch_source, "found")
  list(
    k = fit$k,
    k_chosen = !is.null(fit$k_path),
    n_rollbacks = fit$n_rollbacks,
    converged = fit$converged,
    n_epochs = nrow(fit$history),
    epochs = fit$control$epochs,
    n_joint = training_phases(fit$control$epochs,
                              fit$control$warmup)$epochs_joint,
    steps_per_epoch = (nrow(fit$latent) - length(fit$heldout)) /
      fit$control$batch_size,
    empty = sum(tabulate(fit$cluster, fit$k) == 0L),
    active = fit$active_units,
    n_latent = fit$control$n_latent,
    stability = fit$stability,
    continuum = is_continuum(fit),
    unstable = names(which(fit$cluster_stability < 0.6)),
    found = if (found) count(table(fit$batch)),
    one_batch = single_batch_clusters(fit$cluster, fit$batch),
    wrong = wrong_share(fit),
    lost = lost_classes(fit),
    agreement = network_agreement(fit),
    sure = mean(largest_probability(fit$posterior))
  )
}

# Classes of the labels whose clusters, those of the first components, have no
# cells, whatever names the clusters have now.
lost_classes <- function(fit) {
  classes <- levels(fit$labels)
  cluster <- component_clusters(fit)[seq_along(classes)]
  classes[tabulate(as.integer(fit$cluster), fit$k)[cluster] == 0L]
}

# Condition, sentence and advice are evaluated later, among the facts.
caution <- function(applies, sentence, warns = NULL, advice = NULL) {
  list(applies = substitute(applies), sentence = substitute(sentence),
       warns = warns, advice = substitute(advice))
}

say <- function(..., .envir = parent.frame()) {
  cli::pluralize(..., .envir = .envir)
}

cautions <- list(
  rollbacks = caution(
    n_rollbacks > 0L,
    say("Training gave non-finite values in {n_rollbacks} epoch{?s} and ",
        "repeated {?it/them} with a smaller learning rate.")
  ),
  not_converged = caution(
    !converged,
    if (n_joint < 10 && n_joint * steps_per_epoch < 10000) {
      say("The joint phase had {n_joint} epoch{?s}, too few to tell whether ",
          "training converged.")
    } else {
      say("Training did not converge in {n_epochs} epoch{?s}.")
    },
    "not_converged",
    say("Train longer, for instance with `gmvae_control(epochs = ",
        "{max(40, 2 * epochs)})`; `plot(fit, \"loss\")` shows whether the ",
        "ELBO still rises.")
  ),
  collapsed = caution(
    active <= 1L && n_latent > 1L,
    say("The latent space has collapsed: the cells differ in {active} of its ",
        "{n_latent} dimensions."),
    "collapsed",
    several_kinds
  ),
  one_cluster = caution(
    k > 1L && empty == k - 1L,
    say("All cells are in one of the {k} clusters."),
    "collapsed",
    several_kinds
  ),
  empty = caution(
    empty > length(lost) && empty < k - 1L,
    say("{empty} of the {k} clusters {cli::qty(empty)}{?has/have} no cells: ",
        "`k` may be too large.")
  ),
  unstable = caution(
    k > 1L && empty < k - 1L && isTRUE(stability < 0.6),
    say("The clusters are not stable: halves of the cells reproduce them by ",
        "an adjusted Rand index of only {sprintf('%.2f', stability)}."),
    "unstable",
    if (k_chosen) {
      paste("No number of clusters was stable: the cells may vary",
            "continuously. Treat the clusters as a rough division.")
    } else {
      "Use a smaller `k`, or omit `k` and `gmvae()` chooses it."
    }
  ),
  some_unstable = caution(
    length(unstable) > 0L,
    say("{cli::qty(unstable)}Cluster{?s} {unstable} {?is/are} not stable: ",
        "clusterings of half of the cells do not reproduce {?it/them} ",
        "(Jaccard index below 0.6)."),
    "unstable",
    say("{cli::qty(unstable)}Do not take {?it/them} for {?a kind/kinds} of ",
        "{?cell/cells}; a smaller `k` may give stable clusters.")
  ),
  continuum = caution(
    continuum,
    say("The cells may vary continuously: a division describes unseen cells ",
        "better than one cluster does, but in simulated cells of one ",
        "population it does so, too.")
  ),
  batches_found = caution(
    !is.null(found),
    say("gmvae() detected two batches, of {found[1]} and {found[2]} cells, ",
        "and corrected for them."),
    "batches",
    paste("If you know the batches, give them as `batch`. If you study the",
          "difference between the two groups, a treatment for instance, use",
          "`gmvae_control(find_batches = FALSE)`.")
  ),
  one_batch = caution(
    k > 1L && length(one_batch) > 0L,
    say("{cli::qty(one_batch)}Cluster{?s} {one_batch} {?has/have} cells of ",
        "one batch only: either the other batches lack this kind of cell, or ",
        "a difference between batches remains.")
  ),
  wrong_labels = caution(
    isTRUE(wrong > 0.25),
    say("About {whole_percent(wrong)} of the given labels seem wrong: their ",
        "cells do not lie with others of that label.")
  ),
  lost_classes = caution(
    length(lost) > 0L,
    say("{cli::qty(lost)}No cells are in the cluster{?s} of class{?es} ",
        "{lost}: their labelled cells look like those of other classes.")
  ),
  networks = caution(
    k > 1L && isTRUE(agreement < 0.6),
    say("Networks from different seeds give different clusters: they agree ",
        "by an adjusted Rand index of only {sprintf('%.2f', agreement)}.")
  ),
  overlap = caution(
    k > 1L && sure < 0.7,
    say("The clusters overlap: on average a cell belongs to its cluster with ",
        "a probability of only {sprintf('%.2f', sure)}.")
  )
)

# One cluster was chosen, and the test on unseen cells alone would divide it.
is_continuum <- function(fit) {
  alpha <- fitted_control(fit)$alpha
  one <- match(1L, fit$k_path$k)
  fit$k == 1L && !is.na(one) && isTRUE(fit$k_path$p_unseen[one] <= alpha) &&
    isTRUE(fit$k_path$p[one] >= alpha)
}

several_kinds <- paste("If there are several kinds of cells, try more",
                       "`features`, another seed, or",
                       "`gmvae_control(mask = 0)`.")

# The cautions that apply, with their texts.
raised_cautions <- function(fit) {
  facts <- caution_facts(fit)
  value <- function(expr) eval(expr, facts, environment(caution))
  applying <- Filter(function(caution) value(caution$applies), cautions)
  lapply(applying, function(caution) {
    caution$sentence <- value(caution$sentence)
    caution$advice <- value(caution$advice)
    caution
  })
}

# Sentences, named by caution.
fit_cautions <- function(fit) {
  vapply(raised_cautions(fit), `[[`, "", "sentence")
}

# One warning for each class, and none of a class that the user has `heard` of.
warn_cautions <- function(fit, call, heard = NULL) {
  for (caution in raised_cautions(fit)) {
    if (is.null(caution$warns) || caution$warns %in% heard) next
    heard <- c(heard, caution$warns)
    gmvae_warn(c("{caution$sentence}", i = "{caution$advice}"), caution$warns,
               call = call)
  }
}

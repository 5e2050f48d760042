# What each ingredient of gmvae()'s recipe is worth: the adjusted Rand index on
# labelled sets of counts (see panel.R) with it and without, k given.
#   Rscript tests/bench/ablation.R [folder] [--sets=a,b] [--seeds=5] [--cores=1]
#                                  [--only=mask,joint] [--out=ablation]
# Seeds 1 to --seeds, in --cores processes, one thread per fit. Prints and
# writes (--out).csv: a row per ingredient left out, the mean over the seeds of
# every set, their mean and the mean of the sets' standard deviations. Labels
# are for scoring, and their number for k, only.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

seeds <- seq_len(as.integer(option("seeds", 5)))
cores <- as.integer(option("cores", 1))
folder <- data_folder(plain_arguments())
sets <- sets_of(folder)
sets <- chosen("sets", sets[!startsWith(sets, "atac")])

# Epochs of the three phases out of `epochs`; see gmvae_control().
phases <- function(pretrain, warmup, joint) {
  function(epochs, warmup) {
    as.list(round(epochs * c(epochs_pretrain = pretrain,
                             epochs_warmup = warmup, epochs_joint = joint)))
  }
}
variants <- list(
  "as it is" = list(),
  "covariance = \"diagonal\", as in VaDE" = list(covariance = "diag"),
  "covariance = \"full\"" = list(covariance = "full"),
  "mask = 0" = list(control = list(mask = 0)),
  "find_batches = FALSE" = list(control = list(find_batches = FALSE)),
  "no pretraining" = list(phases = phases(0, 1 / 2, 1 / 2)),
  "no warm-up" = list(phases = phases(1 / 6, 0, 1)),
  "no joint phase" = list(phases = phases(1 / 6, 1, 0)),
  "heldout = 0" = list(control = list(heldout = 0))
)
if (option("only", "") != "") {
  wanted <- strsplit(option("only", ""), ",")[[1]]
  variants <- variants[c(1, grep(paste(wanted, collapse = "|"),
                                 names(variants)))]
}

recipe <- gmvae:::training_phases
fit_variant <- function(data, variant) {
  utils::assignInNamespace("training_phases",
                           c(variant$phases, recipe)[[1]], "gmvae")
  control <- do.call(gmvae_control, c(
    list(n_threads = 1, verbose = FALSE), variant$control
  ))
  arguments <- c(list(data$counts, k = length(unique(data$label)),
                      control = control),
                 variant[setdiff(names(variant), c("control", "phases"))])
  fit <- do.call(quiet_gmvae, arguments)
  adjusted_rand_index(fit$cluster, data$label)
}

jobs <- expand.grid(seed = seeds, variant = names(variants), set = sets,
                    stringsAsFactors = FALSE)
jobs$ari <- unlist(parallel::mclapply(seq_len(nrow(jobs)), function(i) {
  data <- read_set(file.path(folder, jobs$set[i]))
  set.seed(jobs$seed[i])
  ari <- fit_variant(data, variants[[jobs$variant[i]]])
  message(sprintf("%s, %s, seed %d: %.3f", jobs$set[i], jobs$variant[i],
                  jobs$seed[i], ari))
  ari
}, mc.cores = cores, mc.preschedule = FALSE))

by_set <- function(statistic) {
  table <- tapply(jobs$ari, jobs[c("variant", "set")], statistic)
  table[names(variants), sets, drop = FALSE]
}
means <- by_set(mean)
report <- data.frame(means, mean = rowMeans(means),
                     sd = rowMeans(by_set(stats::sd)), check.names = FALSE)
options(width = 140)
print(round(report, 3))
utils::write.csv(report, paste0(option("out", "ablation"), ".csv"))

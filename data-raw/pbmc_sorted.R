# Makes data/pbmc_sorted.rda from `pbmc_facs` of the CRAN package fastglmpca
# (GPL >= 2).  The source package is read, not installed.  Run from the
# project's root: Rscript data-raw/pbmc_sorted.R

library(Matrix)

folder <- tempfile("fastglmpca")
dir.create(folder)
archive <- utils::download.packages("fastglmpca", folder, type = "source")[, 2]
utils::untar(archive, "fastglmpca/data/pbmc_facs.RData", exdir = folder)
source_data <- new.env()
load(file.path(folder, "fastglmpca/data/pbmc_facs.RData"), source_data)
pbmc_facs <- source_data$pbmc_facs

set.seed(1, kind = "Mersenne-Twister", sample.kind = "Rejection")
cells <- sort(sample(ncol(pbmc_facs$counts), 1000))
counts <- pbmc_facs$counts[, cells]
seen <- tabulate(counts@i + 1L, nrow(counts)) >= 10
counts <- counts[seen, ]
rownames(counts) <- make.unique(pbmc_facs$genes$symbol[seen])

pbmc_sorted <- list(
  counts = counts,
  celltype = pbmc_facs$samples$celltype[cells],
  celltype_coarse = pbmc_facs$samples$subpop[cells]
)
levels(pbmc_sorted$celltype_coarse) <- c(
  "B cell", "Monocyte", "CD34+", "NK cell", "T cell"
)
save(pbmc_sorted, file = "data/pbmc_sorted.rda", compress = "xz")

# The counts of Seurat objects, which are in layers of an assay.
# SeuratObject 4 has one slot "counts"; since version 5 an assay may hold its
# cells in several layers, "counts.1", "counts.2" and so on.

# A dgCMatrix of genes x cells, the layers side by side.
seurat_counts <- function(x, assay, layer, arg, call) {
  require_package("SeuratObject", "read {.arg {arg}}", call, arg = arg)
  assay <- seurat_assay(x, assay, arg, call)
  layers <- counts_layers(x, assay, layer, arg, call)
  parts <- lapply(layers, function(name) {
    as_sparse(read_layer(x[[assay]], name), arg, call)
  })
  genes <- unique(unlist(lapply(parts, rownames)))
  counts <- do.call(cbind, lapply(parts, add_genes, genes))
  counts[, intersect(colnames(x), colnames(counts)), drop = FALSE]
}

# The layer that each of the assay's cells is in, in the object's order.
layer_of_cells <- function(x, assay, layer, call) {
  assay <- seurat_assay(x, assay, "x", call)
  layers <- counts_layers(x, assay, layer, "x", call)
  cells <- lapply(layers, function(name) colnames(read_layer(x[[assay]], name)))
  of_cell <- stats::setNames(rep(layers, lengths(cells)), unlist(cells))
  of_cell[intersect(colnames(x), names(of_cell))]
}

seurat_assay <- function(x, assay, arg, call) {
  if (is.null(assay)) return(SeuratObject::DefaultAssay(x))
  available <- SeuratObject::Assays(x)
  if (rlang::is_string(assay) && assay %in% available) return(assay)
  gmvae_abort(c(
    "{.arg assay} must be the name of an assay of {.arg {arg}}.",
    x = "You supplied {describe(assay)}.",
    i = "Its assays are {.val {available}}."
  ), "option", call = call)
}

# Names of the layers that hold `layer`: itself, or its parts.
counts_layers <- function(x, assay, layer, arg, call) {
  if (!rlang::is_string(layer)) {
    gmvae_abort(c(
      "{.arg layer} must be the name of a layer, one string.",
      x = "You supplied {describe(layer)}."
    ), "option", call = call)
  }
  available <- assay_layers(x[[assay]])
  if (layer %in% available) return(layer)
  parts <- available[startsWith(available, paste0(layer, "."))]
  if (length(parts) > 0L) return(parts)
  gmvae_abort(c(
    "Assay {.val {assay}} of {.arg {arg}} must have a layer {.val {layer}}.",
    x = if (length(available) > 0L) "Its layers are {.val {available}}." else
      "It has no layers with values.",
    i = "Name the layer that holds raw counts: {.code layer = }. Normalised
         values are no counts."
  ), "option", call = call)
}

has_layers <- function() utils::packageVersion("SeuratObject") >= "5.0.0"

# What only SeuratObject 5 exports.
of_seurat_5 <- function(name) getExportedValue("SeuratObject", name)

assay_layers <- function(assay) {
  if (has_layers()) return(of_seurat_5("Layers")(assay))
  slots <- c("counts", "data", "scale.data")
  slots[vapply(slots, function(name) {
    length(SeuratObject::GetAssayData(assay, slot = name)) > 0L
  }, NA)]
}

read_layer <- function(assay, layer) {
  if (has_layers()) return(of_seurat_5("LayerData")(assay, layer = layer))
  SeuratObject::GetAssayData(assay, slot = layer)
}

# The rows of `counts` in the order of `genes`, with zeros for those it lacks.
add_genes <- function(counts, genes) {
  lacking <- setdiff(genes, rownames(counts))
  zeros <- Matrix::sparseMatrix(
    i = integer(), j = integer(), x = numeric(),
    dims = c(length(lacking), ncol(counts)), dimnames = list(lacking, NULL)
  )
  rbind(counts, zeros)[genes, , drop = FALSE]
}

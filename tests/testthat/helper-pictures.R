# Compares a plot with its SVG in _snaps/. `picture` is a function that draws,
# or a ggplot object; ggplot2 draws a little differently in each minor version.
expect_picture <- function(title, picture) {
  skip_if_not_installed("vdiffr")
  if (!is.function(picture)) {
    version <- utils::packageVersion("ggplot2")
    skip_if(version[, 1:2] != "3.4", "the pictures are drawn by ggplot2 3.4")
  }
  vdiffr::expect_doppelganger(title, picture)
}

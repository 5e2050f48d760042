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

# What plot() returns of a base graphic, which leaves the user's settings alone.
draw <- function(...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  before <- graphics::par("mar", "las", "mgp", "mfrow")
  drawn <- withVisible(plot(...))
  expect_identical(graphics::par("mar", "las", "mgp", "mfrow"), before)
  expect_false(drawn$visible)
  drawn$value
}

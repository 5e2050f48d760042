set.seed(1)
geyser <- gmm_fit(faithful, 5, "EEE", keep_data = TRUE,
                  control = quiet(tol = 1e-12))
merged <- merge_components(geyser, n_clusters = 3)

test_that("plot() of merged components draws what it returns", {
  rows <- draw(merged)
  expect_identical(rows$cluster, unname(merged$cluster))
  two <- draw(merged, n_clusters = 2)
  expect_identical(two$cluster, unname(predict(merged, n_clusters = 2)))
  expect_named(draw(merged, columns = "waiting"),
               c("waiting", "cluster", "uncertainty"))
  expect_identical(draw(merged, "steps"), merged$steps)
  expect_identical(draw(merge_components(geyser, elbow = "rows"), "steps"),
                   merge_components(geyser, elbow = "rows")$steps)
  flowers <- gmm_fit(iris[, 1:4], 4, "VVI", keep_data = TRUE,
                     control = quiet())
  expect_identical(nrow(draw(merge_components(flowers))), 150L)
  expect_identical(nrow(draw(merge_components(flowers, "modes"))), 150L)
})

test_that("the tree is one that R's other functions read", {
  tree <- draw(merged, "tree")
  expect_s3_class(tree, "hclust")
  for (k in 1:5) {
    theirs <- stats::cutree(tree, k)
    expect_equal(adjusted_rand_index(theirs, merged$tree[, k]), 1)
  }
  expect_false(is.unsorted(tree$height))
  expect_equal(max(tree$height), merged$steps$entropy[1])
  expect_s3_class(stats::as.dendrogram(tree), "dendrogram")
})

test_that("plot() of merged components says what is wrong", {
  one <- merge_components(gmm_fit(faithful, 1, "EEE", control = quiet()))
  modes <- merge_components(geyser, "modes")
  expect_snapshot(error = TRUE, {
    plot(merged, "modes")
    plot(modes, "tree")
    plot(one, "steps")
    plot(merged, n_clusters = 9)
  })
})

test_that("each plot of merged components looks as it should", {
  expect_picture("merged", function() plot(merged))
  expect_picture("merged in one column",
                 function() plot(merged, columns = "waiting"))
  expect_picture("modes", function() plot(merge_components(geyser, "modes")))
  expect_picture("entropy", function() plot(merge_components(geyser), "steps"))
  expect_picture("entropy by rows", function() {
    plot(merge_components(geyser, elbow = "rows"), "steps")
  })
  expect_picture("overlap", function() {
    plot(merge_components(geyser, "overlap"), "steps")
  })
  expect_picture("tree", function() plot(merged, "tree"))
})

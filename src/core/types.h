// Sizes and column-major views.  In the core one column is one observation (a cell).
#pragma once

#include <cstddef>
#include <type_traits>

namespace gmvae {

using Index = std::ptrdiff_t;

// A column-major matrix that somebody else owns; columns are contiguous.
template <typename T>
struct View {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;

  View() = default;
  View(T* data_, Index rows_, Index cols_) : data(data_), rows(rows_), cols(cols_) {}

  // A view can always be read as a view of constants.
  template <typename U, typename = std::enable_if_t<std::is_same<T, const U>::value>>
  View(const View<U>& other) : data(other.data), rows(other.rows), cols(other.cols) {}

  T* col(Index j) const { return data + j * rows; }
  T& operator()(Index i, Index j) const { return data[j * rows + i]; }
  Index size() const { return rows * cols; }
};

template <typename T>
using ConstView = View<const T>;

}  // namespace gmvae

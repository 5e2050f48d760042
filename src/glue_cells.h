// Cells as R gives them: a dgCMatrix, or an external pointer to a file of cells.
#pragma once

#include <memory>

#include "glue_convert.h"
#include "gmvae/data/cell_file.h"

namespace gmvae {

inline SEXP cell_file_tag() { return Rf_install("gmvae_cell_file"); }

// The file behind R's pointer.  After a session was saved, or in another process, there is none.
inline CellFile& cell_file_of(SEXP pointer) {
  const bool ours = TYPEOF(pointer) == EXTPTRSXP && R_ExternalPtrTag(pointer) == cell_file_tag();
  if (!ours || R_ExternalPtrAddr(pointer) == nullptr) refuse("counts", "be an open file of cells");
  return *static_cast<CellFile*>(R_ExternalPtrAddr(pointer));
}

// Keeps alive what the core reads.
class GivenCells {
 public:
  explicit GivenCells(SEXP counts) {
    if (TYPEOF(counts) == EXTPTRSXP) {
      source_ = &cell_file_of(counts);
      return;
    }
    matrix_ = std::make_unique<SparseCounts>(Rcpp::S4(counts));
    in_memory_ = std::make_unique<MatrixSource>(matrix_->source());
    source_ = in_memory_.get();
  }
  const CellSource& source() const { return *source_; }

 private:
  std::unique_ptr<SparseCounts> matrix_;
  std::unique_ptr<MatrixSource> in_memory_;
  const CellSource* source_;
};

}  // namespace gmvae

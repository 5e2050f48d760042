// What the rest of the package asks of a likelihood besides its mathematics.  Each likelihood's
// struct states all of it; dispatch.h makes values of this type out of the structs, so that nothing
// else compares names.
#pragma once

#include <cmath>
#include <string>
#include <vector>

namespace gmvae {

// What the encoder sees of a value x, before it is scaled to unit mean square:
//   log_counts     log(1 + x / size factor)
//   values         x
//   standardised   (x - mean) / sd of the gene; the likelihood sees the same
enum class EncoderInput { log_counts, values, standardised };

// By what genes are chosen (gmvae/data/gene_scores.h).
enum class GeneScore { deviance, variance_beyond_trend, variance };

inline const char* to_string(EncoderInput input) {
  constexpr const char* names[] = {"log_counts", "values", "standardised"};
  return names[static_cast<int>(input)];
}
inline const char* to_string(GeneScore score) {
  constexpr const char* names[] = {"deviance", "variance_beyond_trend", "variance"};
  return names[static_cast<int>(score)];
}

// Sums over some cells, from which the decoder's bias starts.
struct GeneSums {
  double value;    // of one gene
  double n_cells;  // how many cells
  double total;    // of all genes
};

struct LikelihoodTraits {
  std::string name;
  double least, largest;  // of the values; beyond `largest` single precision loses the data
  bool whole;             // whole numbers only
  bool dense;             // zeros are data like any other value, so every gene has an entry
  bool size_factors;      // the mean is a share of the cell's size
  bool has_scale;         // a second parameter of each gene, named ...
  std::string scale;      // ... "dispersion" or "variance"
  bool has_zero_inflation;
  EncoderInput encoder_input;
  GeneScore gene_score;

  // Where the decoder's output starts for a gene, up to what a softmax takes away.
  double (*level)(const GeneSums& all);

  // By how much the decoder's output starts higher for some of the cells.  mean, sd: of the gene,
  // where the encoder's input is standardised.
  double (*shift)(const GeneSums& some, const GeneSums& all, double mean, double inverse_sd);

  // log p(data) - log p(what the likelihood sees), per cell.  inverse_sd: per gene.
  double (*log_units)(const std::vector<double>& inverse_sd);
};

template <typename Likelihood>
LikelihoodTraits traits_of() {
  return {Likelihood::name,          Likelihood::least,      Likelihood::largest,
          Likelihood::whole,         Likelihood::dense,      Likelihood::softmax,
          Likelihood::has_scale,     Likelihood::scale,      Likelihood::has_zero_inflation,
          Likelihood::encoder_input, Likelihood::gene_score, &Likelihood::level,
          &Likelihood::shift,        &Likelihood::log_units};
}

// What the likelihoods of counts share: the decoder gives logarithms of shares.
struct OfCounts {
  static constexpr double least = 0, largest = 1e9;
  static constexpr bool whole = true, dense = false, softmax = true;
  static constexpr EncoderInput encoder_input = EncoderInput::log_counts;

  // The expected value, from what a softmax and the cell's size have made of the output.
  template <typename T>
  static T expected(T mean) {
    return mean;
  }

  static double level(const GeneSums& all) { return std::log(all.value + 0.5); }
  static double shift(const GeneSums& some, const GeneSums& all, double, double) {
    const double expected = some.total * all.value / all.total;
    return std::log((some.value + 1) / (expected + 1));
  }
  static double log_units(const std::vector<double>&) { return 0; }
};

}  // namespace gmvae

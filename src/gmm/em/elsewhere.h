// Passes that other processes make: each holds the same rows and adds up some of the partial sums.
// What they return are the sums that this process would have added up, to the last bit, and they
// are added in the same order.
#pragma once

#include <vector>

#include "core/types.h"
#include "gmm/em/statistics.h"
#include "gmm/model/frame.h"

namespace gmvae {

// What a pass adds up: everything another process has to know, but the rows.
struct PassTask {
  enum class What { statistics, entropy };
  What what = What::statistics;
  Scatter kind = Scatter::full;
  Index n_shards = 1;
  Frame frame;
};

// A task as numbers, to be sent, and back.  Throws std::invalid_argument where they are none.
std::vector<double> to_numbers(const PassTask& task);
PassTask to_task(const std::vector<double>& numbers);

// Numbers in the sums of one shard.
Index n_sums(const PassTask& task);

// Statistics as numbers, and back: those of a shard, under a frame.
void append(const Statistics& statistics, std::vector<double>* numbers);
Statistics to_statistics(const double* numbers, const PassTask& task);

// Whoever has other processes add up.
class Elsewhere {
 public:
  virtual ~Elsewhere() = default;

  // shard_sums() of all shards (pass.h).  Only called by the thread that started the work.
  virtual std::vector<double> sums(const PassTask& task) = 0;
};

}  // namespace gmvae

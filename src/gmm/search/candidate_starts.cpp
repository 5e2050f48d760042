#include "gmm/search/candidate_starts.h"

#include <algorithm>
#include <utility>

#include "gmm/model/family.h"
#include "gmm/start/sample.h"

namespace gmvae {

namespace {

constexpr Index many_models = 4;  // with as many components share the starts out

}  // namespace

CandidateStarts::CandidateStarts(const Observations& data, const std::vector<Candidate>& candidates,
                                 const SearchOptions& options, Index n_starts, Workers& workers,
                                 Monitor& monitor)
    : candidates_(candidates), n_rows_(data.n_source_rows()) {
  Index most_components = 1;
  for (const Candidate& candidate : candidates) {
    most_components = std::max(most_components, candidate.k);
  }
  Sample sample = take_sample(data, most_components, options.noise, options.seed, workers, monitor);
  sample_ = std::move(sample.observations);
  if (sample_ != nullptr) n_rows_ = sample_->n_source_rows();
  rows_ = std::move(sample.rows);
  const Starts starts(std::move(sample.points), std::move(sample.weights), std::move(sample.labels),
                      n_starts, options.seed, workers, monitor);
  for (const Candidate& candidate : candidates) {
    const Index k = candidate.k;
    if (starts_.count(k) == 0) starts_[k] = starts.make(k, workers, monitor);
  }
}

std::vector<Run> CandidateStarts::begin(Em& em, const Candidate& candidate,
                                        const Parameters& overall, bool share_out,
                                        Workers& workers) const {
  const auto n_models =
      std::count_if(candidates_.begin(), candidates_.end(),
                    [&](const Candidate& other) { return other.k == candidate.k; });
  const std::vector<Start>& all = starts_.at(candidate.k);
  std::vector<const Start*> own;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool mine = (static_cast<Index>(i) + (candidate.family - families)) % 2 == 0;
    if (!share_out || n_models < many_models || i < 2 || mine) own.push_back(&all[i]);
  }
  std::vector<Run> runs(own.size());
  workers.run(static_cast<Index>(own.size()), [&](Index at) {
    const Start& start = *own[static_cast<std::size_t>(at)];
    std::vector<int> partition(static_cast<std::size_t>(n_rows_), -1);
    for (std::size_t i = 0; i < start.partition.size(); ++i) {
      partition[static_cast<std::size_t>(rows_[i])] = static_cast<int>(start.partition[i]);
    }
    Given given;
    given.partition = partition.data();
    given.n = n_rows_;
    runs[static_cast<std::size_t>(at)] = em.begin(start.name, given, overall, true);
  });
  return runs;
}

}  // namespace gmvae

// A file that training writes to now and then, so that it can go on after its process has died.
//
// The file holds, in the byte order of the machine that wrote it:
//   header    see checkpoint.cpp: what the file is, its length and a checksum
//   identity  what the fit is of: seeds, and pairs of names and values in words
//   state     what Trainer and fit() need to go on with the same bits
// It is only ever read as numbers and words, and is replaced as a whole: a temporary file beside it
// is written, flushed to the disk and renamed.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "gmm/em/mixture.h"
#include "gmvae/data/source.h"
#include "gmvae/model/prior.h"
#include "gmvae/train/latent_moments.h"

namespace gmvae {

struct CheckpointIdentity {
  std::vector<double> seeds;  // of all networks of the fit
  std::vector<std::pair<std::string, std::string>> fields;
};

bool operator==(const CheckpointIdentity& a, const CheckpointIdentity& b);

// What a finished file holds.  Throws FileError where it is none, is cut off, or has changed.
struct CheckpointContent {
  CheckpointIdentity identity;
  std::vector<char> state;
};
CheckpointContent read_checkpoint(const std::string& path);

class Checkpoint {
 public:
  // Goes on from the file where there is one, which must be of the same identity.  minutes: how
  // long training goes on without writing, at least.
  Checkpoint(const std::string& path, const CheckpointIdentity& identity, double minutes);

  bool has_state() const { return !state_.empty(); }
  ByteReader state() const { return ByteReader(state_); }

  // Is it time to write?
  bool is_due() const { return Clock::now() - last_ >= interval_; }

  // The first time throws FileError where the file can't be written.  Later training goes on
  // without, and failed() tells: the file is the last one that could be written.
  void write(const ByteWriter& state);
  const std::string& failed() const { return failed_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string path_;
  CheckpointIdentity identity_;
  std::chrono::duration<double> interval_;
  Clock::time_point last_;
  std::vector<char> state_;
  std::string failed_;
  bool written_ = false;
};

// Of every value of every cell, with its place.
std::uint64_t source_checksum(const CellSource& source, Monitor& monitor);

// Parts of a state.  What is read is checked for its sizes: D, K where they are known.
void put_matrix(ByteWriter& bytes, const Eigen::MatrixXd& x);
Eigen::MatrixXd get_matrix(ByteReader& bytes, Index rows, Index cols);
void put_moments(ByteWriter& bytes, const LatentMoments& moments);
LatentMoments get_moments(ByteReader& bytes, Index d, Index k);
void put_prior(ByteWriter& bytes, const MixturePrior& prior);
MixturePrior get_prior(ByteReader& bytes, Index d, Index most_k);

// Throws FileError unless what was read of a state can be.
void check_state(bool holds);

}  // namespace gmvae

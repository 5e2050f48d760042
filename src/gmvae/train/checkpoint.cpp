#include "gmvae/train/checkpoint.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#ifdef _WIN32
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include "core/error.h"
#include "core/file_start.h"

namespace gmvae {

namespace {

const FileStart start_of_file = file_start("CKP", 1);

struct Header {
  FileStart start;
  std::int64_t n_bytes;  // after the header
  std::uint64_t checksum;
};
static_assert(sizeof(Header) == 32, "The header has no gaps.");

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
  throw FileError("The checkpoint '" + path + "' can't be used: " + why + ".");
}

// To the disk, not only to the system's memory.
bool flush_to_disk(std::FILE* file) {
  if (std::fflush(file) != 0) return false;
#ifdef _WIN32
  return _commit(_fileno(file)) == 0;
#else
  return fsync(fileno(file)) == 0;
#endif
}

// The new name of a file, too.  Not every system can.
void flush_folder(const std::string& path) {
#ifndef _WIN32
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int handle = open(folder.empty() ? "." : folder.c_str(), O_RDONLY);
  if (handle < 0) return;
  (void)fsync(handle);
  close(handle);
#else
  (void)path;
#endif
}

// In words what went wrong, or "".
std::string replace_file(const std::string& path, const Header& header,
                         const std::vector<char>& bytes) {
  const std::string partial = path + ".part";
  std::FILE* file = std::fopen(partial.c_str(), "wb");
  if (file == nullptr) return "it can't be created";
  bool good = std::fwrite(&header, sizeof header, 1, file) == 1 &&
              std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  good = good && flush_to_disk(file);
  good = std::fclose(file) == 0 && good;
  std::error_code error;
  if (good) std::filesystem::rename(partial, path, error);  // replaces, on every system
  if (good && !error) {
    flush_folder(path);
    return "";
  }
  std::remove(partial.c_str());
  return "the disk is full or the file can't be written; " +
         std::to_string((bytes.size() + sizeof header) / 1000000 + 1) + " MB are needed";
}

void put_identity(ByteWriter& bytes, const CheckpointIdentity& identity) {
  bytes.put(identity.seeds);
  bytes.put(static_cast<std::int64_t>(identity.fields.size()));
  for (const auto& [name, value] : identity.fields) {
    bytes.put(name);
    bytes.put(value);
  }
}

CheckpointIdentity get_identity(ByteReader& bytes) {
  CheckpointIdentity identity;
  identity.seeds = bytes.get_all<double>();
  const std::int64_t n = bytes.get<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {
    std::string name = bytes.get_text();
    identity.fields.emplace_back(std::move(name), bytes.get_text());
  }
  return identity;
}

}  // namespace

bool operator==(const CheckpointIdentity& a, const CheckpointIdentity& b) {
  return a.seeds == b.seeds && a.fields == b.fields;
}

CheckpointContent read_checkpoint(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::in);
  if (!file) refuse_file(path, "it can't be opened");
  file.seekg(0, std::ios::end);
  const std::int64_t size = static_cast<std::int64_t>(file.tellg());
  Header header{};
  file.seekg(0);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const char* is_no = "it is not a checkpoint";
  const std::string fault = file ? fault_of(header.start, start_of_file, is_no) : is_no;
  if (!fault.empty()) refuse_file(path, fault);
  if (header.n_bytes != size - static_cast<std::int64_t>(sizeof header)) {
    refuse_file(path, "it has another length than its header says");
  }
  std::vector<char> bytes(static_cast<std::size_t>(header.n_bytes));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) refuse_file(path, "it can't be read");
  if (add_to_checksum(empty_checksum, bytes.data(), bytes.size()) != header.checksum) {
    refuse_file(path, "its checksum is wrong");
  }
  try {
    ByteReader reader(std::move(bytes));
    CheckpointContent content;
    content.identity = get_identity(reader);
    content.state = reader.get_all<char>();
    return content;
  } catch (const FileError&) {
    refuse_file(path, "it has too few bytes");
  }
}

Checkpoint::Checkpoint(const std::string& path, const CheckpointIdentity& identity, double minutes)
    : path_(path), identity_(identity), interval_(60 * minutes), last_(Clock::now()) {
  if (!std::filesystem::exists(path)) return;
  CheckpointContent content = read_checkpoint(path);
  if (!(content.identity == identity)) refuse_file(path, "it is of another fit");
  state_ = std::move(content.state);
  written_ = true;
}

void Checkpoint::write(const ByteWriter& state) {
  ByteWriter bytes;
  put_identity(bytes, identity_);
  bytes.put(state.bytes());
  const Header header{start_of_file, static_cast<std::int64_t>(bytes.bytes().size()),
                      add_to_checksum(empty_checksum, bytes.bytes().data(), bytes.bytes().size())};
  failed_ = replace_file(path_, header, bytes.bytes());
  if (!failed_.empty() && !written_) refuse_file(path_, failed_);
  written_ = true;
  last_ = Clock::now();
}

std::uint64_t source_checksum(const CellSource& source, Monitor& monitor) {
  std::uint64_t sum = empty_checksum;
  for_cells_of(
      all_cells(source), source,
      [&](Index, Index n, const std::int32_t* gene, const double* value) {
    const std::int64_t length = n;
    sum = add_to_checksum(sum, &length, sizeof length);
    sum = add_to_checksum(sum, gene, static_cast<std::size_t>(n) * sizeof *gene);
    sum = add_to_checksum(sum, value, static_cast<std::size_t>(n) * sizeof *value);
      },
      &monitor);
  return sum;
}

// Parts of a state ---------------------------------------------------------------------------

void check_state(bool holds) {
  if (!holds) throw FileError("A checkpoint can't be used: its state is of another network.");
}

void put_matrix(ByteWriter& bytes, const Eigen::MatrixXd& x) {
  bytes.put_all(x.data(), static_cast<std::size_t>(x.size()));
}

Eigen::MatrixXd get_matrix(ByteReader& bytes, Index rows, Index cols) {
  const std::vector<double> values = bytes.get_all<double>();
  check_state(static_cast<Index>(values.size()) == rows * cols);
  return Eigen::Map<const Eigen::MatrixXd>(values.data(), rows, cols);
}

void put_moments(ByteWriter& bytes, const LatentMoments& moments) {
  put_matrix(bytes, moments.sizes());
  put_matrix(bytes, moments.counts());
  put_matrix(bytes, moments.sums());
  put_matrix(bytes, moments.squares());
}

LatentMoments get_moments(ByteReader& bytes, Index d, Index k) {
  const Eigen::VectorXd sizes = get_matrix(bytes, k, 1), counts = get_matrix(bytes, k, 1);
  const Eigen::MatrixXd sums = get_matrix(bytes, d, k);
  return LatentMoments(sizes, counts, sums, get_matrix(bytes, d, d * k));
}

void put_prior(ByteWriter& bytes, const MixturePrior& prior) {
  const Mixture& mixture = prior.mixture();
  bytes.put(static_cast<std::int64_t>(prior.n_components()));
  put_matrix(bytes, mixture.weights);
  put_matrix(bytes, mixture.means);
  for (const Eigen::MatrixXd& sigma : mixture.covariances) put_matrix(bytes, sigma);
  bytes.put(static_cast<std::int64_t>(prior.shared()));
  bytes.put(static_cast<std::int64_t>(prior.labels().n_classes));
  bytes.put(prior.labels().noise);
  bytes.put(prior.labels().weight);
}

MixturePrior get_prior(ByteReader& bytes, Index d, Index most_k) {
  const Index k = static_cast<Index>(bytes.get<std::int64_t>());
  check_state(k >= 1 && k <= most_k);
  Mixture mixture;
  mixture.weights = get_matrix(bytes, k, 1);
  mixture.means = get_matrix(bytes, d, k);
  for (Index c = 0; c < k; ++c) mixture.covariances.push_back(get_matrix(bytes, d, d));
  MixturePrior prior(mixture, bytes.get<std::int64_t>() != 0);
  LabelModel labels;
  labels.n_classes = static_cast<Index>(bytes.get<std::int64_t>());
  labels.noise = bytes.get<double>();
  labels.weight = bytes.get<double>();
  prior.set_labels(labels);
  return prior;
}

}  // namespace gmvae

// How each file that the package writes begins: what it is, and who can read it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace gmvae {

struct FileStart {
  char magic[8];
  std::uint32_t format, byte_order;
};
static_assert(sizeof(FileStart) == 16, "The beginning of a file has no gaps.");

// kind: three letters.
inline FileStart file_start(const char (&kind)[4], std::uint32_t format) {
  FileStart start{{'G', 'M', 'V', 'A', 'E'}, format, 0x01020304};
  std::memcpy(start.magic + 5, kind, 3);
  return start;
}

// In words why a file that begins so can't be read, or "".  is_no: "it is not a file of ...".
inline std::string fault_of(const FileStart& found, const FileStart& expected,
                            const std::string& is_no) {
  if (std::memcmp(found.magic, expected.magic, sizeof found.magic) != 0) return is_no;
  if (found.byte_order != expected.byte_order) return "another kind of machine wrote it";
  if (found.format != expected.format) return "another version of gmvae wrote it";
  return "";
}

}  // namespace gmvae

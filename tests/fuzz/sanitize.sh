#!/bin/sh
# Generated calls with the package built under the address sanitizer:
#   sh tests/fuzz/sanitize.sh fit 1000 [first seed]
# A read outside of memory ends the process, and run.R reports it as a crash. The
# library stays in build/asan-library. Without optimisation it compiles in a few
# minutes; MAKEFLAGS=-j4 is heeded.
set -eu
cd "$(dirname "$0")/../.."
library=$PWD/build/asan-library
mkdir -p "$library"
if [ ! -d "$library/gmvae" ]; then
  printf 'CXX17FLAGS = -O0 -fno-omit-frame-pointer -fsanitize=address\nLDFLAGS = -fsanitize=address\n' \
    >"$library/Makevars"
  # From a copy, so that no object stays beside the sources.
  copy=$library/source/gmvae
  mkdir -p "$copy"
  cp -R DESCRIPTION NAMESPACE R src data inst "$copy"
  R_MAKEVARS_USER=$library/Makevars R CMD INSTALL --preclean --no-test-load \
    --no-byte-compile --no-docs --library="$library" "$copy"
fi
# R itself has no sanitizer: its library must come first, and R leaks by design.
# Only the processes that make the calls load it; shells may hang with it. A call
# takes about 20 times as long.
asan=$(g++ -print-file-name=libasan.so)
FUZZ_PRELOAD=$asan ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 FUZZ_MEMORY_KB=unlimited \
  FUZZ_SECONDS="${FUZZ_SECONDS:-1200}" \
  Rscript tests/fuzz/run.R "$1" "$2" "${3:-1}" "$library"

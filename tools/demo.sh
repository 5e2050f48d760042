#!/bin/sh
# Sets up what is missing, installs the package, clusters real single-cell
# counts, says what it found and writes plots into demo/.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh

# Into the user's library where R has one that may be written, else build/library.
library=$(Rscript --vanilla -e 'cat(Find(function(x) file.access(x, 2) == 0, .libPaths()))')
if [ -z "$library" ]; then
  library=$PWD/build/library
fi
mkdir -p "$library" build demo
echo "demo: building, and installing into $library"
install_package() {
  rm -f gmvae_*.tar.gz
  R CMD build --no-build-vignettes .. &&
    MAKEFLAGS="${MAKEFLAGS:--j2}" R CMD INSTALL --library="$library" gmvae_*.tar.gz
}
(cd build && install_package) >build/demo.log 2>&1 || { tail -n 40 build/demo.log; exit 1; }

R_LIBS="$library${R_LIBS:+:$R_LIBS}" Rscript --no-save tools/demo.R </dev/null

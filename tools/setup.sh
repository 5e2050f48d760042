#!/bin/sh
# Installs what the package, its demo and its tests need and this machine lacks:
# from Debian's packages where apt-get may be used, from source by R elsewhere.
# Says what it does, and does nothing where nothing is missing.
#   sh tools/setup.sh         for the package and its demo
#   sh tools/setup.sh tests   for the tests too
set -eu
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf 'setup: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# The command that gives apt-get its rights, or failure where nobody may use it.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
may_use_apt() {
  have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
}
apt_refresh() {
  [ -z "${apt_is_fresh:-}" ] || return 0
  say "apt-get update"
  as_root apt-get update -qq >/dev/null || say "the package list could not be refreshed"
  apt_is_fresh=yes
}
apt_install() {
  apt_refresh
  say "apt-get install $*"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >"$log" 2>&1 ||
    { tail -n 5 "$log"; return 1; }
}

# 1. R, compilers, pandoc (for the vignettes), qpdf (R CMD check asks for it)
missing=
have R && have Rscript || missing="$missing r-base-dev"
have make && have g++ || missing="$missing build-essential"
have pandoc || missing="$missing pandoc"
have qpdf || missing="$missing qpdf"
if [ -n "$missing" ]; then
  if may_use_apt; then
    # shellcheck disable=SC2086  # a list of names
    apt_install $missing
  else
    say "please install:$missing (apt-get needs root here)" >&2
    have R && have make && have g++ || exit 1
  fi
fi

# 2. R packages: the names in DESCRIPTION that R can't find, and for the tests
# the linter, the spelling checker and the door to SLURM, which the package itself
# does not need
[ "${1:-}" = tests ] && more="lintr spelling batchtools" || more=
missing_packages() {
  Rscript --vanilla -e '
    fields <- read.dcf("DESCRIPTION", c("Imports", "LinkingTo", "Suggests"))
    names <- sub("[ (].*", "", trimws(unlist(strsplit(fields, ","))))
    names <- c(names, commandArgs(TRUE))
    found <- nzchar(vapply(names, function(x) system.file(package = x), ""))
    cat(unique(names[!found]))' $more
}
missing=$(missing_packages)
if [ -n "$missing" ] && may_use_apt; then
  apt_refresh
  packages=
  for name in $missing; do
    lower=$(printf '%s' "$name" | tr '[:upper:]' '[:lower:]')
    for candidate in "r-cran-$lower" "r-bioc-$lower"; do
      if apt-cache show "$candidate" >/dev/null 2>&1; then
        packages="$packages $candidate"
      fi
    done
  done
  # shellcheck disable=SC2086
  [ -z "$packages" ] || apt_install $packages || say "apt-get did not install all of them"
fi
more=  # the tests skip what Debian does not give of these
missing=$(missing_packages)
if [ -n "$missing" ]; then
  # A library that the sources of testthat's dependencies look for
  ! may_use_apt || apt_install libuv1-dev || true
  say "R installs from source: $missing"
  # shellcheck disable=SC2086
  Rscript tools/install-packages.R $missing
fi

# 3. The formatter of C++, which the tests skip as well
if [ "${1:-}" = tests ] && ! have clang-format-14 && may_use_apt; then
  apt_refresh
  if apt-cache show clang-format-14 >/dev/null 2>&1; then
    apt_install clang-format-14 || say "apt-get did not install clang-format-14"
  fi
fi

# 4. SLURM, which a test runs on this machine alone; skipped as well
if [ "${1:-}" = tests ] && ! { have sbatch && [ -x /usr/sbin/munged ]; } && may_use_apt; then
  apt_install slurm-wlm munge || say "apt-get did not install slurm-wlm"
fi
say "everything is there"

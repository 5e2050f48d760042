#!/bin/sh
# Runs every test and ends with "N passed, N failed, N skipped".
#   sh tools/test.sh            everything
#   sh tools/test.sh core r     some of: style core r check
# Logs and the built package stay in build/.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
build=$root/build
sections=${*:-style core r check}
export MAKEFLAGS="${MAKEFLAGS:--j2}"

sh tools/setup.sh tests || exit 1
mkdir -p "$build"

passed=0 failed=0 skipped=0
count() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
  printf '  %s passed, %s failed, %s skipped: %s (%s s)\n' "$1" "$2" "$3" "$4" \
    $(($(date +%s) - section_began))
}
begin() {
  printf '\n== %s\n' "$1"
  section_began=$(date +%s)
}
wanted() {
  case " $sections " in *" $1 "*) true ;; *) false ;; esac
}

# verdict NAME LOG STATUS: counts one test, passed where STATUS is 0;
# shows the log where it is not.
verdict() {
  if [ "$3" = 0 ]; then
    count 1 0 0 "$1"
  else
    cat "$2"
    count 0 1 0 "$1"
  fi
}

# The core knows neither R nor a terminal; C++ is formatted; the linter is silent.
style_tests() {
  begin "Style"
  core="src/core src/simd src/gmm src/nn src/likelihood src/gmvae"
  # shellcheck disable=SC2086
  ! grep -rnE '#include *[<"](Rcpp|RcppEigen|R\.h|Rinternals|R_ext|Rmath)|std::c(out|err)|printf\(|\b(exit|abort)\(' \
    $core >"$build/purity.log"
  verdict "the core knows neither R nor a terminal" "$build/purity.log" $?
  make -k -C tests/cpp BUILD="$build/cpp" headers >"$build/headers.log" 2>&1
  verdict "every header of the core compiles by itself" "$build/headers.log" $?
  # Other versions of clang-format break some lines elsewhere.
  format=$(command -v clang-format-14 || command -v clang-format)
  if "${format:-false}" --version 2>/dev/null | grep -q 'version 14\.'; then
    find src tests/cpp -name '*.h' -o -name '*.inc' -o -name '*.cpp' ! -name RcppExports.cpp |
      xargs "$format" --dry-run -Werror 2>"$build/format.log"
    verdict "C++ is formatted" "$build/format.log" $?
  else
    count 0 0 1 "C++ is formatted (no clang-format 14)"
  fi
  if Rscript -e 'if (!requireNamespace("lintr")) q(status = 1)' >/dev/null 2>&1; then
    Rscript -e 'found <- list(lintr::lint_package(), lintr::lint_dir("tools"))' \
      -e 'for (lints in found) print(lints)' \
      -e 'q(status = sum(lengths(found)) > 0)' >"$build/lint.log" 2>&1
    verdict "the linter has nothing to say" "$build/lint.log" $?
  else
    count 0 0 1 "the linter has nothing to say (no lintr)"
  fi
  if Rscript -e 'if (!requireNamespace("spelling")) q(status = 1)' >/dev/null 2>&1; then
    Rscript -e 'found <- spelling::spell_check_package()' -e 'print(found)' \
      -e 'q(status = nrow(found) > 0)' >"$build/spelling.log" 2>&1
    verdict "every word is in a dictionary or in inst/WORDLIST" "$build/spelling.log" $?
  else
    count 0 0 1 "every word is in a dictionary or in inst/WORDLIST (no spelling)"
  fi
}

# core_run VARIANT: leaves a log, and the status of make in a file.
core_run() {
  make -k -C tests/cpp BUILD="$build/cpp" "$1" >"$build/core-$1.log" 2>&1
  echo $? >"$build/core-$1.status"
}

core_count() {
  log=$build/core-$1.log
  status=$(cat "$build/core-$1.status")
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
  if [ -z "$counts" ]; then
    tail -n 40 "$log"
    count 0 1 0 "make $1 did not run"
  elif [ "$status" != 0 ]; then
    grep -v '^g++' "$log" | tail -n 60
    # A sanitizer may object after the last test.
    [ "${counts#* }" = 0 ] && counts="${counts% *} 1"
    count "${counts% *}" "${counts#* }" 0 "make $1"
  else
    count "${counts% *}" 0 0 "make $1"
  fi
}

core_tests() {
  begin "Core tests: make check"
  core_run check
  core_count check
  # At the same time, as most tests run on one thread.
  begin "Core tests: make asan, make tsan"
  core_run asan &
  core_run tsan
  wait
  core_count asan
  core_count tsan
}

build_package() {
  [ -z "${tarball:-}" ] || return 0
  begin "R CMD build"
  rm -f "$build"/gmvae_*.tar.gz
  (cd "$build" && R CMD build "$root") >"$build/build.log" 2>&1
  verdict "the package builds, its vignettes run" "$build/build.log" $?
  tarball=$(ls "$build"/gmvae_*.tar.gz 2>/dev/null)
}

# Installed once, for testthat and for R CMD check, which wants to know of each symbol which object
# asks for it.
install_package() {
  [ -z "${library:-}" ] || return 0
  build_package
  begin "R CMD INSTALL"
  library=$build/library
  rm -rf "$library" && mkdir -p "$library"
  _R_SHLIB_BUILD_OBJECTS_SYMBOL_TABLES_=true R CMD INSTALL --library="$library" "$tarball" \
    >"$build/install.log" 2>&1
  installed=$?
  verdict "the package installs" "$build/install.log" "$installed"
}

r_tests() {
  install_package
  begin "testthat"
  if [ "$installed" != 0 ]; then
    count 0 1 0 "nothing to test"
    return
  fi
  R_LIBS="$library${R_LIBS:+:$R_LIBS}" NOT_CRAN=true TESTTHAT_PARALLEL=TRUE \
    Rscript tools/testthat.R "$build/testthat.txt" </dev/null
  if counts=$(cat "$build/testthat.txt" 2>/dev/null) && [ -n "$counts" ]; then
    # shellcheck disable=SC2086
    count $counts "testthat"
  else
    count 0 1 0 "testthat stopped"
  fi
}

check_package() {
  install_package
  begin "R CMD check --as-cran --no-manual"
  if [ "$installed" != 0 ]; then
    count 0 1 0 "nothing to check"
    return
  fi
  # R CMD build has run the vignettes, and the section "r" the tests.
  options="--no-manual --no-vignettes"
  wanted r && options="$options --no-tests"
  # What needs the network or other people's packages is left out.
  # shellcheck disable=SC2086
  (cd "$build" && _R_CHECK_CRAN_INCOMING_=false _R_CHECK_CRAN_INCOMING_REMOTE_=false \
    _R_CHECK_FORCE_SUGGESTS_=false _R_CHECK_SYSTEM_CLOCK_=false \
    R CMD check --as-cran $options --install="check:$build/install.log" --library="$library" \
    "$tarball") >"$build/check.log" 2>&1 </dev/null
  status=$?
  sed -n '/\.\.\..*NOTE$/,/^\* .*OK$/p; /^Status/p' "$build/check.log" | sed '/OK$/d'
  if grep -qE '(WARNING|ERROR)$' "$build/check.log"; then status=1; fi
  verdict "no error and no warning" "$build/check.log" "$status"
}

began=$(date +%s)
rm -f "$build/testthat.txt"
wanted style && style_tests
wanted core && core_tests
wanted r && r_tests
wanted check && check_package

printf '\n%s seconds\n' $(($(date +%s) - began))
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]

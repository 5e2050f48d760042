// What nearly every file includes, for Makevars and tests/cpp/Makefile to precompile.  No file may
// rely on it: each still includes what it uses, for makes and compilers that do without.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/eigen.h"

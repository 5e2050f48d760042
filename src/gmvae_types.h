// RcppExports.cpp includes this file, and after it RcppEigen.h, because of the "LinkingTo" of
// DESCRIPTION.  No exported function takes or returns Eigen's types, so that header, which takes
// longer to compile than all the rest, is passed over.
#pragma once

#define RcppEigen__RcppEigen__h

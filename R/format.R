# How numbers are written: the same in every locale. Where
# `options(OutDec = ",")` is set, a comma between thousands would be taken for
# the decimal mark.

# Until the calling function ends.
local_decimal_point <- function(frame = parent.frame()) {
  rlang::local_options(OutDec = ".", .frame = frame)
}

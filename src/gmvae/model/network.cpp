#include "gmvae/model/network.h"

namespace gmvae {

template class Network<float>;

}  // namespace gmvae

#include "gmvae/model/output_head.h"

namespace gmvae {

template std::unique_ptr<Head<float>> make_head(ParamLayout&, const ModelShape&,
                                                const ModalityShape&, const std::string&);

}  // namespace gmvae

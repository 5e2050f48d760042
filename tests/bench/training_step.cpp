// Where a training step's time goes: each phase by itself, on the data of an epoch.
//
//   training_step likelihood cells genes density batch threads
//
// First the ELBO of a batch with the kernels in use (single precision) beside the plain reference
// ones (double precision); then seconds per epoch of each phase, medians over its steps, and of
// whole epochs of the trainer.  Lines of "name value", for gmvae.R to read.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "core/denormals.h"
#include "gmvae/train/trainer.h"
#include "likelihood/dispatch.h"
#include "nn/adam.h"

using namespace gmvae;

namespace {

constexpr Purpose purpose{98};  // of the data and parameters here
constexpr Index hidden = 128, latent = 10, k = 10;

// Negative binomial counts at random places (bernoulli: ones; gaussian: the same, dense inputs).
struct Data {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  Index n_cells, n_genes;

  Data(const std::string& likelihood, Index n_cells_, Index n_genes_, double density)
      : n_cells(n_cells_), n_genes(n_genes_) {
    RngStream rng(1, purpose);
    for (Index i = 0; i < n_cells; ++i) {
      for (Index g = 0; g < n_genes; ++g) {
        if (rng.uniform() >= density) continue;
        double x = 1;
        if (likelihood != "bernoulli") {
          for (int r = 0; r < 2; ++r) x += std::floor(-std::log(rng.uniform()) / std::log(2.0));
        }
        gene.push_back(static_cast<int>(g));
        count.push_back(x);
      }
      start.push_back(static_cast<int>(gene.size()));
      size.push_back(1);
    }
  }
  MatrixSource source() const {
    return MatrixSource(start.data(), gene.data(), count.data(), n_genes, n_cells);
  }
};

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Of the processor where one thread does it all, so that other programs don't matter.
double seconds_now(const Workers& workers) {
  if (workers.n_threads() == 1) return processor_seconds();
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

template <typename Likelihood>
struct Step {
  const Data& data;
  std::string likelihood;
  Index batch;
  Workers& workers;
  MatrixSource source = data.source();
  LikelihoodTraits traits = traits_of<Likelihood>();
  InputTransform transform = fit_transform(source, data.size.data(), traits);
  double size_reference = static_cast<double>(data.gene.size()) / static_cast<double>(data.n_cells);

  // Strangers in memory, as in a shuffled epoch.
  std::vector<Index> cells(Index place) const {
    std::vector<Index> chosen;
    for (Index i = 0; i < batch; ++i) {
      chosen.push_back((place * batch + i) * 7919 % data.n_cells);
    }
    return chosen;
  }

  template <typename T>
  CellLoader<T> loader() const {
    return CellLoader<T>(source, {data.size.data()}, {{&traits, &transform, size_reference}},
                         workers);
  }

  ModelShape shape() const {
    return {{{likelihood, data.n_genes, VariesBy::gene, VariesBy::gene_cell}},
            latent,
            {hidden},
            {hidden},
            k,
            0};
  }

  MixturePrior prior() const {
    Mixture mixture;
    mixture.weights = Eigen::VectorXd::Constant(k, 1.0 / static_cast<double>(k));
    RngStream rng(3, purpose);
    mixture.means = Eigen::MatrixXd::NullaryExpr(latent, k, [&] { return rng.normal(); });
    mixture.covariances.assign(static_cast<std::size_t>(k),
                               Eigen::MatrixXd::Identity(latent, latent));
    return MixturePrior(mixture, true);
  }

  template <typename T>
  double elbo(const Kernels<T>& kernels) const {
    const Compute<T> compute{kernels, workers};
    const Network<T> network(shape());
    std::vector<T> params;
    network.initialise(5, {gene_levels(source, traits)}, params);
    CellBlocks<T> block;
    loader<T>().load(cells(0).data(), batch, block);
    Workspace<T> work;
    const ElboTerms terms =
        network.forward(compute, params.data(), block, prior(), {1.0, 3, noise_purpose, 2}, work);
    return (terms.reconstruction - terms.kl()) / static_cast<double>(batch);
  }

  // Seconds of each call.
  template <typename Fn>
  std::vector<double> time_calls(Index n, Fn&& fn) const {
    std::vector<double> seconds;
    for (Index i = 0; i < n; ++i) {
      const double start = seconds_now(workers);
      fn(i);
      seconds.push_back(seconds_now(workers) - start);
    }
    return seconds;
  }

  void run() {
    std::printf("elbo %.8g\n", elbo<float>(kernels<float>()));
    std::printf("elbo_reference %.8g\n", elbo<double>(*kernels_for<double>(Target::reference)));

    const Compute<float> compute{kernels<float>(), workers};
    const Index steps = (data.n_cells + batch / 2) / batch, repeats = std::min<Index>(steps, 60);
    const double per_epoch = static_cast<double>(steps);
    const auto report = [&](const char* phase, const std::vector<double>& seconds) {
      std::printf("%s %.6f\n", phase, median(seconds) * per_epoch);
      return median(seconds);
    };

    CellLoader<float> load = loader<float>();
    std::vector<CellBlocks<float>> blocks(static_cast<std::size_t>(repeats));
    CellBlocks<float> again;  // its memory is there already, as in an epoch
    const auto fill = [&](Index i) {
      load.load(cells(i).data(), batch, again);
      load.mask_inputs({{0.5, 0.5}}, 1, i, again);
    };
    for (Index i = 0; i < repeats; ++i) {
      fill(i);
      blocks[static_cast<std::size_t>(i)] = again;
    }
    report("load", time_calls(repeats, fill));

    ParamLayout layout;
    const SparseLinear first(layout, "first", data.n_genes, hidden);
    const NormRelu norm(layout, "first", hidden);
    const Linear mean(layout, "mean", hidden, latent), variance(layout, "variance", hidden, latent);
    const Stack decoder(layout, "decoder", {latent, hidden});
    const OutputHead<Likelihood, float> head(layout, shape(), shape().modalities.front());
    const std::size_t n_params = static_cast<std::size_t>(layout.size());
    std::vector<float> params(n_params), gradient(n_params);
    RngStream rng(2, purpose);
    for (float& p : params) p = static_cast<float>(0.05 * rng.normal());
    std::vector<float> x(static_cast<std::size_t>(hidden * batch)), u(x), h(x), d_h(x), root(x);
    std::vector<float> m(static_cast<std::size_t>(latent * batch), 0.1f), d_m(m);
    const auto wide = [&](std::vector<float>& v) { return as_view(v, hidden, batch); };
    const auto narrow = [&](std::vector<float>& v) { return as_view(v, latent, batch); };
    const float* p = params.data();
    float* g = gradient.data();

    report("encoder", time_calls(repeats, [&](Index i) {
             const SparseView<float> inputs = blocks[static_cast<std::size_t>(i)].front().inputs();
             first.forward(compute, p, inputs, wide(x));
             norm.forward(compute, p, ConstView<float>(wide(x)), wide(u), root.data(), wide(h));
             for (const Linear* layer : {&mean, &variance}) {
               layer->forward(compute, p, ConstView<float>(wide(h)), narrow(m));
             }
             for (const Linear* layer : {&mean, &variance}) {
               layer->backward(compute, p, ConstView<float>(wide(h)), ConstView<float>(narrow(m)),
                               g, wide(d_h));
             }
             norm.backward(compute, p, ConstView<float>(wide(u)), root.data(),
                           ConstView<float>(wide(h)), ConstView<float>(wide(d_h)), g, wide(d_h));
             first.backward(compute, inputs, ConstView<float>(wide(d_h)), g);
           }));

    // The products alone, in the head's blocks of genes; then the head, which has them too.
    const int heads = Likelihood::has_zero_inflation ? 2 : 1;
    std::vector<float> e(static_cast<std::size_t>(data.n_genes * batch), 0.01f);
    std::vector<float> parts(
        static_cast<std::size_t>(n_blocks(data.n_genes, gene_block) * hidden * batch));
    const double products = median(time_calls(repeats, [&](Index) {
      parallel_blocks(workers, data.n_genes, gene_block, [&](Index b, Index begin, Index end) {
        const float* w = p + head.mean.weight + begin;
        float* part = parts.data() + b * hidden * batch;
        for (int copy = 0; copy < heads; ++copy) {
          compute.kernels.gemm(end - begin, batch, hidden, w, 1, data.n_genes, h.data(), 1, hidden,
                               e.data() + begin, data.n_genes, false);
          compute.kernels.gemm(end - begin, hidden, batch, e.data() + begin, 1, data.n_genes,
                               h.data(), hidden, 1, g + head.mean.weight + begin, data.n_genes,
                               true);
          compute.kernels.gemm(hidden, batch, end - begin, w, data.n_genes, 1, e.data() + begin, 1,
                               data.n_genes, part, hidden, false);
        }
      });
    }));
    const double small_layers = median(time_calls(repeats, [&](Index) {
      std::vector<HiddenCache<float>> caches;
      decoder.forward(compute, p, ConstView<float>(narrow(m)), caches);
      caches.back().d_output.assign(caches.back().output.size(), 0.1f);
      decoder.backward(compute, p, ConstView<float>(narrow(m)), caches, g, narrow(d_m));
    }));
    HeadCache<float> cache;
    std::vector<double> log_prob(static_cast<std::size_t>(batch));
    const double whole_head = median(time_calls(repeats, [&](Index i) {
      const CellBlock<float>& block = blocks[static_cast<std::size_t>(i)].front();
      const HeadInput<float> input{ConstView<float>(wide(h)), {}};
      head.forward(compute, p, input, block, true, cache, log_prob.data());
      head.backward(compute, p, input, block, cache, -0.01f, g, wide(d_h), {});
    }));
    std::printf("products %.6f\n", products * per_epoch);
    std::printf("decoder %.6f\n", (products + small_layers) * per_epoch);
    std::printf("likelihood %.6f\n", std::max(0.0, whole_head - products) * per_epoch);

    AdamState<float> state(layout.size());
    report("optimiser", time_calls(repeats, [&](Index) {
             adam_step(compute, AdamSettings(), 1e-3, gradient, state, params);
           }));

    MixturePrior mixture = prior();
    std::vector<MixturePrior::Work> work(static_cast<std::size_t>(batch));
    std::vector<double> gamma(static_cast<std::size_t>(k * batch));
    LatentMoments moments(latent, k);
    report("mixture", time_calls(repeats, [&](Index) {
             parallel_blocks(workers, batch, 32,
                             [&](Index, Index begin, Index end) {
        for (Index j = begin; j < end; ++j) {
          MixturePrior::Work& w = work[static_cast<std::size_t>(j)];
          mixture.forward(m.data() + j * latent, m.data() + j * latent, w, gamma.data() + j * k);
          mixture.backward(w, gamma.data() + j * k, 0.01, static_cast<const float*>(nullptr),
                           d_m.data() + j * latent, d_m.data() + j * latent);
        }
             });
             LatentMoments now(latent, k);
             for (Index j = 0; j < batch; ++j) {
               now.add(m.data() + j * latent, m.data() + j * latent, gamma.data() + j * k, 1);
             }
             now.divide(static_cast<double>(batch));
             moments.blend(now, 0.05);
             mixture = MixturePrior(moments.maximise("tied", 1e4, mixture.mixture()), true);
           }));

    const double products_flops = 6.0 * heads * static_cast<double>(data.n_genes * hidden * batch);
    std::printf("gflop %.4f\n", products_flops * per_epoch / 1e9);
    // Parameters, both moments and the gradient, read and written once by Adam.
    std::printf("optimiser_gb %.4f\n", 32.0 * static_cast<double>(n_params) * per_epoch / 1e9);
  }
};

// Processor seconds at the end of each epoch of the joint phase: what a busy machine can't add to.
struct ProcessorClock : Monitor {
  std::vector<double> at;
  void report(const Progress& progress) override {
    if (std::string(progress.phase) != "joint") return;
    at.push_back(processor_seconds());
  }
};

void run_epochs(const Data& data, const std::string& likelihood, Index batch, Workers& workers) {
  TrainOptions o;
  o.shape = {{{likelihood, data.n_genes, VariesBy::gene, VariesBy::gene_cell}},
             latent,
             {hidden},
             {hidden},
             k,
             0};
  o.covariance = "tied";
  o.most_k = k;
  o.size_reference = {static_cast<double>(data.gene.size()) / static_cast<double>(data.n_cells)};
  o.epochs_pretrain = 1;
  o.epochs_warmup = 1;
  o.epochs_joint = 5;
  o.batch_size = batch;
  o.learning_rate = 1e-3;
  o.mask = {{0.5, 0.5}};
  o.heldout = 0;
  o.patience = 100;
  o.damping = 0.05;
  o.n_init = 1;
  o.max_iter = 2;
  o.tol = 1e-6;
  o.seed = 11;
  ProcessorClock monitor;
  const MatrixSource source = data.source();
  Trainer trainer(source, {data.size.data()}, o, workers, monitor);
  trainer.run(recipe(o));
  std::vector<double> seconds;
  for (const EpochRecord& record : trainer.result().history) {
    if (record.phase == "joint") seconds.push_back(record.seconds);
  }
  std::vector<double> processor;
  for (std::size_t i = 1; i < monitor.at.size(); ++i) {
    processor.push_back(monitor.at[i] - monitor.at[i - 1]);
  }
  std::printf("epoch %.6f\n", median(seconds));
  std::printf("processor %.6f\n", median(processor));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: training_step likelihood cells genes density batch threads\n");
    return 1;
  }
  const FlushDenormals flush;
  const std::string likelihood = argv[1];
  const Data data(likelihood, std::atol(argv[2]), std::atol(argv[3]), std::atof(argv[4]));
  const Index batch = std::atol(argv[5]);
  Workers workers(std::atol(argv[6]));
  std::printf("kernels %s\n", kernels<float>().name);
  with_likelihood(likelihood, [&](auto type) {
    Step<decltype(type)>{data, likelihood, batch, workers}.run();
  });
  run_epochs(data, likelihood, batch, workers);
}

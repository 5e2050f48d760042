# Seconds per EM iteration of scikit-learn's full-covariance mixture:
#   sklearn_em.py FILE n d k iterations long repeats
# FILE holds doubles by columns: data (n x d), weights (k), means (k x d),
# precisions (d x d x k). Prints the log-likelihood that iteration `iterations`
# computes, that of the parameters after `iterations` - 1 of its M-steps, and
# the median time of an iteration from runs of `long` and of one.

import statistics
import sys
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture


def read_start(path, n, d, k):
    values = np.fromfile(path)
    x, weights, means, precisions = np.split(
        values, np.cumsum([n * d, k, k * d]))
    start = {
        "weights_init": weights,
        "means_init": means.reshape((k, d), order="F"),
        "precisions_init": precisions.reshape((k, d, d)),  # each symmetric
    }
    return np.ascontiguousarray(x.reshape((n, d), order="F")), start


def run(x, start, iterations):
    # The cheapest of its ways to begin: a start is made even if one is given.
    em = GaussianMixture(
        len(start["weights_init"]), tol=0, reg_covar=0, max_iter=iterations,
        init_params="random_from_data", random_state=1, **start)
    begin = time.perf_counter()
    em.fit(x)
    return time.perf_counter() - begin, em.lower_bound_ * len(x)


def main(path, n, d, k, iterations, long, repeats):
    x, start = read_start(path, n, d, k)
    log_likelihood = run(x, start, iterations)[1]
    seconds = statistics.median(
        (run(x, start, long)[0] - run(x, start, 1)[0]) / (long - 1)
        for _ in range(repeats))
    print(repr(log_likelihood), seconds)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main(sys.argv[1], *map(int, sys.argv[2:]))

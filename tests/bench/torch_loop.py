#!/usr/bin/env python3
"""A bare PyTorch training loop of the same GMVAE, as the time to beat.

No data loader, no trainer framework: the whole matrix sits in memory as float32, so this is faster
than any packaged tool built on PyTorch. Needs numpy and torch linked to a good BLAS
(Debian: python3-torch, python3-numpy, libopenblas0-pthread, run with /usr/bin/python3).

usage: torch_loop.py [--cells 10000] [--genes 2000] [--density 0.10] [--batch 128] [--hidden 128]
                          [--latent 10] [--k 10] [--likelihood nb|zinb] [--threads 1] [--epochs 5]
Prints seconds per epoch (each, then median without the first) and the mean loss per cell.
Set OPENBLAS_NUM_THREADS to the same number as --threads, and quote the better of 1 and 2.
"""
import argparse
import statistics
import time

import numpy as np
import torch
from torch.nn.functional import softplus

p = argparse.ArgumentParser()
for name, default in dict(cells=10000, genes=2000, batch=128, hidden=128, latent=10, k=10,
                          threads=1, epochs=5, seed=0).items():
    p.add_argument(f"--{name}", type=int, default=default)
p.add_argument("--density", type=float, default=0.10)
p.add_argument("--likelihood", choices=["nb", "zinb"], default="nb")
a = p.parse_args()

torch.set_num_threads(a.threads)
torch.set_flush_denormal(True)
torch.manual_seed(a.seed)
rng = np.random.default_rng(a.seed)
counts = np.where(rng.random((a.cells, a.genes)) < a.density,
                  rng.negative_binomial(2, 0.5, size=(a.cells, a.genes)) + 1, 0)
x_all = torch.from_numpy(counts.astype("float32"))
size = x_all.sum(1, keepdim=True)

linear = torch.nn.Linear
enc, head_mean, head_logvar = linear(a.genes, a.hidden), linear(a.hidden, a.latent), linear(a.hidden, a.latent)
dec, out_mean, out_drop = linear(a.latent, a.hidden), linear(a.hidden, a.genes), linear(a.hidden, a.genes)
log_theta = torch.nn.Parameter(torch.zeros(a.genes))
mix_logit = torch.nn.Parameter(torch.zeros(a.k))
mix_mean = torch.nn.Parameter(torch.randn(a.k, a.latent))
mix_logvar = torch.nn.Parameter(torch.zeros(a.k, a.latent))
layers = [enc, head_mean, head_logvar, dec, out_mean] + ([out_drop] if a.likelihood == "zinb" else [])
params = [w for l in layers for w in l.parameters()] + [log_theta, mix_logit, mix_mean, mix_logvar]
adam = torch.optim.Adam(params, lr=1e-3)
EPS = 1e-8


def loss_of(x, lib):
    h = torch.relu(enc(torch.log1p(x)))
    m, lv = head_mean(h), head_logvar(h).clamp(-10, 10)
    z = m + torch.exp(0.5 * lv) * torch.randn_like(m)
    d = torch.relu(dec(z))
    mu, theta = lib * torch.softmax(out_mean(d), -1), log_theta.exp()
    log_tm = torch.log(theta + mu + EPS)
    nb_zero = theta * (torch.log(theta + EPS) - log_tm)
    log_p = (torch.lgamma(x + theta) - torch.lgamma(theta) - torch.lgamma(x + 1)
             + nb_zero + x * (torch.log(mu + EPS) - log_tm))
    if a.likelihood == "zinb":
        drop = out_drop(d)
        log_p = torch.where(x < EPS, softplus(nb_zero - drop) - softplus(-drop), log_p - drop - softplus(-drop))
    log_pz = torch.logsumexp(torch.log_softmax(mix_logit, 0)
                             - 0.5 * ((z[:, None] - mix_mean) ** 2 / mix_logvar.exp() + mix_logvar).sum(-1), 1)
    log_qz = -0.5 * ((z - m) ** 2 / lv.exp() + lv).sum(-1)
    return -(log_p.sum(1) + log_pz - log_qz).mean()


times = []
for epoch in range(a.epochs):
    start, total, steps = time.perf_counter(), 0.0, 0
    order = torch.randperm(a.cells)
    for i in range(0, a.cells, a.batch):
        rows = order[i:i + a.batch]
        loss = loss_of(x_all[rows], size[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        total, steps = total + loss.item(), steps + 1
    times.append(time.perf_counter() - start)
    print(f"epoch {epoch + 1}: {times[-1]:.3f} s, loss per cell {total / steps:.2f}", flush=True)
print(f"torch {torch.__version__}, {a.threads} thread(s), {a.likelihood}, {a.cells} x {a.genes}: "
      f"median {statistics.median(times[1:] or times):.3f} s per epoch")

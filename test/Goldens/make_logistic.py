"""Writes optimizers/logistic.safetensors: minima of penalized logistic regression, by PyTorch's LBFGS with autograd in double precision.

    python3 make_logistic.py
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import tensorfile
from make_losses import exact

N, E, K = 60, 8, 4


def minimum(loss, x, y, penalty):
    w, b = torch.zeros(E, K).double().requires_grad_(), torch.zeros(K).double().requires_grad_()
    optimizer = torch.optim.LBFGS([w, b], max_iter=2000, tolerance_grad=1e-12, tolerance_change=1e-16, line_search_fn="strong_wolfe")

    def value():
        return loss(x @ w + b, y) + penalty / 2 * (w ** 2).sum()

    def closure():
        optimizer.zero_grad()
        v = value()
        v.backward()
        return v

    for _ in range(20):
        optimizer.step(closure)
    closure()
    assert max(w.grad.abs().max(), b.grad.abs().max()) < 1e-8
    return torch.cat([w.detach(), b.detach()[None]]), value().item()


if __name__ == "__main__":
    random = np.random.RandomState(3)
    x = exact(random.normal(0, 1, (N, E)))
    classes = torch.from_numpy(np.argmax(x.numpy()[:, :K] + random.normal(0, 1, (N, K)), 1))
    targets = {"one": F.one_hot(classes, K).double(), "sets": exact(x.numpy()[:, :K] + random.normal(0, 1, (N, K)) > 0.5)}
    losses = {"one": lambda z, y: F.cross_entropy(z, y), "sets": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum") / N}
    golden = {"features": x.numpy()}
    for kind, y in targets.items():
        golden[f"{kind}/targets"] = y.numpy()
        for penalty in (1.0, 0.1, 0.001):
            w, v = minimum(losses[kind], x, y, penalty)
            golden[f"{kind}/{penalty}/weights"] = w.numpy()
            golden[f"{kind}/{penalty}/value"] = np.float64(v)
    tensorfile.write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers", "logistic.safetensors"), golden)

"""Writes evaluation/temperature.safetensors: temperatures of lowest cross entropy, by PyTorch's LBFGS and Newton's method with
autograd in double precision.

    python3 make_temperature.py
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import tensorfile

N, J, K = 120, 3, 5


def minimum(loss):
    s = torch.zeros(1).double().requires_grad_()
    optimizer = torch.optim.LBFGS([s], max_iter=500, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss(s.exp())
        value.backward()
        return value

    optimizer.step(closure)
    # LBFGS ends where the loss no longer changes; Newton's method finds the root of its gradient.
    for _ in range(20):
        (slope,) = torch.autograd.grad(loss(s.exp()), s, create_graph=True)
        (curvature,) = torch.autograd.grad(slope, s)
        with torch.no_grad():
            s -= slope / curvature
    assert slope.abs().item() < 1e-12 < curvature.item()
    return s.exp().item(), loss(s.exp()).item()


if __name__ == "__main__":
    random = np.random.RandomState(5)
    shares = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    classes = torch.from_numpy(random.randint(0, K, N))
    sets = torch.from_numpy((random.rand(N, K) < 0.4).astype(np.float32)).double()
    golden = {"classes": classes.numpy(), "sets": sets.numpy(), "shares": shares.numpy()}
    for name, scale in (("over", 4.0), ("under", 0.3)):
        # The views of a row resemble each other.
        noise = random.normal(0, 1, (N, 1, K)) + random.normal(0, 0.5, (N, J, K))
        one_hot = F.one_hot(classes, K).double().numpy()[:, None]
        z = torch.from_numpy((scale * (1.2 * one_hot + noise)).astype(np.float32)).double()
        u = torch.from_numpy((scale * (1.2 * (sets.numpy()[:, None] - 0.5) + noise)).astype(np.float32)).double()
        losses = {
            "one": lambda t: F.cross_entropy(z[:, 0] / t, classes),
            "views": lambda t: F.nll_loss(torch.logsumexp(F.log_softmax(z / t, 2) + shares.log()[None, :, None], 1), classes),
            "sets": lambda t: F.binary_cross_entropy_with_logits(u[:, 0] / t, sets),
            "set-views": lambda t: F.binary_cross_entropy((torch.sigmoid(u / t) * shares[None, :, None]).sum(1), sets),
        }
        golden[f"{name}/logits"] = z.numpy().astype(np.float32)
        golden[f"{name}/set-logits"] = u.numpy().astype(np.float32)
        for kind, loss in losses.items():
            t, value = minimum(loss)
            print(name, kind, t, value, loss(1.0).item())
            golden[f"{name}/{kind}"] = np.array([t, value, loss(1.0).item()])
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluation")
    os.makedirs(folder, exist_ok=True)
    tensorfile.write(os.path.join(folder, "temperature.safetensors"), golden)

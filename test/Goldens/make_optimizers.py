"""Writes optimizers/optimizers.safetensors: trajectories of two parameters with PyTorch's optimizers, and with TensorFlow's RMSprop by its definition, in double precision.

    python3 make_optimizers.py

The gradients are given, not computed, so that only the update rule is compared. There are two parameter groups: a kernel with weight decay at a tenth of the learning rate, and a bias
without weight decay at the full learning rate.
"""
import os

import numpy as np
import torch

import tensorfile

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers")
RATES = [0.1, 0.1, 0.05, 0.02, 0.02, 0.001]
DECAY, FACTOR = 0.05, 0.1

RULES = {
    "sgd": lambda groups: torch.optim.SGD(groups, 1, momentum=0.9, nesterov=True),
    "sgd/Nesterov=False": lambda groups: torch.optim.SGD(groups, 1, momentum=0.9),
    "sgd/plain": lambda groups: torch.optim.SGD(groups, 1),
    "adam": lambda groups: torch.optim.Adam(groups),
    "adam/other": lambda groups: torch.optim.Adam(groups, betas=(0.5, 0.9), eps=0.1),
    "adamw": lambda groups: torch.optim.AdamW(groups),
    "adamw/other": lambda groups: torch.optim.AdamW(groups, betas=(0.5, 0.9), eps=0.1),
    "rmsprop": lambda groups: torch.optim.RMSprop(groups),
    "rmsprop/other": lambda groups: torch.optim.RMSprop(groups, alpha=0.9, eps=0.1, momentum=0.8, centered=True),
    "rmsprop-tf": lambda groups: TensorFlowRmsProp(groups, 0.9, 0.9, 1e-3),
    "rmsprop-tf/other": lambda groups: TensorFlowRmsProp(groups, 0.99, 0, 1e-10),
}


class TensorFlowRmsProp:
    """TensorFlow 1: tf.train.RMSPropOptimizer: the mean square starts at one, epsilon is inside the square root, the momentum buffer includes the learning rate; computed entry by entry."""

    def __init__(self, groups, decay, momentum, epsilon):
        self.param_groups, self.decay, self.momentum, self.epsilon = groups, decay, momentum, epsilon
        self.memory = {}

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                w, g = p.data.view(-1), p.grad.view(-1)
                memory = self.memory.setdefault(p, [[1.0, 0.0] for _ in w])
                for i, (square, speed) in enumerate(memory):
                    slope = g[i].item() + group["weight_decay"] * w[i].item()
                    square = self.decay * square + (1 - self.decay) * slope * slope
                    speed = self.momentum * speed + group["lr"] * slope / (square + self.epsilon) ** 0.5
                    memory[i] = [square, speed]
                    w[i] -= speed


def path(golden, name, rule):
    kernel, bias = (torch.from_numpy(golden[key]).clone().requires_grad_() for key in ("kernel", "bias"))
    optimizer = rule([{"params": [kernel], "weight_decay": DECAY}, {"params": [bias], "weight_decay": 0}])
    for step, rate in enumerate(RATES):
        optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = FACTOR * rate, rate
        kernel.grad, bias.grad = (torch.from_numpy(golden[f"{key}/gradient/{step}"]).clone() for key in ("kernel", "bias"))
        optimizer.step()
        golden[f"{name}/kernel/{step}"], golden[f"{name}/bias/{step}"] = kernel.detach().numpy().copy(), bias.detach().numpy().copy()


def clipped(golden, most):
    kernel, bias = (torch.from_numpy(golden[key]).clone().requires_grad_() for key in ("kernel", "bias"))
    kernel.grad, bias.grad = (torch.from_numpy(golden[f"{key}/gradient/0"]).clone() for key in ("kernel", "bias"))
    torch.nn.utils.clip_grad_norm_([kernel, bias], most)
    golden[f"clip/{most}/kernel"], golden[f"clip/{most}/bias"] = kernel.grad.numpy(), bias.grad.numpy()


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    random = np.random.RandomState(1)
    golden = {"rates": np.array(RATES), "kernel": random.normal(0, 1, (4, 3)), "bias": random.normal(0, 1, 3)}
    for step in range(len(RATES)):
        # One step in which the bias gets no gradient.
        golden[f"kernel/gradient/{step}"], golden[f"bias/gradient/{step}"] = random.normal(0, 1, (4, 3)), random.normal(0, 1, 3) * (step != 2)
    for name, rule in RULES.items():
        path(golden, name, rule)
    for most in (0.5, 2.0, 100.0):
        clipped(golden, most)
    tensorfile.write(os.path.join(FOLDER, "optimizers.safetensors"), golden)

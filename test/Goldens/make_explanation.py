"""Writes explanation.safetensors: class activation maps and Grad-CAM by the equations of their papers, in double precision, channel by channel, with PyTorch's gradients.

    python3 make_explanation.py

The networks are those of make_backbones.py, with weights computed from a hash. The heads are implemented here from their papers, independently of the library.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tensorfile
from make_backbones import CLASSES, NETWORKS, fill, logits_of, still

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "explanation.safetensors")
TARGET = 3
SHOWN = (19, 23)


class TwoLayers(nn.Module):
    """Two fully connected layers, averaged."""

    def __init__(self, channels):
        super().__init__()
        self.fc = nn.ModuleList([nn.Linear(channels, CLASSES) for _ in range(2)])

    def forward(self, pooled):
        return (self.fc[0](pooled) + self.fc[1](pooled)) / 2


class SplitAndShare(nn.Module):
    """Lee et al. 2021: classifier i of four uses the first (i + 1) / 4 of the channels; BatchNorm and ReLU before the first three."""

    def __init__(self, channels):
        super().__init__()
        self.ends = [channels * (i + 1) // 4 for i in range(4)]
        self.norm = nn.ModuleList([nn.BatchNorm1d(end) for end in self.ends[:3]])
        self.fc = nn.ModuleList([nn.Linear(end, CLASSES) for end in self.ends])

    def each(self, pooled):
        parts = [pooled[:, :end] for end in self.ends]
        return [fc(F.relu(norm(part)) if norm else part) for fc, norm, part in zip(self.fc, list(self.norm) + [None], parts)]

    def forward(self, pooled):
        return sum(self.each(pooled)) / 4


def grad_cam(features, gradient):
    weights = [gradient[0, c].mean() for c in range(gradient.shape[1])]
    return F.relu(sum(w * features[0, c] for c, w in enumerate(weights)))


def shown(cam):
    """As an overlay: enlarged to the size of the image and scaled to [0, 1]."""
    large = F.interpolate(cam[None, None], size=SHOWN, mode="bilinear", align_corners=False)[0, 0]
    return (large - large.min()) / (large.max() - large.min())


def explain(name, head):
    side, make, stages = NETWORKS[name]
    torch.manual_seed(0)
    network = still(make())
    cut = stages if stages is not None else type(network).stages
    classify = None if head is None else head(cut(network.eval(), torch.zeros(1, 3, side, side))[-1].shape[1])
    for module in (network, classify):
        if module is not None:
            module.double().eval()
            module.load_state_dict({key: fill(key, tuple(value.shape)) if value.is_floating_point() else value for key, value in module.state_dict().items()})
    image = (fill("images", (4, 3, side, side)) * side)[:1]
    maps = cut(network, image)
    for features in maps:
        features.retain_grad()
    pooled = maps[-1].mean((2, 3))
    logits = logits_of(network, maps[-1]) if classify is None else classify(pooled)
    logits[0, TARGET].backward(retain_graph=True)
    golden = {"probabilities": torch.softmax(logits[0], 0)}
    for i, features in enumerate(maps):
        golden[f"stages.{i}"] = grad_cam(features, features.grad)
    linear = {None: lambda: (network.fc if hasattr(network, "fc") else network.classifier).weight,
              TwoLayers: lambda: (classify.fc[0].weight + classify.fc[1].weight) / 2}.get(head)
    if linear is not None:
        golden["cam"] = sum(w * maps[-1][0, c] for c, w in enumerate(linear()[TARGET]))
        if golden["cam"].numel() > 1:
            golden["shown"] = shown(golden["cam"])
    if head is SplitAndShare:
        start = 0
        for i, (end, output) in enumerate(zip(classify.ends, classify.each(pooled))):
            maps[-1].grad = None
            output[0, TARGET].backward(retain_graph=True)
            golden[f"splits.{i}"] = grad_cam(maps[-1][:, start:end], maps[-1].grad[:, start:end])
            start = end
    return golden


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = [("cifar-resnet-8-preact", "", None), ("cifar-resnet-8-preact", "2fc", TwoLayers), ("cifar-resnet-8-preact", "ssm", SplitAndShare),
             ("resnet-18-cifar-stem", "", None), ("densenet-16-12", "", None), ("vgg-16-bn-cifar-stem", "", None)]
    tensorfile.write(PATH, {f"{name}+{key}/{entry}": np.asarray(value.detach()) for name, key, head in cases for entry, value in explain(name, head).items()})
    print(f"{os.path.getsize(PATH)} bytes")

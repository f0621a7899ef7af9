"""The PyTorch side of the benchmark: the same network. The benchmark program sends commands by line.

peer.py train|score|score-bytes KEY SIDE BATCH THREADS DEVICE VARIANT    reads "go N" lines, runs N steps, and prints the seconds of each. "memory" prints
the peak working set of the process in MiB, "signal" sends SIGUSR1 to it (gpu/calls.c), "quit" ends it. VARIANT: default (PyTorch's default memory layout),
channels_last, or bfloat16 (channels_last and autocast). score-bytes starts with images as bytes.
"""
import os
import resource
import signal
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision

import make_backbones as goldens


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class CifarResNet(nn.Module):
    def __init__(self, depth, classes=100):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        stages, inputs = [], 16
        for width, stride in ((16, 1), (32, 2), (64, 2)):
            stage = []
            for i in range(blocks):
                stage.append(Block(inputs, width, stride if i == 0 else 1))
                inputs = width
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Staged(nn.Module):
    """Imports a network definition of the golden scripts."""

    def __init__(self, network, classes=100):
        super().__init__()
        self.network = network
        self.fc = nn.Linear(network.fc.in_features, classes)
        random = goldens.Stream(1, "network")
        for block in network.modules():
            if isinstance(block, goldens.DualBlock):
                block.random = random

    def forward(self, x):
        return self.fc(self.network.stages(x)[-1].mean((2, 3)))


def network_of(key):
    if key.startswith("cifar-resnet-"):
        return CifarResNet(int(key.rpartition("-")[2]))
    published = {"resnet-18": torchvision.models.resnet18, "resnet-50": torchvision.models.resnet50, "efficientnet-b0": torchvision.models.efficientnet_b0}
    if key in published:
        return published[key](num_classes=100)
    if key == "wrn-28-10":
        return Staged(goldens.PreActivatedNet(4, 10, False))
    return Staged(goldens.NETWORKS[key][1]())


def main():
    mode, key, (side, batch, threads), device, variant = sys.argv[1], sys.argv[2], map(int, sys.argv[3:6]), sys.argv[6], sys.argv[7]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if variant == "default" else torch.channels_last
    network = network_of(key).to(device).to(memory_format=layout)
    images = torch.randn(batch, 3, side, side, device=device).to(memory_format=layout)
    labels = torch.randint(0, 100, (batch,), device=device)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)

    def logits():
        with torch.autocast(device, torch.bfloat16, enabled=variant == "bfloat16"):
            return network(images).float()

    def train():
        optimizer.zero_grad()
        F.cross_entropy(logits(), labels).backward()
        optimizer.step()

    def score():
        with torch.no_grad():
            torch.softmax(logits(), 1)

    mean, std = torch.full((1, 3, 1, 1), 127.0, device=device), torch.full((1, 3, 1, 1), 64.0, device=device)

    def score_bytes():
        with torch.inference_mode():
            x = pixels.float().sub_(mean).div_(std).contiguous(memory_format=layout)
            torch.softmax(network(x), 1).tolist()

    network.train(mode == "train")
    step = {"train": train, "score": score, "score-bytes": score_bytes}[mode]
    if mode == "score-bytes":
        pixels = torch.randint(0, 256, (batch, 3, side, side), device=device, dtype=torch.uint8)
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if line.strip() == "signal":
            os.kill(os.getpid(), signal.SIGUSR1)
            continue
        if line.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            continue
        seconds = []
        if device == "cpu":
            for _ in range(int(line.split()[1])):
                began = time.perf_counter()
                step()
                seconds.append(time.perf_counter() - began)
        else:  # steps are asynchronous, so the whole turn is timed
            steps, began = int(line.split()[1]), time.perf_counter()
            for _ in range(steps):
                step()
            torch.cuda.synchronize()
            seconds.append((time.perf_counter() - began) / steps)
        print(" ".join(f"{value:.6f}" for value in seconds), flush=True)


main()

"""Writes timm/*.txt: the logits of models of timm, and the names and shapes of their tensors.

    PYTHONPATH=PATH-OF-TIMM python3 make_timm.py        timm 1.0 or later, https://github.com/huggingface/pytorch-image-models

Weights and images are not stored: both sides compute them from a hash of name and index (`fill` of make_backbones.py), weights under timm's names.
"""
import os

import timm
import torch

from make_backbones import CLASSES, fill

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timm")
MODELS = ["resnet18", "resnext50_32x4d", "vgg11", "vgg16_bn", "densenet121", "efficientnet_b0", "efficientnet_b3", "resnest14d", "skresnext50_32x4d"]

os.makedirs(FOLDER, exist_ok=True)
for name in MODELS:
    model = timm.create_model(name, num_classes=CLASSES).double().eval()
    state = model.state_dict()
    model.load_state_dict({key: fill(key, value.shape) if value.is_floating_point() else value for key, value in state.items()})
    with torch.no_grad():
        logits = model(fill("images", (1, 3, 64, 64)) * 64)
    with open(os.path.join(FOLDER, f"{name}.txt"), "w") as file:
        print(*[repr(value.item()) for value in logits[0]], file=file)
        for key, value in state.items():
            if value.is_floating_point():
                print(key, *value.shape, file=file)
    print(name, logits[0, :3], flush=True)

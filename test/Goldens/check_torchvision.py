"""Checks that weights saved by the library load into torchvision's models with strict=True and give the same logits.

    python3 check_torchvision.py [DOTNET-TEST-ARGUMENT ...]    e.g. -c Release

Runs WeightExportTests, which write the networks to a temporary folder. Exits with 1 if a model rejects the weights or the relative error of its logits is more than 1e-4.
"""
import os
import subprocess
import sys
import tempfile

import torch
import torchvision.models as vision

import tensorfile

MODELS = {"resnet-18": vision.resnet18, "resnet-50": vision.resnet50, "resnext-50-32x4d": vision.resnext50_32x4d, "vgg-16": vision.vgg16, "vgg-16-bn": vision.vgg16_bn,
          "densenet-121": vision.densenet121, "efficientnet-b0": vision.efficientnet_b0, "efficientnet-b5": vision.efficientnet_b5}
PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Microsoft.ML.FeatureMining.Tests")


def check(name, folder):
    read = lambda ending: {key: torch.from_numpy(value.copy()) for key, value in tensorfile.read(os.path.join(folder, name + ending)).items()}
    probe, model = read(".probe"), MODELS[name](num_classes=7)
    model.load_state_dict(read(".safetensors"), strict=True)
    model.eval()
    with torch.no_grad():
        difference = ((model(probe["images"]) - probe["logits"]).norm() / probe["logits"].norm()).item()
    print(f"{name}: {len(model.state_dict())} tensors load with strict=True; logits differ by {difference:.1e}", flush=True)
    return difference <= 1e-4


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        command = ["dotnet", "test", PROJECT, "--filter", "FullyQualifiedName~WeightExportTests", *sys.argv[1:]]
        subprocess.run(command, check=True, env={**os.environ, "MLNETFM_EXPORT": folder}, stdout=subprocess.DEVNULL)
        sys.exit(0 if all([check(name, folder) for name in MODELS]) else 1)

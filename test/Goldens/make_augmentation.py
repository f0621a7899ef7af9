"""Writes augmentation/operations.safetensors: torchvision's results for small images, operation by operation, and the exact distributions for the tests of random draws.

    python3 make_augmentation.py

Bytes are passed to torchvision's tensor operations unchanged. Floats are divided by 255 before and multiplied after, because white is 1 in torchvision.
"""
import math
import os

import numpy as np
import torch
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, InterpolationMode, RandAugment, TrivialAugmentWide
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import _apply_op

import tensorfile

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augmentation")
SIGNED = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"]
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def pictures(seed, count, channels, height, width):
    """Smooth colors with noise; the second to last image has few values, the last is constant."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width]
    images = []
    for n in range(count):
        waves = [128 + 90 * np.sin(0.3 * (c + 1) * x + 0.2 * n) * np.cos(0.25 * y + c + n) for c in range(channels)]
        images.append(np.clip(np.stack(waves) + random.normal(0, 12, (channels, height, width)), 0, 255))
    images[-1][:] = 77
    if count > 2:
        images[-2] = np.where(images[-2] > 128, 200, 60)
    return torch.from_numpy(np.stack(images).astype(np.uint8))


def each(images, change):
    return torch.stack([change(image) for image in images])


def operations(out, name, images, floats):
    height, width = images.shape[2:]
    space = AutoAugment()._augmentation_space(10, (height, width))
    for operation in SIGNED + ["Posterize", "Solarize", "AutoContrast", "Equalize", "Invert"]:
        magnitudes, signed = space[operation]
        for level in ((9,) if floats else (0, 3, 9)) if magnitudes.ndim else (0,):
            value = float(magnitudes[level]) if magnitudes.ndim else 0.0
            for sign in (1, -1) if signed else (1,):
                for interpolation in (NEAREST, BILINEAR) if operation in SIGNED[:5] else (NEAREST,):
                    key = f"{name}/{operation}/{value * sign!r}/{interpolation.value}"
                    if not floats:
                        out[key] = each(images, lambda image: _apply_op(image, operation, value * sign, interpolation, None)).numpy()
                    elif operation not in ("Posterize", "Equalize"):
                        bound = value / 255 if operation == "Solarize" else value * sign
                        out[key] = each(images, lambda image: _apply_op(image / 255, operation, bound, interpolation, None) * 255).numpy()


def policies(out, images):
    """Each of the 25 pairs of operations, applied to one image."""
    for policy in (AutoAugmentPolicy.CIFAR10, AutoAugmentPolicy.IMAGENET):
        for sign in (0, 1):
            results = []
            for index, image in enumerate(images):
                augment = AutoAugment(policy, fill=[128.0] * 3)
                augment.get_params = lambda count: (index, torch.full((2,), -1.0), torch.full((2,), sign))
                results.append(augment(image))
            out[f"policy/{policy.value}/{sign}"] = torch.stack(results).numpy()


def scales(out):
    """The magnitude of every operation at every level, for an image of height 20 and width 33."""
    for maker, bins in ((AutoAugment(), 10), (RandAugment(), 31)):
        for operation, (magnitudes, _) in maker._augmentation_space(bins, (20, 33)).items():
            if magnitudes.ndim:
                out[f"scale/{bins}/{operation}"] = magnitudes.numpy().astype(np.float64)
    for bins in (2, 31):
        for operation, (magnitudes, signed) in TrivialAugmentWide()._augmentation_space(bins).items():
            out[f"wide-scale/{bins}/{operation}"] = magnitudes.reshape(-1).numpy().astype(np.float64)
            out[f"wide-signed/{bins}/{operation}"] = np.int64([signed])


def wide(out, name, images):
    """The operations at the largest magnitudes of TrivialAugmentWide."""
    for operation, (magnitudes, signed) in TrivialAugmentWide()._augmentation_space(31).items():
        value = float(magnitudes.reshape(-1)[-1])
        if magnitudes.ndim:
            for sign in (1, -1) if signed else (1,):
                out[f"{name}/{operation}/{value * sign!r}/nearest"] = each(images, lambda image: _apply_op(image, operation, value * sign, NEAREST, None)).numpy()


def resizes(out, images):
    """Antialiased bilinear resizing of floats: smaller, larger, and one axis each."""
    for height, width in ((6, 8), (13, 5), (4, 16), (3, 3), (1, 1), (20, 31), (13, 16)):
        out[f"antialiased/{height}x{width}"] = torch.nn.functional.interpolate(images.double(), (height, width), mode="bilinear", align_corners=False, antialias=True).numpy()


def jitter(out, images):
    """Four orders of brightness, contrast, saturation and hue, one per image. For bytes without hue, and hue separately, because torchvision truncates there instead of rounding."""
    changes = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
    orders = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]])
    factors = np.array([[1.3, 0.7, 1.2, 0.1], [0.8, 1.25, 0.6, -0.2], [1.1, 1.4, 0.0, 0.45], [0.65, 0.9, 1.4, -0.5]])
    out["jitter/orders"], out["jitter/factors"] = orders, factors
    for kind, batch in (("byte", images), ("float", images / 255)):
        results = []
        for image, order, factor in zip(batch, orders, factors):
            for property_ in order[order < (3 if kind == "byte" else 4)]:
                image = changes[property_](image, float(factor[property_]))
            results.append(image)
        out[f"jitter/{kind}"] = torch.stack(results).numpy() * (1 if kind == "byte" else np.float32(255))
    out["hue/byte"] = torch.stack([F.adjust_hue(image, float(factor[3])) for image, factor in zip(images, factors)]).numpy()


def crops(out, images):
    boxes = np.array([[0, 0, 13, 16], [3, 5, 7, 9], [12, 0, 1, 16], [2, 15, 11, 1]])
    out["crop/boxes"] = boxes
    out["crop/byte"] = torch.stack([F.resized_crop(image, *map(int, box), [13, 16]) for image, box in zip(images, boxes)]).numpy()
    out["crop/float"] = torch.stack([F.resized_crop(image.float(), *map(int, box), [13, 16]) for image, box in zip(images, boxes)]).numpy()
    for height, width in ((11, 13), (13, 16), (8, 16), (1, 1)):
        out[f"ten-crop/{height}x{width}"] = torch.stack(F.ten_crop(images[:2], [height, width]), 1).numpy()


def box_law(name, draw, count=2_000_000):
    """Mean and standard deviation of top, left, height and width, and the fraction of empty boxes, by a vectorized simulation."""
    boxes = draw(np.random.default_rng(1), count)
    print(f"// {name}: mean and deviation of top, left, height, width")
    print("[InlineData(" + ", ".join(f"{v:.5g}" for column in boxes.T for v in (column.mean(), column.std())) + ")]")


def round_half_even(values):
    return np.rint(values).astype(int)


def draw_boxes(height, width, area, aspect, erasing):
    """The distribution of torchvision's RandomErasing and RandomResizedCrop: ten attempts, then nothing or the center crop."""
    def draw(random, count):
        result = np.zeros((count, 4), int)
        if not erasing:
            ratio = width / height
            h = int(round(width / aspect[0])) if ratio < aspect[0] else height
            w = int(round(height * aspect[1])) if ratio > aspect[1] else width
            result[:] = ((height - h) // 2, (width - w) // 2, h, w)
        open_ = np.arange(count)
        for _ in range(10):
            a = height * width * random.uniform(*area, len(open_))
            r = np.exp(random.uniform(math.log(aspect[0]), math.log(aspect[1]), len(open_)))
            tall, flat = round_half_even(np.sqrt(a * r)), round_half_even(np.sqrt(a / r))
            h, w = (tall, flat) if erasing else (flat, tall)
            fits = (h < height) & (w < width) if erasing else (h > 0) & (h <= height) & (w > 0) & (w <= width)
            chosen = open_[fits]
            h, w = h[fits], w[fits]
            result[chosen] = np.stack((random.integers(0, height - h + 1), random.integers(0, width - w + 1), h, w), 1)
            open_ = open_[~fits]
        return result
    return draw


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    torch.set_num_threads(1)
    out = {}
    colour, gray = pictures(1, 4, 3, 13, 16), pictures(2, 3, 1, 9, 7)
    out["colour"], out["gray"], out["policy"] = colour.numpy(), gray.numpy(), pictures(3, 25, 3, 12, 12).numpy()
    operations(out, "colour.byte", colour, floats=False)
    operations(out, "gray.byte", gray, floats=False)
    operations(out, "colour.float", colour, floats=True)
    policies(out, torch.from_numpy(out["policy"]))
    scales(out)
    jitter(out, colour)
    crops(out, colour)
    wide(out, "colour.wide", colour)
    resizes(out, colour)
    tensorfile.write(os.path.join(FOLDER, "operations.safetensors"), out)
    for height, width in ((32, 32), (20, 33)):
        box_law(f"random erasing on {height} x {width}", draw_boxes(height, width, (0.02, 0.33), (0.3, 3.3), True))
        box_law(f"random resized crop on {height} x {width}", draw_boxes(height, width, (0.08, 1), (3 / 4, 4 / 3), False))

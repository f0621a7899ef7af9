"""Writes backbones/*.safetensors: PyTorch's results in double precision for a network of every family.

    python3 make_backbones.py [NAME ...]

Uses torchvision's models if it has them. The others are implemented here from the papers with PyTorch's layers, independently of the library. Weights and images are not stored: both
sides compute them from a hash of name and index (`fill`). Of features and gradients only a sketch is stored, eight sums with random signs from the same hash: the root mean square of
the differences of two sketches estimates the L2 norm of the difference of the tensors, over all values.
"""
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import tensorfile
from streams import Stream

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "backbones")
CLASSES = 10
SKETCH = 8


# The hash that both sides use.

def words(name, count):
    """splitmix64 of (FNV-1a of the name) + index * golden gamma."""
    h = 0xCBF29CE484222325
    for character in name:
        h = ((h ^ ord(character)) * 0x100000001B3) & (2 ** 64 - 1)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(name, shape):
    """Uniform in [-1, 1), with 24 bits."""
    return ((words(name, int(np.prod(shape, dtype=np.int64))) >> np.uint64(40)).astype(np.float64) / 2 ** 23 - 1).reshape(shape)


def fill(name, shape):
    """Kernels and matrices within +-sqrt(3 / inputs), which keeps the variance; other weights and variances around 1, biases and means around 0; rounded to floats."""
    u = uniform(name, shape)
    if len(shape) > 1:
        values = u * math.sqrt(3 / np.prod(shape[1:]))
    elif name.endswith("weight"):
        values = 1 + 0.25 * u
    elif name.endswith("running_var"):
        values = 1 + 0.5 * u
    else:
        values = 0.2 * u
    return torch.from_numpy(values.astype(np.float32).astype(np.float64))


def sketch(tensor):
    flat = tensor.detach().double().contiguous().reshape(-1).numpy()
    h = words("sketch", flat.size)
    return np.array([flat.sum() - 2 * flat[((h >> np.uint64(k)) & np.uint64(1)) == 0].sum() for k in range(SKETCH)])


# Networks that torchvision does not have.

def conv(inputs, outputs, kernel, stride=1, groups=1, dilation=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 * dilation, dilation, groups, bias)


class PreActivated(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = conv(inputs, width, 1) if bottleneck else conv(inputs, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3, stride if bottleneck else 1)
        if bottleneck:
            self.bn3, self.conv3 = nn.BatchNorm2d(width), conv(width, outputs, 1)
        self.bottleneck = bottleneck
        if inputs != outputs or stride != 1:
            self.downsample = conv(inputs, outputs, 1, stride)

    def forward(self, x):
        a = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(a))))
        if self.bottleneck:
            y = self.conv3(F.relu(self.bn3(y)))
        return y + (self.downsample(a) if hasattr(self, "downsample") else x)


class PreActivatedNet(nn.Module):
    def __init__(self, blocks, widening, bottleneck):
        super().__init__()
        self.conv1, inputs = conv(3, 16, 3), 16
        for stage, width in enumerate((16 * widening, 32 * widening, 64 * widening)):
            made = []
            for i in range(blocks):
                made.append(PreActivated(inputs, width, 2 if stage > 0 and i == 0 else 1, bottleneck))
                inputs = width * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.bn, self.fc = nn.BatchNorm2d(inputs), nn.Linear(inputs, CLASSES)

    def stages(self, x):
        first = self.layer1(self.conv1(x))
        second = self.layer2(first)
        return [first, second, F.relu(self.bn(self.layer3(second)))]


class Pyramidal(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        self.bottleneck, self.stride, outputs = bottleneck, stride, width * 4 if bottleneck else width
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        if bottleneck:
            self.conv1, self.conv2, self.conv3 = conv(inputs, width, 1), conv(width, width, 3, stride), conv(width, outputs, 1)
            self.bn4 = nn.BatchNorm2d(outputs)
        else:
            self.conv1, self.conv2 = conv(inputs, width, 3, stride), conv(width, width, 3)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv1(self.bn1(x))))
        y = self.bn3(self.conv2(y))
        if self.bottleneck:
            y = self.bn4(self.conv3(F.relu(y)))
        skip = F.avg_pool2d(x, 2) if self.stride == 2 else x
        zeros = torch.zeros(skip.shape[0], y.shape[1] - skip.shape[1], *skip.shape[2:], dtype=skip.dtype)
        return y + torch.cat([skip, zeros], 1)


class PyramidNet(nn.Module):
    def __init__(self, blocks, alpha, bottleneck):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 16, 3), nn.BatchNorm2d(16)
        inputs, width = 16, 16.0
        for stage in range(3):
            made = []
            for i in range(blocks):
                width += alpha / (3 * blocks)
                made.append(Pyramidal(inputs, int(round(width)), 2 if stage > 0 and i == 0 else 1, bottleneck))
                inputs = int(round(width)) * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.bn_final, self.fc = nn.BatchNorm2d(inputs), nn.Linear(inputs, CLASSES)

    def stages(self, x):
        first = self.layer1(self.bn1(self.conv1(x)))
        second = self.layer2(first)
        return [first, second, F.relu(self.bn_final(self.layer3(second)))]


class Dense(nn.Module):
    def __init__(self, inputs, growth, bottleneck):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        if bottleneck:
            self.conv1, self.norm2, self.conv2 = conv(inputs, 4 * growth, 1), nn.BatchNorm2d(4 * growth), conv(4 * growth, growth, 3)
        else:
            self.conv1 = conv(inputs, growth, 3)

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        if hasattr(self, "conv2"):
            y = self.conv2(F.relu(self.norm2(y)))
        return torch.cat([x, y], 1)


class CifarDenseNet(nn.Module):
    def __init__(self, layers, growth, bottleneck):
        super().__init__()
        inputs = 2 * growth if bottleneck else 16
        self.features = nn.Sequential()
        self.features.add_module("conv0", conv(3, inputs, 3))
        for block in range(3):
            if block > 0:
                outputs = inputs // 2 if bottleneck else inputs
                transition = nn.Sequential()
                transition.add_module("norm", nn.BatchNorm2d(inputs))
                transition.add_module("relu", nn.ReLU())
                transition.add_module("conv", conv(inputs, outputs, 1))
                transition.add_module("pool", nn.AvgPool2d(2))
                self.features.add_module(f"transition{block}", transition)
                inputs = outputs
            dense = nn.Sequential()
            for i in range(layers):
                dense.add_module(f"denselayer{i + 1}", Dense(inputs, growth, bottleneck))
                inputs += growth
            self.features.add_module(f"denseblock{block + 1}", dense)
        self.features.add_module("norm5", nn.BatchNorm2d(inputs))
        self.classifier = nn.Linear(inputs, CLASSES)

    def stages(self, x):
        f = self.features
        first = f.denseblock1(f.conv0(x))
        second = f.denseblock2(f.transition1(first))
        return [first, second, F.relu(f.norm5(f.denseblock3(f.transition2(second))))]


def blur(x):
    """Zhang 2019: [1,2,1]x[1,2,1]/16 on every channel, reflected border, stride 2."""
    row = torch.tensor([1, 2, 1], dtype=x.dtype)
    kernel = (row[:, None] * row[None, :] / 16).repeat(x.shape[1], 1, 1, 1)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, stride=2, groups=x.shape[1])


class Named(nn.Module):
    """conv and bn, optionally ReLU and blur."""

    def __init__(self, convolution, relu=True, blurred=False):
        super().__init__()
        self.conv, self.bn, self.relu, self.blurred = convolution, nn.BatchNorm2d(convolution.out_channels), relu, blurred

    def forward(self, x):
        y = self.bn(self.conv(x))
        y = F.relu(y) if self.relu else y
        return blur(y) if self.blurred else y


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        reduced = max(channels // 16, 32)
        self.fc_reduce, self.bn = nn.Conv2d(channels, reduced, 1, bias=False), nn.BatchNorm2d(reduced)
        self.fc_select = nn.Conv2d(reduced, 2 * channels, 1, bias=False)

    def forward(self, maps):
        s = torch.stack(maps).sum(0).mean((2, 3), keepdim=True)
        scores = self.fc_select(F.relu(self.bn(self.fc_reduce(s))))
        weights = torch.softmax(scores.view(len(s), 2, -1, 1, 1), 1)
        return sum(maps[i] * weights[:, i] for i in range(2))


class SelectiveKernel(nn.Module):
    def __init__(self, width, stride, groups, blurred, depthwise):
        super().__init__()
        inner, after = (1, stride == 2) if blurred else (stride, False)
        if depthwise:
            pair = conv(width, width, 3, inner, width), conv(width, width, 5, inner, width)
        else:
            pair = conv(width, width, 3, inner, groups), conv(width, width, 3, inner, groups, dilation=2)
        self.paths = nn.ModuleList([Named(c, blurred=after) for c in pair])
        self.attn = Attention(width)

    def forward(self, x):
        return self.attn([path(x) for path in self.paths])


class Branch(nn.Module):
    """The residual branch of a ResNeXt bottleneck, plain or with selective kernels."""

    def __init__(self, inputs, planes, stride, groups, group_width, kernels):
        super().__init__()
        width = planes * group_width // 64 * groups
        self.plain = kernels is None
        if self.plain:
            self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3, stride, groups), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = conv(width, planes * 4, 1), nn.BatchNorm2d(planes * 4)
        else:
            self.conv1 = Named(conv(inputs, width, 1))
            self.conv2 = SelectiveKernel(width, stride, groups, **kernels)
            self.conv3 = Named(conv(width, planes * 4, 1), relu=False)

    def residual(self, x):
        if self.plain:
            y = F.relu(self.bn1(self.conv1(x)))
            return self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return self.conv3(self.conv2(self.conv1(x)))


class SingleBlock(Branch):
    def __init__(self, inputs, planes, stride, *args):
        super().__init__(inputs, planes, stride, *args)
        if stride != 1 or inputs != planes * 4:
            self.downsample = nn.Sequential(conv(inputs, planes * 4, 1, stride), nn.BatchNorm2d(planes * 4))

    def forward(self, x):
        return F.relu(self.residual(x) + (self.downsample(x) if hasattr(self, "downsample") else x))


class DualBlock(nn.Module):
    """X + l F1 + (1 - l) F2; during training, l comes from the library's random stream."""

    def __init__(self, inputs, planes, stride, *args):
        super().__init__()
        self.branch1, self.branch2 = Branch(inputs, planes, stride, *args), Branch(inputs, planes, stride, *args)
        if stride != 1 or inputs != planes * 4:
            self.downsample = nn.Sequential(conv(inputs, planes * 4, 1, stride), nn.BatchNorm2d(planes * 4))

    def forward(self, x):
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        if not self.training:
            return F.relu(skip + 0.5 * self.branch1.residual(x) + 0.5 * self.branch2.residual(x))
        return F.relu(skip + (self.branch1 if self.random.below(2) else self.branch2).residual(x))


class SplitAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        attention = max(channels * 2 // 4, 32)
        self.conv, self.bn0 = conv(channels, 2 * channels, 3, groups=2), nn.BatchNorm2d(2 * channels)
        self.fc1, self.bn1, self.fc2 = nn.Conv2d(channels, attention, 1), nn.BatchNorm2d(attention), nn.Conv2d(attention, 2 * channels, 1)

    def forward(self, x):
        n, c = x.shape[:2]
        maps = F.relu(self.bn0(self.conv(x))).view(n, 2, c, *x.shape[2:])
        scores = self.fc2(F.relu(self.bn1(self.fc1(maps.sum(1).mean((2, 3), keepdim=True)))))
        return (maps * torch.softmax(scores.view(n, 2, c, 1, 1), 1)).sum(1)


class SplitAttentionBlock(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1, self.bn1, self.conv2 = conv(inputs, planes, 1), nn.BatchNorm2d(planes), SplitAttention(planes)
        self.conv3, self.bn3, self.stride = conv(planes, planes * 4, 1), nn.BatchNorm2d(planes * 4), stride
        if stride != 1 or inputs != planes * 4:
            pool = nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False) if stride == 2 else nn.Identity()
            self.downsample = nn.Sequential(pool, conv(inputs, planes * 4, 1), nn.BatchNorm2d(planes * 4))

    def forward(self, x):
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        y = F.avg_pool2d(y, 3, 2, 1) if self.stride == 2 else y
        return F.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x))


class LargeNet(nn.Module):
    """Four stages of any block after the 7x7 or the deep stem, with or without blurred max pooling."""

    def __init__(self, blocks, make, deep=0, blurred=False):
        super().__init__()
        self.blurred, inputs = blurred, 2 * deep if deep else 64
        if deep:
            self.conv1 = nn.Sequential(conv(3, deep, 3, 2), nn.BatchNorm2d(deep), nn.ReLU(), conv(deep, deep, 3), nn.BatchNorm2d(deep), nn.ReLU(), conv(deep, inputs, 3))
        else:
            self.conv1 = conv(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(inputs)
        for stage, (count, planes) in enumerate(zip(blocks, (64, 128, 256, 512))):
            made = []
            for i in range(count):
                made.append(make(inputs, planes, 2 if stage > 0 and i == 0 else 1))
                inputs = planes * 4
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(inputs, CLASSES)

    def stages(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        maps = [blur(F.max_pool2d(x, 3, 1, 1)) if self.blurred else F.max_pool2d(x, 3, 2, 1)]
        for stage in range(4):
            maps.append(getattr(self, f"layer{stage + 1}")(maps[-1]))
        return maps[1:]


# torchvision's models, split into the library's stages.

def resnet_stages(network, x):
    maps = [network.maxpool(network.relu(network.bn1(network.conv1(x))))]
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        maps.append(stage(maps[-1]))
    return maps[1:]


def range_stages(ends):
    def stages(network, x):
        maps, begin = [], 0
        for end in ends:
            x = network.features[begin:end](x)
            maps.append(x)
            begin = end
        maps[-1] = F.relu(maps[-1]) if hasattr(network.features, "norm5") else maps[-1]
        return maps
    return stages


def small(network):
    """The stem for small images."""
    network.conv1, network.maxpool = conv(3, 64, 3), nn.Identity()
    return network


def shortened(network):
    """One fully connected layer instead of three."""
    network.classifier, network.fc = nn.Identity(), nn.Linear(512, CLASSES)
    return network


def still(network):
    """Without random layers."""
    for part in network.modules():
        if isinstance(part, (nn.Dropout, torchvision.ops.StochasticDepth)):
            part.p = 0.0
    return network


vision = torchvision.models
SK = dict(blurred=True, depthwise=False)
SHARP = dict(blurred=False, depthwise=False)
DEPTHWISE = dict(blurred=True, depthwise=True)
FIFTY = [3, 4, 6, 3]
DENSE121 = range_stages([5, 7, 9, 12])

# name: image size, network, and its stages if it has no method for them.
NETWORKS = {
    "cifar-resnet-8-preact": (16, lambda: PreActivatedNet(1, 1, False), None),
    "cifar-resnet-20-bottleneck-preact": (16, lambda: PreActivatedNet(2, 1, True), None),
    "wrn-10-2": (16, lambda: PreActivatedNet(1, 2, False), None),
    "pyramidnet-14-a10": (16, lambda: PyramidNet(2, 10, False), None),
    "pyramidnet-11-a9-bottleneck": (16, lambda: PyramidNet(1, 9, True), None),
    "densenet-16-12": (16, lambda: CifarDenseNet(4, 12, False), None),
    "densenet-bc-22-12": (16, lambda: CifarDenseNet(3, 12, True), None),
    "resnet-18": (64, lambda: vision.resnet18(num_classes=CLASSES), resnet_stages),
    "resnet-18-cifar-stem": (16, lambda: small(vision.resnet18(num_classes=CLASSES)), resnet_stages),
    "resnet-50": (64, lambda: vision.resnet50(num_classes=CLASSES), resnet_stages),
    "resnext-50-32x4d": (64, lambda: vision.resnext50_32x4d(num_classes=CLASSES), resnet_stages),
    "vgg-16": (32, lambda: vision.vgg16(num_classes=CLASSES), range_stages([5, 10, 17, 24, 31])),
    "vgg-16-bn-cifar-stem": (32, lambda: shortened(vision.vgg16_bn()), range_stages([7, 14, 24, 34, 44])),
    "densenet-121": (64, lambda: vision.densenet121(num_classes=CLASSES), DENSE121),
    "efficientnet-b0": (64, lambda: vision.efficientnet_b0(num_classes=CLASSES), range_stages([2, 3, 4, 6, 9])),
    "efficientnet-b5": (32, lambda: vision.efficientnet_b5(num_classes=CLASSES), range_stages([2, 3, 4, 6, 9])),
    "resnest-50": (64, lambda: LargeNet(FIFTY, SplitAttentionBlock, deep=32), None),
    "d-resnext-50-32x4d": (64, lambda: LargeNet(FIFTY, lambda *shape: DualBlock(*shape, 32, 4, None)), None),
    "sk-resnext-50-32x4d": (64, lambda: LargeNet(FIFTY, lambda *shape: SingleBlock(*shape, 32, 4, SK), blurred=True), None),
    "sk-resnext-50-32x4d-no-blur": (64, lambda: LargeNet(FIFTY, lambda *shape: SingleBlock(*shape, 32, 4, SHARP)), None),
    "sk-resnext-50-32x4d-depthwise": (64, lambda: LargeNet(FIFTY, lambda *shape: SingleBlock(*shape, 32, 4, DEPTHWISE), blurred=True), None),
    "dsk-resnext-50-32x4d": (64, lambda: LargeNet(FIFTY, lambda *shape: DualBlock(*shape, 32, 4, SK), blurred=True), None),
}


def logits_of(network, last):
    if isinstance(network, vision.VGG) and not hasattr(network, "fc"):
        return network.classifier(torch.flatten(network.avgpool(last), 1))
    return (network.fc if hasattr(network, "fc") else network.classifier)(last.mean((2, 3)))


def run(network, stages, images, labels):
    """Logits and stages in both modes, and the gradients of cross entropy in training mode."""
    cut = stages if stages is not None else type(network).stages
    network.eval()
    with torch.no_grad():
        rest = cut(network, images)
        logits = logits_of(network, rest[-1])
    network.train()
    random = Stream(1, "network")
    for block in network.modules():
        if isinstance(block, DualBlock):
            block.random = random
    maps = cut(network, images)
    output = logits_of(network, maps[-1])
    F.cross_entropy(output, labels).backward()
    gradients = {name: p.grad for name, p in network.named_parameters()}
    return logits, rest, output.detach(), [m.detach() for m in maps], gradients


def golden(name):
    side, make, stages = NETWORKS[name]
    torch.manual_seed(0)
    network = still(make()).double()
    network.load_state_dict({key: fill(key, tuple(value.shape)) if value.is_floating_point() else value for key, value in network.state_dict().items()})
    images = fill("images", (4, 3, side, side)) * side
    rest, rest_stages, logits, train_stages, gradients = run(network, stages, images, torch.arange(4))
    names = list(gradients)
    # A branch that was not selected has no gradient.
    norms = {key: 0.0 if gradients[key] is None else gradients[key].norm().item() for key in names}
    tensorfile.write(os.path.join(FOLDER, name + ".safetensors"), {
        "side": np.int64(side), "logits.eval": rest.numpy(), "logits.train": logits.numpy(),
        "stages.eval": np.stack([sketch(m) for m in rest_stages]), "stages.eval.norm": np.array([m.norm().item() for m in rest_stages]),
        "stages.train": np.stack([sketch(m) for m in train_stages]), "stages.train.norm": np.array([m.norm().item() for m in train_stages]),
        "gradients": np.stack([np.zeros(SKETCH) if gradients[key] is None else sketch(gradients[key]) for key in names]).astype(np.float32),
        "gradients.norm": np.array([norms[key] for key in names], np.float32),
        "gradients.names": np.frombuffer("\n".join(names).encode(), np.uint8)})
    print(f"{name}: {sum(p.numel() for p in network.parameters())} parameters, {len(names)} gradients, of norm {min(norms.values()):.1e} to {max(norms.values()):.1e}", flush=True)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or NETWORKS:
        golden(chosen)

"""Writes detection/*.safetensors: torchvision's results for RetinaNet, and average precision by the arithmetic of Pascal VOC's development kit.

    python3 make_detection.py

Weights and images are not stored: both sides compute them from a hash of name and index, as in make_backbones.py. Of features and gradients only a sketch is stored.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torchvision.models.detection import _utils, retinanet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.image_list import ImageList
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

import tensorfile
from make_backbones import fill, sketch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "detection")
CLASSES = 5
HEIGHT, WIDTH = 64, 96


class Golden(dict):
    def add(self, name, tensor):
        array = tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else np.asarray(tensor)
        self[name] = array.copy()

    def save(self, name):
        tensorfile.write(os.path.join(FOLDER, name + ".safetensors"), self)


def narrow():
    """A ResNet-18 with a pyramid of 16 channels."""
    body = torchvision.models.resnet18(weights=None)
    pyramid = BackboneWithFPN(body, {"layer2": "0", "layer3": "1", "layer4": "2"}, [128, 256, 512], 16, extra_blocks=LastLevelP6P7(16, 16))
    return retinanet.RetinaNet(pyramid, CLASSES)


def wide():
    return retinanet.retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=CLASSES)


def anchors_of(model, images, features):
    return model.anchor_generator(ImageList(images, [tuple(images.shape[2:])] * len(images)), features)


def objects():
    """Two images with objects and one without; boxes as corners, classes from 0."""
    boxes = [
        [[3, 5, 40, 33], [20.5, 10.25, 90, 60.75], [50, 40, 58, 47]],
        [],
        [[0, 0, 96, 64], [70, 1, 95, 20], [70, 3, 95, 22.5], [30, 30, 31, 31]],
    ]
    labels = [[0, 3, 4], [], [1, 2, 2, 0]]
    return [{"boxes": torch.tensor(b, dtype=torch.float64).reshape(-1, 4), "labels": torch.tensor(l, dtype=torch.int64)} for b, l in zip(boxes, labels)]


def add_objects(golden, targets):
    for n, target in enumerate(targets):
        golden.add(f"boxes/{n}", target["boxes"].float())
        golden.add(f"labels/{n}", target["labels"])


def network(name, model):
    """Predictions, losses and gradients of a whole network in double precision."""
    golden = Golden()
    model.double()
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(fill(key, tuple(tensor.shape)))
    targets = objects()
    images = 64 * fill("images", (len(targets), 3, HEIGHT, WIDTH))
    add_objects(golden, targets)
    for mode in ("eval", "train"):
        model.train(mode == "train")
        features = list(model.backbone(images).values())
        outputs = model.head(features)
        for level, feature in enumerate(features):
            golden.add(f"levels.{mode}/{level}", sketch(feature))
        golden.add(f"logits.{mode}", sketch(outputs["cls_logits"]))
        golden.add(f"deltas.{mode}", sketch(outputs["bbox_regression"]))
    losses = model.compute_loss(targets, outputs, anchors_of(model, images, features))
    golden.add("classification", losses["classification"])
    golden.add("regression", losses["bbox_regression"])
    (losses["classification"] + losses["bbox_regression"]).backward()
    for key, parameter in model.named_parameters():
        golden.add(f"gradients/{key}", sketch(parameter.grad))
    golden.save(name)


def default_sizes(scale=1.0):
    return tuple((int(x * scale), int(x * scale * 2 ** (1.0 / 3)), int(x * scale * 2 ** (2.0 / 3))) for x in (32, 64, 128, 256, 512))


def grid(generator, height, width):
    sizes = [(height // 8, width // 8), (height // 16, width // 16), (height // 32, width // 32)]
    for _ in range(2):
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    return generator(ImageList(torch.zeros(1, 3, height, width), [(height, width)]), [torch.zeros(1, 1, *size) for size in sizes])[0]


def anchors():
    golden = Golden()
    generator = AnchorGenerator(default_sizes(), ((0.5, 1.0, 2.0),) * 5)
    for height, width in ((32, 32), (64, 96), (96, 224)):
        golden.add(f"default/{height}x{width}", grid(generator, height, width))
    golden.add("sketch/512x384", sketch(grid(generator, 512, 384)))
    golden.add("half/32x64", grid(AnchorGenerator(default_sizes(0.5), ((0.5, 1.0, 2.0),) * 5), 32, 64))
    two = tuple((x, int(x * 2**0.5)) for x in (32, 64, 128, 256, 512))
    golden.add("two-scales-four-ratios/32x64", grid(AnchorGenerator(two, ((0.3, 1.0, 1.7, 3.0),) * 5), 32, 64))
    golden.save("anchors")


def random_boxes(generator, count, height, width, smallest, largest):
    sides = smallest + (largest - smallest) * torch.rand(count, 2, generator=generator)
    sides = torch.minimum(sides, torch.tensor([width, height]).float())
    corners = torch.rand(count, 2, generator=generator) * (torch.tensor([width, height]) - sides)
    return torch.cat([corners, corners + sides], 1)


def matching():
    golden = Golden()
    generator = torch.Generator().manual_seed(5)
    height, width = 96, 224
    boxes = grid(AnchorGenerator(default_sizes(), ((0.5, 1.0, 2.0),) * 5), height, width)
    cases = {
        "one": (random_boxes(generator, 1, height, width, 40, 80), 0.5, 0.4),
        "some": (random_boxes(generator, 7, height, width, 10, 90), 0.5, 0.4),
        "integers": (random_boxes(generator, 9, height, width, 20, 90).round(), 0.5, 0.4),
        "many": (random_boxes(generator, 30, height, width, 5, 96), 0.5, 0.4),
        "small": (random_boxes(generator, 5, height, width, 0.5, 2), 0.5, 0.4),
        "twice": (random_boxes(generator, 3, height, width, 30, 60)[[0, 1, 1, 2]], 0.5, 0.4),
        "low-thresholds": (random_boxes(generator, 4, height, width, 30, 90), 0.3, 0.1),
    }
    for name, (truths, high, low) in cases.items():
        matches = _utils.Matcher(high, low, allow_low_quality_matches=True)(torchvision.ops.box_iou(truths, boxes))
        golden.add(f"{name}/boxes", truths)
        golden.add(f"{name}/thresholds", np.array([high, low]))
        golden.add(f"{name}/matches", matches)
        print(f"{name}: {(matches >= 0).sum()} foreground, {(matches == -2).sum()} ignored")
    golden.save("matching")


def coding():
    golden = Golden()
    generator = torch.Generator().manual_seed(6)
    coder = _utils.BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
    first, second = (random_boxes(generator, 50, 300, 400, 1, 250) for _ in range(2))
    offsets = torch.randn(50, 4, generator=generator) * torch.tensor([1.0, 1.0, 3.0, 3.0])
    golden.add("boxes", first)
    golden.add("anchors", second)
    golden.add("encoded", coder.encode_single(first, second))
    golden.add("offsets", offsets)
    decoded = coder.decode_single(offsets, second)
    golden.add("decoded", decoded)
    golden.add("clipped", torchvision.ops.clip_boxes_to_image(decoded, (300, 400)))
    golden.add("iou", torchvision.ops.box_iou(first, second).diagonal())
    golden.save("coding")


def suppression():
    golden = Golden()
    generator = torch.Generator().manual_seed(7)
    # More than 1000 boxes: torchvision then does not move classes apart, which rounds coordinates.
    boxes = random_boxes(generator, 1200, 200, 300, 10, 120)
    boxes[::50, 2] = boxes[::50, 0]  # no area
    scores = torch.randperm(1200, generator=generator).float() / 1200
    labels = torch.randint(0, 4, (1200,), generator=generator)
    golden.add("boxes", boxes)
    golden.add("scores", scores)
    golden.add("labels", labels)
    for threshold in (0.3, 0.5, 0.7):
        golden.add(f"kept/{threshold}", torchvision.ops.batched_nms(boxes, scores, labels, threshold))
    golden.save("suppression")


def detections():
    golden = Golden()
    generator = torch.Generator().manual_seed(8)
    model = narrow()
    boxes = grid(model.anchor_generator, HEIGHT, WIDTH)
    counts = [9 * rows * columns for rows, columns in ((8, 12), (4, 6), (2, 3), (1, 2), (1, 1))]
    logits = torch.randn(len(boxes), CLASSES, generator=generator) * 2 - 3
    deltas = torch.randn(len(boxes), 4, generator=generator) * 0.5
    golden.add("logits", logits)
    golden.add("deltas", deltas)
    outputs = {"cls_logits": list(logits[None].split(counts, 1)), "bbox_regression": list(deltas[None].split(counts, 1))}
    for name, threshold, overlap, candidates, most in (("default", 0.05, 0.5, 1000, 300), ("few", 0.2, 0.3, 100, 20), ("none", 0.9999, 0.5, 1000, 300)):
        model.score_thresh, model.nms_thresh, model.topk_candidates, model.detections_per_img = threshold, overlap, candidates, most
        [found] = model.postprocess_detections(outputs, [list(boxes.split(counts))], [(60, 90)])
        for part in ("boxes", "scores", "labels"):
            golden.add(f"{name}/{part}", found[part])
        print(f"{name}: {len(found['scores'])} detections")
    golden.save("detections")


def losses():
    golden = Golden()
    generator = torch.Generator().manual_seed(9)
    model = narrow().double()
    targets = objects()
    boxes = grid(model.anchor_generator, HEIGHT, WIDTH).double()
    logits = (torch.randn(len(targets), len(boxes), CLASSES, generator=generator) - 2).double().requires_grad_()
    deltas = torch.randn(len(targets), len(boxes), 4, generator=generator).double().requires_grad_()
    add_objects(golden, targets)
    golden.add("logits", logits.float())
    golden.add("deltas", deltas.float())

    def add(name, classification, regression):
        golden.add(f"{name}/classification", classification)
        golden.add(f"{name}/regression", regression)
        logits.grad = deltas.grad = None
        (classification + regression).backward()
        golden.add(f"{name}/logits", logits.grad.float())
        golden.add(f"{name}/deltas", deltas.grad.float())

    outputs = {"cls_logits": logits, "bbox_regression": deltas}
    whole = model.compute_loss(targets, outputs, [boxes] * len(targets))
    add("torchvision", whole["classification"], whole["bbox_regression"])

    # Other parameters, which torchvision's RetinaNet does not have.
    classification, regression = 0, 0
    matcher, coder = _utils.Matcher(0.6, 0.3, allow_low_quality_matches=True), _utils.BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
    for target, x, d in zip(targets, logits, deltas):
        found = torch.full((len(boxes),), -1) if len(target["boxes"]) == 0 else matcher(torchvision.ops.box_iou(target["boxes"], boxes))
        foreground = found >= 0
        wanted = torch.zeros_like(x)
        wanted[foreground, target["labels"][found[foreground]]] = 1
        valid = found != -2
        number = max(1, foreground.sum().item())
        focal = torchvision.ops.sigmoid_focal_loss(x[valid], wanted[valid], alpha=0.4, gamma=1.5, reduction="sum")
        classification = classification + focal / number / len(targets)
        offsets = coder.encode_single(target["boxes"][found[foreground]], boxes[foreground])
        regression = regression + F.smooth_l1_loss(d[foreground], offsets, reduction="sum", beta=1 / 9) / number / len(targets)
    add("smooth", classification, regression)
    golden.save("losses")


def devkit(found, truths, count):
    """VOCevaldet.m for each class. Boxes are xmin, ymin, xmax, ymax with inclusive pixels, counted from 1."""
    results = {"eleven-point": [], "area": []}
    for k in range(count):
        mine = [row for row in truths if row[1] == k]
        positives = sum(1 for row in mine if not row[2])
        if positives == 0:
            results["eleven-point"].append(np.nan)
            results["area"].append(np.nan)
            continue
        rows = [row for row in found if row[1] == k]
        order = np.argsort(-np.array([row[2] for row in rows]), kind="stable") if rows else []
        taken, tp, fp = set(), np.zeros(len(rows)), np.zeros(len(rows))
        for d, index in enumerate(order):
            image, _, _, *bb = rows[index]
            best, most = None, -np.inf
            for j, (other, _, _, *bbgt) in enumerate(mine):
                if other != image:
                    continue
                bi = [max(bb[0], bbgt[0]), max(bb[1], bbgt[1]), min(bb[2], bbgt[2]), min(bb[3], bbgt[3])]
                iw, ih = bi[2] - bi[0] + 1, bi[3] - bi[1] + 1
                if iw > 0 and ih > 0:
                    union = (bb[2] - bb[0] + 1) * (bb[3] - bb[1] + 1) + (bbgt[2] - bbgt[0] + 1) * (bbgt[3] - bbgt[1] + 1) - iw * ih
                    overlap = iw * ih / union
                    if overlap > most:
                        best, most = j, overlap
            if most > 0.5:
                if not mine[best][2]:
                    if best not in taken:
                        tp[d] = 1
                        taken.add(best)
                    else:
                        fp[d] = 1
            else:
                fp[d] = 1
        tp, fp = np.cumsum(tp), np.cumsum(fp)
        recall = tp / positives
        precision = tp / np.maximum(tp + fp, 1)
        ap = 0.0
        for t in range(11):
            # Integers: 3 * 0.1 is above 3 / 10 in floating point.
            p = precision[10 * tp >= t * positives]
            ap += (p.max() if len(p) else 0.0) / 11
        results["eleven-point"].append(ap)
        mrec, mpre = np.concatenate([[0], recall, [1]]), np.concatenate([[0], precision, [0]])
        for i in range(len(mpre) - 2, -1, -1):
            mpre[i] = max(mpre[i], mpre[i + 1])
        i = np.nonzero(mrec[1:] != mrec[:-1])[0]
        results["area"].append(float(np.sum((mrec[i + 1] - mrec[i]) * mpre[i + 1])))
    return results


def precision():
    golden = Golden()
    for seed in range(6):
        random = np.random.RandomState(seed)
        truths, found = [], []
        count = 6  # class 4 has difficult objects only, class 5 none
        for image in range(40):
            if random.rand() < 0.1:
                continue
            for _ in range(random.randint(0, 6)):
                k = random.randint(0, 5)
                x, y, w, h = random.randint(1, 100), random.randint(1, 100), random.randint(1, 60), random.randint(1, 60)
                truths.append([image, k, int(k == 4 or random.rand() < 0.2), x, y, x + w - 1, y + h - 1])
                for _ in range(random.randint(0, 4)):
                    box = np.array([x, y, x + w - 1, y + h - 1]) + random.randint(-16, 17, 4) * w / 60
                    box = np.round(box * 8) / 8
                    if box[2] >= box[0] and box[3] >= box[1]:
                        # Few different scores, so that there are ties.
                        found.append([image, k if random.rand() < 0.9 else random.randint(0, 6), random.randint(1, 17) / 16, *box])
            for _ in range(random.randint(0, 3)):
                x, y, w, h = random.randint(1, 100), random.randint(1, 100), random.randint(1, 60), random.randint(1, 60)
                found.append([image, random.randint(0, 6), random.randint(1, 17) / 16, x, y, x + w - 1, y + h - 1])
        results = devkit(found, truths, count)
        shift = np.array([0, 0, 0, -1, -1, 0, 0])  # to exclusive right and lower edges, counted from 0
        golden.add(f"{seed}/found", (np.array(found) + shift).astype(np.float32))
        golden.add(f"{seed}/truths", (np.array(truths) + shift).astype(np.float32))
        for metric, values in results.items():
            golden.add(f"{seed}/{metric}", np.array(values))
        print(seed, len(found), len(truths), {metric: np.round(values, 3) for metric, values in results.items()})
    golden.save("precision")


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    torch.set_num_threads(1)
    anchors()
    matching()
    coding()
    suppression()
    detections()
    losses()
    precision()
    network("resnet-18", narrow())
    network("resnet-50", wide())

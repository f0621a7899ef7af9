"""Writes losses/*.safetensors: losses, loss terms of strategies and hierarchies by their definitions, in double precision, with autograd's gradients.

    python3 make_losses.py

Implemented from the equations of the papers, image by image instead of by batch, independently of the library.
"""
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import sigmoid_focal_loss

import tensorfile
from make_network import Golden, seeded, smooth

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses")


def exact(array):
    """Rounded to single precision for the library's tests, then used in double precision."""
    return torch.from_numpy(np.asarray(array, np.float32).astype(np.float64))


def keep(golden, name, loss, *inputs):
    loss.backward()
    golden[f"{name}/value"] = np.float64(loss.item())
    for i, tensor in enumerate(inputs):
        golden.whole(f"{name}/gradient" + (str(i) if i else ""), tensor.grad)
        tensor.grad = None


def mean(terms):
    return sum(terms) / len(terms)


def positive_class(logits, targets, smoothing):
    terms = []
    for x, t in zip(logits, targets):
        q, p = (1 - smoothing) * t + smoothing / len(t), torch.exp(x) / torch.exp(x).sum()
        terms.append(-(q * torch.log(p)).sum() + 1 - q.dot(p) / (q.norm() * p.norm()))
    return mean(terms)


def focal(logits, targets, gamma):
    return mean([-sum(t[k] * (1 - p[k]) ** gamma * torch.log(p[k]) for k in range(len(t))) for p, t in zip(torch.softmax(logits, 1), targets)])


def weighted_cross_entropy(logits, targets, weights, smoothing):
    terms, total = [], 0
    for x, t in zip(logits, targets):
        q = (1 - smoothing) * t + smoothing / len(t)
        terms.append(-sum(weights[k] * q[k] * (x[k] - torch.logsumexp(x, 0)) for k in range(len(t))))
        total += sum(weights[k] * t[k] for k in range(len(t)))
    return sum(terms) / total


def losses(golden):
    random = np.random.RandomState(1)
    logits = exact(random.normal(0, 2, (12, 7))).requires_grad_()
    hard = F.one_hot(torch.from_numpy(random.randint(0, 7, 12)), 7).double()
    soft = exact(torch.softmax(torch.from_numpy(random.normal(0, 1, (12, 7))), 1).numpy())
    many = exact(random.randint(0, 2, (12, 7)))
    weights = exact(random.uniform(0.2, 9, 7))
    for name, tensor in (("logits", logits), ("hard", hard), ("soft", soft), ("many", many), ("positive-weights", weights)):
        golden.whole(name, tensor)
    for kind, targets in (("hard", hard), ("soft", soft)):
        for smoothing in (0.0, 0.1):
            keep(golden, f"positive-class/{kind}/{smoothing}", positive_class(logits, targets, smoothing), logits)
        for gamma in (0.0, 0.5, 2.0):
            keep(golden, f"focal/{kind}/{gamma}", focal(logits, targets, gamma), logits)
    keep(golden, "binary-cross-entropy/plain", nn.BCEWithLogitsLoss()(logits, many), logits)
    keep(golden, "binary-cross-entropy/weighted", nn.BCEWithLogitsLoss(pos_weight=weights)(logits, many), logits)
    for smoothing in (0.0, 0.1):
        keep(golden, f"cross-entropy/hard/{smoothing}", nn.CrossEntropyLoss(weights, label_smoothing=smoothing)(logits, hard.argmax(1)), logits)
        keep(golden, f"cross-entropy/soft/{smoothing}", weighted_cross_entropy(logits, soft, weights, smoothing), logits)
    for alpha, gamma in ((0.25, 2.0), (0.75, 0.5), (0.5, 0.0)):
        keep(golden, f"binary-focal/{alpha}/{gamma}", sigmoid_focal_loss(logits, many, alpha, gamma, "mean"), logits)


def centers(golden):
    """Three steps of center loss; each step updates the centers, class by class."""
    random = np.random.RandomState(2)
    c = torch.zeros(5, 6).double()
    for step, soft in enumerate((False, True, False)):
        x = exact(random.normal(1, 2, (9, 6))).requires_grad_()
        y = random.randint(0, 4, 9)     # class 4 has no images
        t = exact(torch.softmax(torch.from_numpy(random.normal(0, 2, (9, 5))), 1).numpy()) if soft else F.one_hot(torch.from_numpy(y), 5).double()
        golden.whole(f"center/{step}/embedding", x)
        golden.whole(f"center/{step}/targets", t)
        loss = sum(t[i, k] * ((x[i] - c[k]) ** 2).sum() for i in range(9) for k in range(5)) / 2
        keep(golden, f"center/{step}", loss, x)
        moved = c.clone()
        for k in range(5):
            moved[k] -= 0.5 * sum(t[i, k] * (c[k] - x[i].detach()) for i in range(9)) / (1 + t[:, k].sum())
        c = moved
        golden.whole(f"center/{step}/centers", c)


def ward(rows):
    """Greedy search over all pairs for the smallest increase of the sum of squares; returns the leaves below each merge."""
    clusters = [frozenset([i]) for i in range(len(rows))]
    merged = []
    def squares(cluster):
        members = rows[sorted(cluster)]
        return ((members - members.mean(0)) ** 2).sum()
    while len(clusters) > 1:
        a, b = min(((a, b) for i, a in enumerate(clusters) for b in clusters[:i]), key=lambda pair: squares(pair[0] | pair[1]) - squares(pair[0]) - squares(pair[1]))
        clusters = [c for c in clusters if c not in (a, b)] + [a | b]
        merged.append(a | b)
    return merged


def hierarchies(golden):
    for name, count, size in (("small", 5, 3), ("large", 40, 8)):
        rows = np.random.RandomState(count).normal(0, 1, (count, size)).astype(np.float32)
        golden[f"ward/{name}/rows"] = rows
        golden[f"ward/{name}/merges"] = np.array([[leaf in merge for leaf in range(count)] for merge in ward(rows.astype(np.float64))], np.uint8)


def leaves(tree):
    return [tree] if isinstance(tree, int) else [leaf for child in tree for leaf in leaves(child)]


def path_probabilities(tree, x):
    """The probability of each leaf: the product of the softmaxes along its path; the logit of a child is the mean of the logits of its leaves."""
    if isinstance(tree, int):
        return {tree: torch.ones((), dtype=torch.float64)}
    share = torch.softmax(torch.stack([x[leaves(child)].mean() for child in tree]), 0)
    return {leaf: share[i] * p for i, child in enumerate(tree) for leaf, p in path_probabilities(child, x).items()}


def trees(golden):
    random = np.random.RandomState(4)
    logits = exact(random.normal(0, 2, (10, 7))).requires_grad_()
    soft = exact(torch.softmax(torch.from_numpy(random.normal(0, 1, (10, 7))), 1).numpy())
    golden.whole("tree/logits", logits)
    golden.whole("tree/targets", soft)
    for name, tree in (("binary", [[[0, 5], 2], [[1, 6], [4, 3]]]), ("wide", [[6, 1, 0], 2, [[5, 3], 4]]), ("flat", [0, 1, 2, 3, 4, 5, 6])):
        terms = []
        for x, t in zip(logits, soft):
            p = path_probabilities(tree, x)
            terms.append(-sum(t[k] * torch.log(p[k]) for k in range(7)))
        keep(golden, f"tree/{name}", mean(terms), logits)


def pairs(golden):
    """CS-KD: rows 0 and 1 have the same class, 2 and 3 do not, 4 and 5 do, 6 has no partner."""
    logits = exact(np.random.RandomState(5).normal(0, 3, (7, 5))).requires_grad_()
    labels = torch.tensor([3, 3, 0, 1, 2, 2, 4])
    golden.whole("pairs/logits", logits)
    golden.whole("pairs/labels", labels)
    temperature = 4.0
    terms = [F.kl_div(F.log_softmax(logits[[i]] / temperature, 1), torch.softmax(logits[[i + 1]].detach() / temperature, 1), reduction="batchmean") * temperature ** 2 for i in (0, 4)]
    keep(golden, "pairs", mean(terms), logits)


def teachers(golden):
    """Distillation from the mean of the probabilities of two teachers: T^2 KL(p || softmax(s / T)), with p the mean of the softmaxes of t / T."""
    random = np.random.RandomState(9)
    student = exact(random.normal(0, 3, (6, 5))).requires_grad_()
    outputs = [exact(random.normal(0, 3, (6, 5))) for _ in range(2)]
    golden.whole("teacher/student", student)
    for i, output in enumerate(outputs):
        golden.whole(f"teacher/{i}", output)
    for temperature in (1.0, 4.0):
        for count in (1, 2):
            p = mean([torch.softmax(output / temperature, 1) for output in outputs[:count]])
            keep(golden, f"teacher/{count}/{temperature}", nn.KLDivLoss(reduction="batchmean")(F.log_softmax(student / temperature, 1), p) * temperature ** 2, student)


def blocks(golden):
    """DropBlock: squares below and to the right of each corner."""
    random = np.random.RandomState(6)
    features = exact(random.normal(0, 1, (2, 3, 6, 7)))
    golden.whole("block/features", features)
    for side in (1, 2, 3, 6):
        corners = (random.uniform(0, 1, (2, 3, 6 - side + 1, 7 - side + 1)) < 0.15).astype(np.float32)
        kept = np.ones((2, 3, 6, 7))
        for n, c, y, x in zip(*np.nonzero(corners)):
            kept[n, c, y:y + side, x:x + side] = 0
        golden[f"block/{side}/corners"] = corners
        golden.whole(f"block/{side}/result", features * torch.from_numpy(kept) / kept.mean())


def own_teacher(golden):
    """BYOT with the small CIFAR ResNet of cifar-resnet-8.safetensors."""
    network = seeded(8, False, 1).train()
    torch.manual_seed(7)
    widths, alpha, temperature, beta = (16, 32, 64), 0.3, 3.0, 0.03
    images, labels = torch.randn(8, 3, 16, 16).double(), torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
    golden.whole("byot/images", images)
    golden.whole("byot/labels", labels)
    maps = network.stages(images)
    deep, teacher = maps[-1].mean((2, 3)), network.classify(maps)
    total, values = smooth(teacher, labels, 0.0), []
    exits = []
    for stage in (0, 1):
        layers = [layer for to in range(stage + 1, 3) for layer in (nn.Conv2d(widths[to - 1], widths[to], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[to]), nn.ReLU())]
        adapter, fc = nn.Sequential(*layers).double(), nn.Linear(64, 10).double()
        exits.append((stage, adapter, fc))
        for key, tensor in list(adapter.state_dict().items()) + [("fc." + key, tensor) for key, tensor in fc.state_dict().items()]:
            golden.whole(f"byot/exit/{stage}/{key}", tensor)
        f = adapter(maps[stage]).mean((2, 3))
        z = fc(f)
        p = torch.softmax(teacher.detach() / temperature, 1)
        terms = (smooth(z, labels, 0.0), -(p * torch.log_softmax(z / temperature, 1)).sum(1).mean(), mean([((a - b) ** 2).sum() for a, b in zip(f, deep.detach())]))
        values += terms
        total = total + (1 - alpha) * terms[0] + alpha * terms[1] + beta * terms[2]
    total.backward()
    golden.whole("byot/values", torch.stack(values))
    golden["byot/total"] = np.float64(total.item())
    for key in ("conv1.weight", "layer1.0.conv2.weight", "layer2.0.conv1.weight", "layer3.0.conv2.weight", "fc.weight"):
        golden.whole("byot/gradient/" + key, dict(network.named_parameters())[key].grad)
    for stage, adapter, fc in exits:
        golden.whole(f"byot/exit-gradient/{stage}", fc.weight.grad)
        golden.whole(f"byot/adapter-gradient/{stage}", adapter[0].weight.grad)


def schedules(golden):
    """PyTorch's one-cycle and polynomial schedules over 1000 steps, as factors of the base rate."""
    def factors(make):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
        schedule, values = make(optimizer), []
        for _ in range(1000):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step() if len(values) < 1000 else None
        return np.array(values)
    golden["schedule/one-cycle"] = factors(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=1000))
    golden["schedule/polynomial"] = factors(lambda optimizer: torch.optim.lr_scheduler.PolynomialLR(optimizer, 1000, power=2.0))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    torch.set_num_threads(1)
    golden = Golden()
    for make in (losses, centers, hierarchies, trees, pairs, teachers, blocks, own_teacher, schedules):
        make(golden)
    tensorfile.write(os.path.join(FOLDER, "losses.safetensors"), golden)
    # Moments of Beta(a, a): variance 1 / (4 (2 a + 1)), fourth central moment 3 / (16 (2 a + 1) (2 a + 3)).
    for a in (0.001, 0.2, 1, 5):
        print(f"[InlineData({a}, {1 / (4 * (2 * a + 1)):.10g}, {3 / (16 * (2 * a + 1) * (2 * a + 3)):.10g})]")

"""Writes methods/methods.safetensors: other readings of the papers' losses, AugMask and intra-class patch swap, in double precision, with autograd's gradients.

    python3 make_methods.py

Implemented from the papers and from the definitions of lorenzobrigato/gem, image by image or patch by patch instead of by batch, independently of the library.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import tensorfile
from make_losses import exact, keep, leaves, mean
from make_network import Golden, seeded
from streams import Stream

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "methods")


def positive_class_on_logits(golden):
    """gem: - log sigmoid(z_y) + 1 - z_y / |z|; with a distribution as target, the sum over its classes and the cosine with it."""
    random = np.random.RandomState(21)
    logits = exact(random.normal(0, 2, (12, 7))).requires_grad_()
    labels = torch.from_numpy(random.randint(0, 7, 12))
    golden.whole("pcl/logits", logits)
    golden.whole("pcl/hard", F.one_hot(labels, 7).double())
    soft = exact(torch.softmax(torch.from_numpy(random.normal(0, 1, (12, 7))), 1).numpy())
    golden.whole("pcl/soft", soft)
    keep(golden, "pcl/hard-loss", mean([-F.logsigmoid(z[y]) + 1 - z[y] / z.norm() for z, y in zip(logits, labels)]), logits)
    terms = [-sum(t[k] * torch.log(torch.sigmoid(z[k])) for k in range(7)) + 1 - t.dot(z) / (t.norm() * z.norm()) for z, t in zip(logits, soft)]
    keep(golden, "pcl/soft-loss", mean(terms), logits)


def nodes_of(tree):
    """All nodes but the root, as lists of leaves."""
    return [] if isinstance(tree, int) else [node for child in tree for node in [leaves(child)] + nodes_of(child)]


def inner_products(golden):
    """Equation 7: a bias-free classifier has <w_leaf, x> = z_leaf; the weight of an inner node is the mean of those of its leaves."""
    random = np.random.RandomState(22)
    x = exact(random.normal(0, 1, (6, 5))).requires_grad_()
    w = exact(random.normal(0, 1, (7, 5)))
    soft = exact(torch.softmax(torch.from_numpy(random.normal(0, 1, (6, 7))), 1).numpy())
    golden.whole("tree/x", x)
    golden.whole("tree/w", w)
    golden.whole("tree/targets", soft)
    for name, tree in (("binary", [[[0, 5], 2], [[1, 6], [4, 3]]]), ("wide", [[6, 1, 0], 2, [[5, 3], 4]])):
        terms = []
        for row, t in zip(x, soft):
            scores = torch.stack([sum(w[node].mean(0).dot(row) for node in nodes_of(tree) if leaf in node) for leaf in range(7)])
            terms.append(-(t * torch.log_softmax(scores, 0)).sum())
        keep(golden, f"tree/{name}", mean(terms), x)


def centers(golden):
    random = np.random.RandomState(23)
    labels = torch.tensor([3, 1, 3, 0, 1, 3])
    golden.whole("center/labels", labels)
    x = exact(random.normal(1, 2, (6, 4))).requires_grad_()
    golden.whole("center/embedding", x)
    # With the gradient of the centers, which is 0: the library detaches them.
    batch = {y: mean([x[i] for i in range(6) if labels[i] == y]) for y in labels.tolist()}
    keep(golden, "center/batch", mean([((x[i] - batch[labels[i].item()]) ** 2).sum() / 2 for i in range(6)]), x)
    c = exact(random.normal(0, 1, (5, 4)))
    golden.whole("center/centers", c)
    # gem: 0.5 (2 - 2 cos).
    keep(golden, "center/normalized", mean([0.5 * (2 - 2 * F.cosine_similarity(x[i], c[labels[i]], 0)) for i in range(6)]), x)


def paste(images, other, patches, grid):
    """Replaces patches of an image [C,H,W] by those of another, patch by patch; pixel y is in row floor(y grid / H)."""
    result = images.clone()
    _, height, width = images.shape
    for y in range(height):
        for x in range(width):
            if patches[y * grid // height][x * grid // width]:
                result[:, y, x] = other[:, y, x]
    return result


def augmask(golden):
    network = seeded(8, False, 1).train()
    torch.manual_seed(8)
    images, labels = torch.randn(4, 3, 16, 16).double(), torch.tensor([3, 1, 4, 1])
    images = images.float().double()
    golden.whole("augmask/images", images)
    golden.whole("augmask/labels", labels)
    stream, grid = Stream(7, "augmask"), 7
    masked = []
    for image in images:
        removed = set(stream.permutation(grid * grid)[:24])
        masked.append(paste(image, torch.zeros_like(image), [[row * grid + column in removed for column in range(grid)] for row in range(grid)], grid))
    logits = network(images)
    sub = network(torch.stack(masked))
    terms = [F.cross_entropy(logits, labels), F.cross_entropy(sub, torch.softmax(logits.detach(), 1))]
    (sum(terms) / 2).backward()
    golden.whole("augmask/losses", torch.stack(terms))
    golden["augmask/total"] = np.float64((sum(terms) / 2).item())
    for key in ("conv1.weight", "layer2.0.conv1.weight", "layer3.0.conv2.weight", "fc.weight"):
        golden.whole("augmask/gradient/" + key, dict(network.named_parameters())[key].grad)
    for key in ("bn1.running_mean", "layer3.0.bn2.running_var"):
        golden.whole("augmask/after/" + key, network.state_dict()[key])


def patch_swap(golden):
    """Rows 0 and 1 have the same class, 2 and 3 do not, 4 and 5 do, 6 has no partner."""
    random = np.random.RandomState(24)
    images = exact(random.normal(0, 1, (7, 3, 6, 10)))
    labels = torch.tensor([3, 3, 0, 1, 2, 2, 4])
    logits = exact(random.normal(0, 3, (7, 5))).requires_grad_()
    for name, tensor in (("images", images), ("labels", labels), ("logits", logits)):
        golden.whole(f"swap/{name}", tensor)
    stream, grid, probability, ratio = Stream(7, "intra-class-patch-swap"), 4, 0.5, 0.5
    result = images.clone()
    for pair in range(3):
        chosen = ratio if stream.uniform() < probability else 0
        patches = [[stream.uniform() < chosen for _ in range(grid)] for _ in range(grid)]
        a, b = 2 * pair, 2 * pair + 1
        if labels[a] == labels[b]:
            result[a], result[b] = paste(images[a], images[b], patches, grid), paste(images[b], images[a], patches, grid)
    assert not torch.equal(result, images)
    golden.whole("swap/result", result)
    temperature, terms = 4.0, []
    for a, b in ((0, 1), (4, 5)):
        term = 0
        for one, other in ((a, b), (b, a)):
            p = torch.softmax(logits[[other]].detach() / temperature, 1)
            term = term + F.kl_div(F.log_softmax(logits[[one]] / temperature, 1), p, reduction="batchmean") * temperature ** 2
        terms.append(term)
    keep(golden, "swap/divergence", mean(terms), logits)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    torch.set_num_threads(1)
    golden = Golden()
    for make in (positive_class_on_logits, inner_products, centers, augmask, patch_swap):
        make(golden)
    tensorfile.write(os.path.join(FOLDER, "methods.safetensors"), golden)

"""Prints the exact moments of the random boxes on some feature maps, for CutMixBoxTests.cs, and the table of each reading of Feature Mining's equation 1, for BoxRuleTests.cs.

    python3 make_boxes.py

lambda ~ U(0,1) gives u = sqrt(1 - lambda) with P(u < t) = t^2. Width and height share u; given u, the two axes are independent. Nothing is sampled.

CutMix: on a map of width W the half size of the box is a = floor(W u) // 2; its center c is uniform on 0 .. W-1. The box is clipped to [max(c - a, 0), min(c + a, W)). u runs over the
intervals on which both half sizes are constant.

Rounded: the center c is uniform on [0, W); the edges c - W u / 2 and c + W u / 2 are clipped to [0, W] and rounded to the nearest integer. For a given u the box is constant between the
centers at which an edge passes a half; u is integrated by the midpoint rule.

Inside: the length is floor(W u) or one more, with mean W u; the place is uniform among those on the map. InsideProper: at least 1 long; a full box loses its last row or column, each with
probability 1/2. Given the two integer lengths, everything is enumerated; u is integrated by the midpoint rule.
"""
from fractions import Fraction as Q
from math import floor


def axis(size, half):
    """First and second moment of the length, and the mean of twice the middle of nonempty boxes (half > 0), over all centers."""
    boxes = [(max(c - half, 0), min(c + half, size)) for c in range(size)]
    lengths = [right - left for left, right in boxes]
    return (Q(sum(lengths), size), Q(sum(l * l for l in lengths), size), Q(sum(left + right for left, right in boxes), 2 * size))


def law(width, height):
    cuts = sorted({Q(i, width) for i in range(width + 1)} | {Q(i, height) for i in range(height + 1)})
    total = dict.fromkeys(("width", "width2", "height", "height2", "area", "area2", "empty", "middle_x", "middle_y"), Q(0))
    for low, high in zip(cuts, cuts[1:]):
        p = high * high - low * low
        half_width, half_height = int(width * low) // 2, int(height * low) // 2
        (w, w2, x), (h, h2, y) = axis(width, half_width), axis(height, half_height)
        for name, value in (("width", w), ("width2", w2), ("height", h), ("height2", h2), ("area", w * h), ("area2", w2 * h2),
                            ("empty", Q(half_width == 0 or half_height == 0)), ("middle_x", x), ("middle_y", y)):
            total[name] += p * value
    return total


for width, height in ((8, 8), (16, 16), (32, 16), (7, 5), (2, 9)):
    moments = law(width, height)
    print(f"[InlineData({width}, {height}, " + ", ".join(f"{float(value):.10g}" for value in moments.values()) + ")]")


INTERVALS = 1680  # of u: a multiple of all sizes below, so that lengths change only between intervals; the error is about 1e-6


def cutmix_axis(size, u):
    """(probability, from, to) of each interval that the box can have on an axis."""
    half = int(size * u) // 2
    return [(1 / size, max(c - half, 0), min(c + half, size)) for c in range(size)]


def rounded_axis(size, u):
    half = size * u / 2
    cuts = {0.0, float(size)}
    for i in range(size + 1):
        cuts |= {i + 0.5 + half, i + 0.5 - half}
    cuts = sorted(c for c in cuts if 0 <= c <= size)
    boxes = []
    for low, high in zip(cuts, cuts[1:]):
        c = (low + high) / 2
        boxes.append(((high - low) / size, floor(max(c - half, 0) + 0.5), floor(min(c + half, size) + 0.5)))
    return boxes


def lengths(size, u):
    low = int(size * u)
    up = size * u - low
    return [(1 - up, low), (up, low + 1)] if up else [(1.0, low)]


def places(size, length):
    return [(1 / (size - length + 1), left, left + length) for left in range(size - length + 1)]


def boxes(rule, width, height, u):
    """(probability, intervals of columns, intervals of rows): given that, the two axes are independent."""
    if rule in ("CutMix", "Rounded"):
        axis = cutmix_axis if rule == "CutMix" else rounded_axis
        return [(1.0, axis(width, u), axis(height, u))]
    result = []
    for p, w in lengths(width, u):
        for q, h in lengths(height, u):
            sizes = [(1.0, w, h)]
            if rule == "InsideProper":
                w1, h1 = max(w, 1), max(h, 1)
                sizes = [(1.0, w1, h1)]
                if (w1, h1) == (width, height) and width * height > 1:
                    sizes = [(1.0, w1 - 1, h1)] if height == 1 else [(1.0, w1, h1 - 1)] if width == 1 else [(0.5, w1 - 1, h1), (0.5, w1, h1 - 1)]
            result += [(p * q * r, places(width, columns), places(height, rows)) for r, columns, rows in sizes]
    return result


def table(rule, width, height):
    """Mean share, share of empty and of full boxes, and the mean of the mask in each column."""
    share = empty = full = 0.0
    columns = [0.0] * width
    for i in range(INTERVALS):
        u = (i + 0.5) / INTERVALS
        for p, across, down in boxes(rule, width, height, u):
            p *= 2 * u / INTERVALS
            rows = sum(q * (to - start) for q, start, to in down) / height
            share += p * rows * sum(q * (to - start) for q, start, to in across) / width
            empty += p * (1 - sum(q for q, start, to in across if to > start) * sum(q for q, start, to in down if to > start))
            full += p * sum(q for q, start, to in across if to - start == width) * sum(q for q, start, to in down if to - start == height)
            for x in range(width):
                columns[x] += p * rows * sum(q for q, start, to in across if start <= x < to)
    return [share, empty, full, *columns]


def number(value):
    text = f"{round(value, 9):.6g}"
    return text if "." in text else f"{text}.0"


for rule in ("CutMix", "Rounded", "Inside", "InsideProper"):
    for width, height in ((16, 16), (8, 8), (7, 7), (4, 4), (2, 2), (5, 3), (3, 1)):
        print(f"[InlineData(BoxRule.{rule}, {width}, {height}, " + ", ".join(map(number, table(rule, width, height))) + ")]")

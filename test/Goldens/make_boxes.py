"""Prints the exact moments of Feature Mining's random box on some feature maps, for CutMixBoxTests.cs.

    python3 make_boxes.py

lambda ~ U(0,1) gives u = sqrt(1 - lambda) with P(u < t) = t^2. On a map of width W the half size of the box is a = floor(W u) // 2; its center c is uniform on 0 .. W-1. The box is
clipped to [max(c - a, 0), min(c + a, W)). Width and height share u; the centers are independent. Nothing is sampled: u runs over the intervals on which both half sizes are constant.
"""
from fractions import Fraction as Q


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

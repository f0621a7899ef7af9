"""Tables of experiments: summary.py METRIC OUT NAME... reads OUT/NAME-seed-*.json and prints n, mean and standard deviation of a metric, and Student's t test of independent samples
(two-sided, equal variances) against the first NAME. METRIC, in percent, is one of the test's, or highest: validation accuracy of the best epoch, or training: accuracy of the last one."""
import glob
import json
import math
import sys


def beta_fraction(a, b, x):
    """The continued fraction of the incomplete beta function (Lentz's method)."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 300):
        for numerator in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d, c = 1 / (1 + numerator * d), 1 + numerator / c
            h *= d * c
    return h


def incomplete_beta(a, b, x):
    if x in (0, 1):
        return x
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x))
    return front * beta_fraction(a, b, x) / a if x < (a + 1) / (a + b + 2) else 1 - front * beta_fraction(b, a, 1 - x) / b


def mean(values):
    return sum(values) / len(values)


def squares(values):
    return sum((value - mean(values)) ** 2 for value in values)


def p_value(one, other):
    freedom = len(one) + len(other) - 2
    spread = squares(one) + squares(other)
    if min(len(one), len(other)) < 2 or spread == 0:
        return None
    t2 = (mean(one) - mean(other)) ** 2 / (spread / freedom * (1 / len(one) + 1 / len(other)))
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t2))


def value(report, metric):
    if metric == "highest":
        return max(epoch["validation_accuracy"] for epoch in report["history"])
    return report["history"][-1]["train_accuracy"] if metric == "training" else report["test"][metric]


def main():
    metric, out, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    first = None
    print(f"| | n | {metric} | sd | p |\n|---|---|---|---|---|")
    for name in names:
        reports = [json.load(open(path, encoding="utf-8")) for path in sorted(glob.glob(f"{glob.escape(out)}/{name}-seed-*.json"))]
        values = [100 * value(report, metric) for report in reports]
        if not values:
            continue
        first = first or values
        p = None if first is values else p_value(first, values)
        sd = math.sqrt(squares(values) / (len(values) - 1)) if len(values) > 1 else 0
        print(f"| {name} | {len(values)} | {mean(values):.2f} | {sd:.2f} | {'' if p is None else f'{p:.3f}'} |")


if __name__ == "__main__":
    # Closed forms: with one degree of freedom Student's t is Cauchy's law, with two it is algebraic.
    assert abs(incomplete_beta(0.5, 0.5, 1 / (1 + 1)) - 0.5) < 1e-12
    assert abs(incomplete_beta(1, 0.5, 2 / (2 + 4)) - (1 - 2 / math.sqrt(6))) < 1e-12
    main()

#!/usr/bin/env python3
"""growth.py GROWTH.csv PLOT.svg : draws what `Benchmarks growth` printed: one panel for each quantity that grows, both axes logarithmic."""
import csv
import math
import sys

COLORS = {"fit_s": "#1f77b4", "score_s": "#d95f02", "peak_mib": "#4d4d4d"}
NAMES = {"fit_s": "Fit, s", "score_s": "scoring, s", "peak_mib": "peak memory, MiB"}
LABELS = {"pixels": "height and width"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 250, 200, 50, 46, 64


def ticks(low, high):
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def main(source, target):
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if "," in line))
    axes = list(dict.fromkeys(row["axis"] for row in rows))
    total_width, total_height = len(axes) * (WIDTH + GAP) + LEFT, HEIGHT + 2 * TOP + 24
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" font-family="sans-serif" font-size="12">']
    svg.append(f'<rect width="{total_width}" height="{total_height}" fill="white"/>')
    for i, (column, name) in enumerate(NAMES.items()):
        svg.append(f'<text x="{LEFT + 150 * i + 16}" y="18">{name}</text><circle cx="{LEFT + 150 * i + 6}" cy="14" r="4" fill="{COLORS[column]}"/>')
    for i, axis in enumerate(axes):
        points = [row for row in rows if row["axis"] == axis and row["value"] != "exponent"]
        exponents = next(row for row in rows if row["axis"] == axis and row["value"] == "exponent")
        xs = [float(row["value"]) for row in points]
        marks = ticks(min(float(row[column]) for row in points for column in NAMES), max(float(row[column]) for row in points for column in NAMES))
        x0, y0 = LEFT + i * (WIDTH + GAP), TOP

        def at(x, y):
            across = math.log(x / xs[0]) / math.log(xs[-1] / xs[0])
            up = math.log(y / marks[0]) / math.log(marks[-1] / marks[0])
            return x0 + across * WIDTH, y0 + (1 - up) * HEIGHT

        svg.append(f'<rect x="{x0}" y="{y0}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>')
        for mark in marks:
            y = at(xs[0], mark)[1]
            svg.append(f'<line x1="{x0}" x2="{x0 + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e5e5"/>')
            svg.append(f'<text x="{x0 - 4}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
        for x in xs:
            svg.append(f'<text x="{at(x, marks[0])[0]:.1f}" y="{y0 + HEIGHT + 15}" text-anchor="middle">{x:,.0f}</text>')
        for column in NAMES:
            line = [at(x, float(row[column])) for x, row in zip(xs, points)]
            svg.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line)}" fill="none" stroke="{COLORS[column]}" stroke-width="2"/>')
            svg += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLORS[column]}"/>' for x, y in line]
        slopes = ", ".join(exponents[column] for column in NAMES)
        svg.append(f'<text x="{x0 + WIDTH / 2}" y="{y0 + HEIGHT + 36}" text-anchor="middle">{LABELS.get(axis, axis)} (exponents {slopes})</text>')
    svg.append("</svg>")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(svg) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

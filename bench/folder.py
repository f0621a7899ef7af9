#!/usr/bin/env python3
"""Compares ways from a folder of images to a classifier, on the same splits, interleaved.

    python3 bench/folder.py IMAGES TRAIN_PER_CLASS [--seeds 4] [--json FILE]

Other contestants: --contestants fast all-layers, which trains all layers for 4 epochs at 224 pixels after fitting the head.

IMAGES has one folder per class. For each seed, TRAIN_PER_CLASS images of each class are drawn for training; the others are for testing. Contestants: ML.NET's
DnnFeaturizeImage and SdcaMaximumEntropy (bench/DnnFeaturizer), `train --effort fast`, and `train --effort balanced`. Prints test accuracy in percent, wall and
CPU seconds of the whole process (mean and standard deviation over the seeds), and the paired differences from the first contestant. Build first:
dotnet build src/Samples -c Release && dotnet build bench/DnnFeaturizer -c Release
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def program(path, name):
    return ["dotnet", os.path.join(ROOT, path, "bin/Release/net10.0", name + ".dll")]


def split(images, per_class, seed, folder):
    draw = random.Random(seed)
    for label in sorted(os.listdir(images)):
        source = os.path.join(images, label)
        if not os.path.isdir(source):
            continue
        files = sorted(os.listdir(source))
        draw.shuffle(files)
        for i, name in enumerate(files):
            target = os.path.join(folder, "train" if i < per_class else "test", label)
            os.makedirs(target, exist_ok=True)
            os.symlink(os.path.realpath(os.path.join(source, name)), os.path.join(target, name))


def run(command):
    began = time.time()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{text}")
    return text, time.time() - began, usage.ru_utime + usage.ru_stime


def mlnet(folder, seed):
    text, wall, cpu = run(program("bench/DnnFeaturizer", "DnnFeaturizer") + [folder + "/train", folder + "/test", str(seed)])
    return 100 * json.loads(text.strip().splitlines()[-1])["accuracy"], wall, cpu


def ours(*options):
    def contestant(folder, seed):
        report = os.path.join(folder, "report.json")
        _, wall, cpu = run(program("src/Samples", "Samples") + ["train", "--images", folder + "/train", "--test-images", folder + "/test", *options,
                                                                "--seed", str(seed), "--no-model", "--report", report])
        with open(report) as file:
            return 100 * json.load(file)["test"]["micro_accuracy"], wall, cpu
    return contestant


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("train_per_class", type=int)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--json")
    parser.add_argument("--contestants", nargs="+", default=["ML.NET", "fast", "balanced"])
    arguments = parser.parse_args()
    everyone = {"ML.NET": mlnet, "fast": ours("--effort", "fast"), "balanced": ours("--effort", "balanced"),
                "all-layers": ours("--epochs", "4", "--size", "224", "--keep", "Last")}
    contestants = {name: everyone[name] for name in arguments.contestants}
    first = arguments.contestants[0]
    results = {name: [] for name in contestants}
    for seed in range(1, arguments.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            split(arguments.images, arguments.train_per_class, seed, folder)
            for name, contestant in contestants.items():
                results[name].append(contestant(folder, seed))
                print(f"seed {seed} {name}: {results[name][-1][0]:.2f} %, {results[name][-1][1]:.1f} s, {results[name][-1][2]:.1f} CPU s", flush=True)
    print(f"\n| | n | accuracy | wall s | CPU s | difference |\n|---|---|---|---|---|---|")
    for name, runs in results.items():
        columns = [f"{statistics.mean(column):.2f} ({statistics.stdev(column):.2f})" if len(column) > 1 else f"{column[0]:.2f}" for column in zip(*runs)]
        gains = [own[0] - other[0] for own, other in zip(runs, results[first])]
        error = f" ± {statistics.stdev(gains) / len(gains) ** 0.5:.2f}" if len(gains) > 1 else ""
        print(f"| {name} | {len(runs)} | {' | '.join(columns)} | {'' if name == first else f'{statistics.mean(gains):+.2f}{error}'} |")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares ways from a folder of images to a classifier, on the same splits, interleaved.

    python3 bench/folder.py IMAGES TRAIN_PER_CLASS [--test-per-class N] [--classes N] [--seeds 4] [--log FILE]

IMAGES has one folder per class, or is a binary file of CIFAR-100. For each seed, TRAIN_PER_CLASS images of each class are drawn for training; the others, or N of
them, are for testing; --classes takes the first classes only. Contestants: ML.NET's DnnFeaturizeImage and SdcaMaximumEntropy (bench/DnnFeaturizer), `train --effort
fast`, and `train --effort balanced`. Prints test accuracy in percent, wall and CPU seconds of the whole process (mean and standard deviation over the seeds), and
the paired differences from the first contestant. Runs that are in the log are not repeated. Build first:
dotnet build src/Samples -c Release && dotnet build bench/DnnFeaturizer -c Release

    python3 bench/folder.py IMAGES TRAIN_PER_CLASS --contestants head all-layers mixup ... --size 96 --epochs 4

compares additions to fine-tuning: after a linear head is fitted, all layers are trained for --epochs at --size pixels, alone (all-layers) or with one addition.

    python3 bench/folder.py IMAGES TRAIN_PER_CLASS --contestants plain mirrored larger

compares ways to fit the head: to the images at the size of the weights, also to their mirror images, at 288 pixels, and (multi-stage) to features of two stages.
SAMPLES="dotnet PATH/Samples.dll" runs another build of the program.
"""
import argparse
import json
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def program(path, name):
    return ["dotnet", os.path.join(ROOT, path, "bin/Release/net10.0", name + ".dll")]


def png(pixels, side):
    """A PNG file of planar RGB bytes."""
    plane = side * side
    rows = b"".join(b"\0" + bytes(pixels[c * plane + y * side + x] for x in range(side) for c in range(3)) for y in range(side))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks)


def unpack_cifar100(file, classes, folder):
    with open(file, "rb") as stream:
        number = 0
        while record := stream.read(3074):
            if record[1] < classes:
                os.makedirs(os.path.join(folder, f"{record[1]:02}"), exist_ok=True)
                with open(os.path.join(folder, f"{record[1]:02}", f"{number:05}.png"), "wb") as image:
                    image.write(png(record[2:], 32))
            number += 1


def split(images, classes, per_class, test_per_class, seed, folder):
    draw = random.Random(seed)
    for label in [name for name in sorted(os.listdir(images)) if os.path.isdir(os.path.join(images, name))][:classes]:
        source = os.path.join(images, label)
        if os.path.isdir(os.path.join(source, "images")):
            source = os.path.join(source, "images")
        files = sorted(os.listdir(source))
        draw.shuffle(files)
        for i, name in enumerate(files[: test_per_class and per_class + test_per_class]):
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
        samples = os.environ["SAMPLES"].split() if "SAMPLES" in os.environ else program("src/Samples", "Samples")
        _, wall, cpu = run(samples + ["train", "--images", folder + "/train", "--test-images", folder + "/test", *options,
                                       "--seed", str(seed), "--no-model", "--report", report])
        with open(report) as file:
            return 100 * json.load(file)["test"]["micro_accuracy"], wall, cpu
    return contestant


ADDED = {
    "head": ["--epochs", "0"],
    "all-layers": [],
    "lr-1e-4": ["--lr", "0.0001"],
    "label-smoothing": ["--label-smoothing", "0.1"],
    "mixup": ["--strategy", "mixup:Alpha=0.2"],
    "trivial-augment": ["--augment", "trivial-augment"],
    "feature-mining": ["--stages", "1"],
}


# Ways to fit the head alone.
HEADS = {
    "plain": ["--head", "linear"],
    "mirrored": ["--head", "linear", "--set", "FineTuning.FitHeadMirrored=true", "--set", "TestTimeAugmentation=Flip"],
    "larger": ["--head", "linear", "--size", "288"],
    "multi-stage": ["--head", "multi-stage"],
    "multi-stage-mirrored": ["--head", "multi-stage", "--set", "FineTuning.FitHeadMirrored=true", "--set", "TestTimeAugmentation=Flip"],
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("train_per_class", type=int)
    parser.add_argument("--test-per-class", type=int)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--size", default="224")
    parser.add_argument("--epochs", default="4")
    parser.add_argument("--log")
    parser.add_argument("--contestants", nargs="+", default=["ML.NET", "fast", "balanced"])
    arguments = parser.parse_args()
    everyone = {"ML.NET": mlnet, "fast": ours("--effort", "fast"), "balanced": ours("--effort", "balanced")}
    for name, options in ADDED.items():
        everyone[name] = ours("--head", "linear", "--size", arguments.size, "--keep", "Last", *options, *([] if "--epochs" in options else ["--epochs", arguments.epochs]))
    for name, options in HEADS.items():
        everyone[name] = ours("--effort", "fast", *options)
    contestants = {name: everyone[name] for name in arguments.contestants}
    first = arguments.contestants[0]
    results = {}
    # Results of other settings in the same log are not those of this run.
    settings = {name: getattr(arguments, name) for name in ("images", "train_per_class", "test_per_class", "classes", "size", "epochs")}
    if arguments.log and os.path.exists(arguments.log):
        with open(arguments.log) as log:
            entries = [json.loads(line) for line in log]
        results = {(entry["seed"], entry["contestant"]): tuple(entry["result"]) for entry in entries if entry.get("settings") == settings}
    with tempfile.TemporaryDirectory() as unpacked:
        images = arguments.images
        if os.path.isfile(images):
            unpack_cifar100(images, min(arguments.classes, 100), unpacked)
            images = unpacked
        for seed in range(1, arguments.seeds + 1):
            with tempfile.TemporaryDirectory() as folder:
                split(images, arguments.classes, arguments.train_per_class, arguments.test_per_class, seed, folder)
                for name, contestant in contestants.items():
                    if (seed, name) in results:
                        continue
                    results[seed, name] = contestant(folder, seed)
                    accuracy, wall, cpu = results[seed, name]
                    print(f"seed {seed} {name}: {accuracy:.2f} %, {wall:.1f} s, {cpu:.1f} CPU s", flush=True)
                    if arguments.log:
                        with open(arguments.log, "a") as log:
                            log.write(json.dumps({"seed": seed, "contestant": name, "settings": settings, "result": results[seed, name]}) + "\n")
    print("\n| | n | accuracy | wall s | CPU s | difference |\n|---|---|---|---|---|---|")
    for name in contestants:
        runs = [results[seed, name] for seed in range(1, arguments.seeds + 1)]
        columns = [f"{statistics.mean(column):.2f} ({statistics.stdev(column):.2f})" if len(column) > 1 else f"{column[0]:.2f}" for column in zip(*runs)]
        gains = [run[0] - results[seed, first][0] for seed, run in enumerate(runs, 1)]
        error = f" ± {statistics.stdev(gains) / len(gains) ** 0.5:.2f}" if len(gains) > 1 else ""
        print(f"| {name} | {len(runs)} | {' | '.join(columns)} | {'' if name == first else f'{statistics.mean(gains):+.2f}{error}'} |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""start.py MODEL IMAGE FOLDER... : seconds of `predict` of one image in a process of its own, of the program published in each FOLDER (default: published here, without and with
ReadyToRun). The programs take turns; prints the median and the quartiles of 15 turns."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

TURNS = 15


def published(*settings):
    folder = tempfile.mkdtemp()
    project = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "Samples")
    subprocess.run(
        ["dotnet", "publish", project, "-c", "Release", "-r", "linux-x64", "--no-self-contained", "-o", folder, "-v", "quiet", *settings], check=True
    )
    return folder


def main(model, image, *folders):
    programs = dict.fromkeys(folders) if folders else {"published": published(), "with ReadyToRun": published("-p:PublishReadyToRun=true")}
    seconds = {name: [] for name in programs}
    for turn in range(TURNS + 1):
        for name, folder in programs.items():
            began = time.perf_counter()
            subprocess.run(["dotnet", os.path.join(folder or name, "Samples.dll"), "predict", "--model", model, image], check=True, stdout=subprocess.DEVNULL)
            if turn > 0:
                seconds[name].append(time.perf_counter() - began)
    for name, times in seconds.items():
        low, middle, high = statistics.quantiles(times, n=4)
        print(f"{name}: {middle:.2f} s ({low:.2f} - {high:.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""start.py MODEL IMAGE : seconds of `predict` of one image in a process of its own, of the program published without and with ReadyToRun. The two take turns; prints the median and the
quartiles of 15 turns, after one that does not count."""
import os
import statistics
import sys
import tempfile

from services import publish, timed

TURNS = 15


def main(model, image):
    with tempfile.TemporaryDirectory() as folder:
        programs = {"published": [], "with ReadyToRun": ["-p:PublishReadyToRun=true"]}
        for name, settings in programs.items():
            publish("src/Samples", os.path.join(folder, name), *settings)
        seconds = {name: [] for name in programs}
        for _ in range(TURNS + 1):
            for name, times in seconds.items():
                times.append(timed(["dotnet", os.path.join(folder, name, "Samples.dll"), "predict", "--model", model, image]))
    for name, times in seconds.items():
        low, middle, high = statistics.quantiles(times[1:], n=4)
        print(f"{name}: {middle:.2f} s ({low:.2f} - {high:.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How long a run of `reproduce --scale small` takes: row-times.py [OPTION...] trains two epochs of each row of the papers' tables, alone on two threads, and prints what its whole course
would take in seconds, the longest first: the rest of the program, the first epoch, and the second one as often as there are epochs left. The options are those of reproduce that name data
sets, and --rows. Rows that differ by the seed or by switch_epoch are taken once, without patches, whose epochs take longer where there are more of them than images. SAMPLES names another program."""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

PAPERS = ["feature-mining", "split-and-share", "visual-inductive-priors", "patch-training"]
SAMPLES = shlex.split(os.environ.get("SAMPLES", "dotnet run -c Release --project src/Samples --"))


def rows(options):
    """The commands of all rows, each once, and where it is first found."""
    found = {}
    for paper in PAPERS:
        listing = subprocess.run([*SAMPLES, "reproduce", paper, "--scale", "small", "--seeds", "1", "--dry-run", *options], check=True, capture_output=True, text=True).stdout
        title = ""
        for line in listing.splitlines():
            if line.startswith("# "):
                title = line[2:]
            elif " train " in line:
                found.setdefault(re.sub(r"SwitchEpoch=\d+", "SwitchEpoch=0", line[line.index(" train ") + 1 :]), title)
    return found


def seconds(command, folder):
    """What the whole course of a command would take."""
    epochs = int(re.search(r"--epochs (\d+)", command).group(1))
    report = os.path.join(folder, "report.json")
    began = time.monotonic()
    subprocess.run([*SAMPLES, *shlex.split(command.replace(f"--epochs {epochs}", "--epochs 2")), "--threads", "2", "--no-model", "--report", report], check=True, capture_output=True, text=True)
    took = time.monotonic() - began
    with open(report, encoding="utf-8") as text:
        courses = json.load(text)
    return took + sum(course[-1]["seconds"] * (epochs - 2) for course in (courses["history"], courses.get("earlier_history")) if course)


def main(options):
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for command, title in rows(options).items():
            measured.append((seconds(command, folder), title, command))
            print(f"{len(measured)} {measured[-1][0]:.0f} s", file=sys.stderr, flush=True)
    for took, title, command in sorted(measured, reverse=True):
        print(f"{took:.0f} s\t{title}\t{command}")


main(sys.argv[1:])

"""survivors.py REPORT.json: the changes of a Stryker report that no test noticed, and the score of each file. Changes of strings do not count."""

import json
import sys
from collections import Counter

NOTICED = ("Killed", "Timeout")
MISSED = ("Survived", "NoCoverage")


def main(path):
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["files"]
    total = Counter()
    for name, content in sorted(files.items()):
        mutants = [m for m in content["mutants"] if m["status"] in NOTICED + MISSED and m["mutatorName"] != "String mutation"]
        if not mutants:
            continue
        lines = content["source"].splitlines()
        counts = Counter(m["status"] for m in mutants)
        total.update(counts)
        print(f"{name}: {score(counts)}")
        for mutant in mutants:
            if mutant["status"] in MISSED:
                line = mutant["location"]["start"]["line"]
                change = " ".join(mutant["replacement"].split())[:120]
                print(f"  {line}: {mutant['status']}, {mutant['mutatorName']}: {lines[line - 1].strip()[:120]}  ->  {change}")
    print(f"all: {score(total)}")


def score(counts):
    noticed = sum(counts[status] for status in NOTICED)
    every = max(1, sum(counts.values()))
    return f"{noticed} of {every} noticed ({100 * noticed / every:.0f} %)"


main(sys.argv[1])

#!/usr/bin/env bash
# ranks.sh CIFAR [NETWORK...] : what data-parallel training costs. Steps of two batches of 64 images (CIFAR-100, 20 per class, 2 epochs): one process with one thread, two processes
# with one thread each (mpirun), and one process with two threads; taking turns, ROUNDS (3) times. CIFAR holds train.bin. Prints the seconds of the second epoch (median) and the
# efficiency of two processes: half the time of one process, divided by theirs.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
cifar=$1
shift
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
samples=${SAMPLES:-dotnet src/Samples/bin/Release/net10.0/Samples.dll}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for network in "${@:-cifar-resnet-20}"; do
  fit=(train --cifar100 "$cifar/train.bin" --samples-per-class 20 --epochs 2 --batch 64 --grad-accum-steps 2 --backbone "$network" --no-model --test-fraction 0)
  for round in $(seq 1 "${ROUNDS:-3}"); do
    $samples "${fit[@]}" --threads 1 --report "$out/one-$round.json" > /dev/null
    mpirun -n 2 --bind-to none $samples "${fit[@]}" --threads 1 --report "$out/two-$round.json" > /dev/null
    $samples "${fit[@]}" --threads 2 --report "$out/threads-$round.json" > /dev/null
  done
  python3 - "$out" "$network" <<'PYTHON'
import glob, json, statistics, sys
out, network = sys.argv[1:]
seconds = {name: statistics.median(json.load(open(path))["history"][-1]["seconds"] for path in glob.glob(f"{out}/{name}-*.json")) for name in ("one", "two", "threads")}
print(f"| {network} | {seconds['one']:.2f} | {seconds['two']:.2f} | {seconds['one'] / 2 / seconds['two']:.2f} | {seconds['threads']:.2f} |")
PYTHON
done

#!/usr/bin/env bash
# noisy-labels.sh CIFAR OUT : Feature Mining and plain training where half of the labels are wrong, on 20 classes of CIFAR-100 with 160 images each: as many steps as `reproduce
# feature-mining table-8 --scale small` takes on 100 classes with 20 each, and the rest of its recipe, seeds 1 to SEEDS (4). CIFAR holds CIFAR-100's train.bin and test.bin. A JSON report a
# run in OUT; prints the accuracy of the last epoch, the highest of the course, and how many training labels are fitted. THREADS changes the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
cifar=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
for seed in $(seq 1 "${SEEDS:-4}"); do
  common=(--cifar100 "$cifar/train.bin" --test-cifar100 "$cifar/test.bin" --classes 20 --samples-per-class 160 --label-noise symmetric:0.5 --padding 0 --no-flip --epochs 50 --batch 32
    --validate-on-test --keep last --backbone cifar-resnet-20)
  run "$out" plain "$seed" "${common[@]}" --stages 0
  run "$out" feature-mining "$seed" "${common[@]}" --stages 2
done
for metric in micro_accuracy highest training; do
  python3 bench/summary.py "$metric" "$out" plain feature-mining
done

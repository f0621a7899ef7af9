#!/usr/bin/env bash
# few-samples.sh CIFAR OUT : Feature Mining and plain training on 5 images of each of CIFAR-100's classes for 200 epochs, and on 10 for 100: as many steps as `reproduce feature-mining
# figure-4 --scale small` takes with 20 (its recipe has 50 epochs whatever the number of images), and the rest of its recipe, seeds 1 to SEEDS (4). CIFAR holds CIFAR-100's train.bin and
# test.bin. A JSON report a run in OUT; prints the accuracy of the last epoch and how many training images are fitted. THREADS changes the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
cifar=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
for images in 5 10; do
  for seed in $(seq 1 "${SEEDS:-4}"); do
    common=(--cifar100 "$cifar/train.bin" --test-cifar100 "$cifar/test.bin" --samples-per-class "$images" --epochs $((1000 / images)) --padding 0 --no-flip --batch 32 --keep last --backbone cifar-resnet-20)
    run "$out" "plain-$images" "$seed" "${common[@]}" --stages 0
    run "$out" "feature-mining-$images" "$seed" "${common[@]}" --stages 2
  done
done
for images in 5 10; do
  for metric in micro_accuracy training; do
    python3 bench/summary.py "$metric" "$out" "plain-$images" "feature-mining-$images"
  done
done

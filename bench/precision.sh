#!/usr/bin/env bash
# precision.sh CIFAR OUT : mixed precision (--precision bfloat16) beside float32: plain training and Feature Mining on 20 images of each of CIFAR-100's classes for 20 epochs,
# cifar-resnet-20, seeds 1 to SEEDS (3). CIFAR holds CIFAR-100's train.bin and test.bin. A JSON report a run in OUT; prints the accuracy of the last epoch on test and training images.
# THREADS (1) changes the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
cifar=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
for seed in $(seq 1 "${SEEDS:-3}"); do
  for stages in 0 2; do
    for precision in float32 bfloat16; do
      THREADS=${THREADS:-1} run "$out" "$precision-$stages" "$seed" --cifar100 "$cifar/train.bin" --test-cifar100 "$cifar/test.bin" --samples-per-class 20 --epochs 20 --keep last \
        --batch 32 --backbone cifar-resnet-20 --stages "$stages" --precision "$precision"
    done
  done
done
for stages in 0 2; do
  for metric in micro_accuracy training; do
    python3 bench/summary.py "$metric" "$out" "float32-$stages" "bfloat16-$stages"
  done
done

#!/usr/bin/env bash
# priors-ablation.sh TINY OUT : Tables 1, 2 and 5 of the Visual Inductive Priors Framework at a small scale: the first 20 classes of the folder TINY, laid out as Tiny ImageNet, 50 training
# images each, at 48 pixels; networks of 14 layers, 8x4d, of the paper's blocks; 20 epochs, batch 32, learning rate 0.05, warm-up and cosine, random resized crop, flip, CutMix with
# probability 0.5; seeds 1 to SEEDS (3). A JSON report a run in OUT; prints tables of test accuracies on these classes' validation images. EPOCHS and THREADS change the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$2"
tiny=$(realpath "$1") out=$(realpath "$2")
cd "$(dirname "$0")/.."
. bench/experiment.sh
classes=$(sort "$tiny/wnids.txt" | sed -n 1,20p)
{
  echo ImagePath,Label
  for class in $classes; do (cd "$tiny" && printf '%s\n' train/"$class"/images/*.JPEG | sort -V | sed -n 1,50p | sed "s|^\(.*\)|$tiny/\1,$class|"); done
} > "$out/train.csv"
{
  echo ImagePath,Label
  awk -v tiny="$tiny" -v classes="$classes" 'BEGIN { split(classes, list, "\n"); for (i in list) wanted[list[i]] = 1 } wanted[$2] { print tiny "/val/images/" $1 "," $2 }' "$tiny/val/val_annotations.txt"
} > "$out/test.csv"
# Everything that the framework adds is off, and switched on one by one.
off=(--set LabelSmoothing=0 --set PositiveClassLoss=false --set CenterLossWeight=0 --set TreeSupervisionWeight=0 --set DualPool=false --set Dropout=0 --set TestTimeAugmentation=None)
train() {
  local name=$1 seed=$2 backbone=$3
  shift 3
  run "$out" "$name" "$seed" --trainer vipf --data list "$out/train.csv" --test-data list "$out/test.csv" --backbone "$backbone" --size 48 --epochs "${EPOCHS:-20}" --batch 32 --lr 0.05 "${off[@]}" "$@"
}
for seed in $(seq 1 "${SEEDS:-3}"); do
  train resnext "$seed" resnext-14-8x4d
  train d-resnext "$seed" d-resnext-14-8x4d
  train sk-resnext-no-blur "$seed" sk-resnext-14-8x4d-no-blur
  train sk-resnext "$seed" sk-resnext-14-8x4d
  train dsk-resnext "$seed" dsk-resnext-14-8x4d
  train dsk-resnext+pcl "$seed" dsk-resnext-14-8x4d --set PositiveClassLoss=true
  train dsk-resnext+pcl+cl "$seed" dsk-resnext-14-8x4d --set PositiveClassLoss=true --set CenterLossWeight=0.0005
done
for seed in $(seq 1 "${SEEDS:-3}"); do
  train resnext+tsl "$seed" resnext-14-8x4d --set TreeSupervisionWeight=1
  train resnext+dual-pool "$seed" resnext-14-8x4d --set DualPool=true
  train resnext+label-smoothing "$seed" resnext-14-8x4d --set LabelSmoothing=0.1
  train resnext+dropout-0.2 "$seed" resnext-14-8x4d --set Dropout=0.2
  train resnext+dropout-0.4 "$seed" resnext-14-8x4d --set Dropout=0.4
  train resnext+all-tricks "$seed" resnext-14-8x4d --set DualPool=true --set LabelSmoothing=0.1 --set Dropout=0.2
done
python3 bench/summary.py micro_accuracy "$out" resnext d-resnext sk-resnext-no-blur sk-resnext dsk-resnext dsk-resnext+pcl dsk-resnext+pcl+cl
python3 bench/summary.py micro_accuracy "$out" resnext resnext+tsl resnext+dual-pool resnext+label-smoothing resnext+dropout-0.2 resnext+dropout-0.4 resnext+all-tricks

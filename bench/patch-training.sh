#!/usr/bin/env bash
# patch-training.sh VOC OUT : patch training on the folder VOC of a year of Pascal VOC (trainval, measured on test): VGG-11 with BatchNorm at 64 pixels, hidden layers of 256, 10 epochs,
# batch 16, learning rate 0.01, switch_epoch 0, 3, 5 and 7, seeds 1 to SEEDS (3). A JSON report a run in OUT; prints micro precision, recall, F1 and mAP against switch_epoch.
# EPOCHS and THREADS change the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
voc=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
for seed in $(seq 1 "${SEEDS:-3}"); do
  for switch in 0 3 5 7; do
    run "$out" "switch-$switch" "$seed" --trainer patch --data voc "$voc" trainval --patch-data voc-patches "$voc" trainval --test-data voc "$voc" test --backbone vgg-11-bn \
      --set HiddenUnits=256 --size 64 --epochs "${EPOCHS:-10}" --set SwitchEpoch="$switch" --batch 16 --lr 0.01
  done
done
for metric in precision recall f1 mean_average_precision seconds; do python3 bench/summary.py "$metric" "$out" switch-0 switch-3 switch-5 switch-7; done

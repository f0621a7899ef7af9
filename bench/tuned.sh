#!/usr/bin/env bash
# tuned.sh TABLE CIFAR OUT : a method beside plain training, each with a learning rate and weight decay of its own, on the small recipe of a table of `reproduce`. TABLE: feature-mining (its
# Table 9, two stages) or split-and-share (its Table 4). A grid is trained for both with one seed and measured on a quarter of CIFAR-100's training images, on which the grid does not train; then the best
# settings, and those of the recipe, with seeds 1 to SEEDS (4), on the test images. CIFAR holds train.bin and test.bin. A JSON report a run in OUT; prints the grid and the accuracies of
# the last epoch. THREADS changes the runs; JOBS (1) is how many run at once.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
table=$1 cifar=$2 out=$3
cd "$(dirname "$0")/.."
. bench/experiment.sh
common=(--cifar100 "$cifar/train.bin" --samples-per-class 20 --padding 0 --no-flip --batch 32 --keep last)
declare -A method own
case $table in
  feature-mining)
    common+=(--backbone cifar-resnet-20 --epochs 50)
    recipe=(0.1 0.0001) rates="0.01 0.03 0.1" decays="0.0001 0.0007 0.005"
    method=([plain]="--stages 0" [feature-mining]="--stages 2 --box-rule CutMix")
    ;;
  split-and-share)
    common+=(--backbone resnext-14-8x4d --stages 0 --epochs 30 --schedule "step:milestones=0.333;0.667")
    recipe=(0.05 0.0001) rates="0.005 0.015 0.05" decays="0.0001 0.0007 0.005"
    method=([plain]="--head linear" [split-and-share]="--head ssm")
    ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
names=(plain "$table")
# Test images for the grid are a part of the training images.
grid() {
  for name in "${names[@]}"; do
    for rate in $rates; do
      for decay in $decays; do
        run "$out/grid" "$name-$rate-$decay" 100 "${common[@]}" --test-fraction 0.25 ${method[$name]} --lr "$rate" --weight-decay "$decay"
      done
    done
  done
}
final() {
  for seed in $(seq 1 "${SEEDS:-4}"); do
    for name in "${names[@]}"; do
      for which in recipe tuned; do
        read -r rate decay <<< "$([ $which = recipe ] && echo "${recipe[@]}" || echo "${own[$name]}")"
        run "$out" "$name-$which" "$seed" "${common[@]}" --test-cifar100 "$cifar/test.bin" ${method[$name]} --lr "$rate" --weight-decay "$decay"
      done
    done
  done
}
at_once() {
  local started=() job
  for _ in $(seq "${JOBS:-1}"); do "$1" & started+=($!); done
  for job in "${started[@]}"; do wait "$job"; done
}
at_once grid
for name in "${names[@]}"; do
  own[$name]=$(python3 - "$out/grid" "$name" $rates -- $decays << 'PYTHON'
import json, sys
out, name, split = sys.argv[1], sys.argv[2], sys.argv.index("--")
best = None
for rate in sys.argv[3:split]:
    row = []
    for decay in sys.argv[split + 1:]:
        with open(f"{out}/{name}-{rate}-{decay}-seed-100.json", encoding="utf-8") as file:
            accuracy = json.load(file)["test"]["micro_accuracy"]
        row.append(f"{100 * accuracy:.2f}")
        best = max(best or (0, "", ""), (accuracy, rate, decay))
    print(f"| {name} | {rate} | {' | '.join(row)} |", file=sys.stderr)
print(best[1], best[2])
PYTHON
  )
  echo "$name: learning rate and weight decay ${own[$name]}"
done
at_once final
for metric in micro_accuracy training; do
  for settings in recipe tuned; do
    python3 bench/summary.py "$metric" "$out" "plain-$settings" "$table-$settings"
  done
  python3 bench/summary.py "$metric" "$out" plain-recipe plain-tuned "$table-tuned"
done

#!/usr/bin/env bash
# feature-mining-combined.sh ROW DATA OUT : one row of Tables 2 and 3 of the Feature Mining paper, by its recipe (300 epochs, batch 128), on CIFAR-100's files DATA/train.bin and
# DATA/test.bin, seeds 1 to SEEDS (4); prints the highest and the last epoch's test accuracy. ROW: resnet-110, resnet-110+byot, resnet-110+cs-kd, resnet-110+fm, resnet-110+fm+byot,
# resnet-110+fm+cs-kd, resnet-110+mixup, resnet-110+fm+mixup, and the four of resnet-164 with fm and mixup. EPOCHS, SEEDS and THREADS change the run; GPU=0 trains on that device.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
row=$1 data=$2 out=$3
cd "$(dirname "$0")/.."
. bench/experiment.sh
stages=0 strategies=() depth=${row%%+*}
for part in $(tr + ' ' <<< "${row#"$depth"}"); do
  case $part in
    fm) stages=2 ;;
    byot) strategies+=(--strategy byot:ensemble-exits=true) ;;
    cs-kd|mixup) strategies+=(--strategy "$part") ;;
    *) echo "There is no '$part' in these tables." >&2; exit 2 ;;
  esac
done
case $depth in resnet-110|resnet-164) ;; *) echo "'$row' is no row of these tables." >&2; exit 2 ;; esac
for seed in $(seq 1 "${SEEDS:-4}"); do
  run "$out" "$row" "$seed" --cifar100 "$data/train.bin" --test-cifar100 "$data/test.bin" --validate-on-test --backbone "cifar-$depth-bottleneck" --stages "$stages" \
    ${strategies[@]+"${strategies[@]}"} --epochs "${EPOCHS:-300}" --keep last ${GPU:+--gpu "$GPU"}
done
python3 bench/summary.py highest_accuracy "$out" "$row"
python3 bench/summary.py micro_accuracy "$out" "$row"

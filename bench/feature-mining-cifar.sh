#!/usr/bin/env bash
# feature-mining-cifar.sh DATA OUT : cifar-resnet-20 on CIFAR-100's files DATA/train.bin and DATA/test.bin, plainly and with Feature Mining on one and two stages,
# seeds 1 to SEEDS (3): 15 epochs, batch 128, learning rate 0.1, cosine, weight decay 1e-4, crop and flip. A JSON report a run in OUT; a run whose report is there is
# not repeated. Prints the table of last-epoch test accuracies. EPOCHS, SEEDS, THREADS and BACKBONE change the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
data=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
for seed in $(seq 1 "${SEEDS:-3}"); do
  for stages in 0 1 2; do
    run "$out" "stages-$stages" "$seed" --cifar100 "$data/train.bin" --test-cifar100 "$data/test.bin" --backbone "${BACKBONE:-cifar-resnet-20}" --stages "$stages" \
      --epochs "${EPOCHS:-15}" --batch 128 --lr 0.1 --schedule cosine --weight-decay 1e-4 --padding 4 --keep last
  done
done
python3 bench/summary.py micro_accuracy "$out" stages-0 stages-1 stages-2

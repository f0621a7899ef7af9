#!/usr/bin/env bash
# fine-tuning.sh TINY BIRDS OUT : resnet-18 at 64 pixels is trained on the folder TINY, laid out as Tiny ImageNet (6 epochs), and exported; then on BIRDS, laid out as CUB-200-2011, for
# 15 epochs, seeds 1 to SEEDS (3): from scratch, from those weights, from them with the backbone at a tenth of the rate, and with the stem and two stages frozen. A JSON report a run in
# OUT; prints the table of test accuracies. EPOCHS and THREADS change the run.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
tiny=$1 birds=$2 out=$3
cd "$(dirname "$0")/.."
. bench/experiment.sh
run "$out" tiny 1 --data tiny-imagenet "$tiny" --test-data tiny-imagenet "$tiny" --backbone resnet-18 --stages 0 --size 64 --epochs 6 --batch 64 --lr 0.1 --warmup 1 --schedule cosine --model "$out/tiny.zip"
weights=$out/tiny/weights.safetensors
[ -e "$weights" ] || ${SAMPLES:-dotnet run -c Release --project src/Samples --} export --model "$out/tiny.zip" --out "$out/tiny"
for seed in $(seq 1 "${SEEDS:-3}"); do
  common=(--data cub-200 "$birds" --test-data cub-200 "$birds" --backbone resnet-18 --stages 0 --size 64 --epochs "${EPOCHS:-15}" --batch 32 --lr 0.05 --warmup 1 --schedule cosine)
  run "$out" scratch "$seed" "${common[@]}"
  run "$out" fine-tuned "$seed" "${common[@]}" --initial-weights "$weights"
  run "$out" slow-backbone "$seed" "${common[@]}" --initial-weights "$weights" --backbone-lr-factor 0.1
  run "$out" frozen-2 "$seed" "${common[@]}" --initial-weights "$weights" --frozen-stages 2
done
python3 bench/summary.py micro_accuracy "$out" scratch fine-tuned slow-backbone frozen-2

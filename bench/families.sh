#!/usr/bin/env bash
# families.sh DATA OUT : one network of each family on a folder DATA laid out as CUB-200-2011, from scratch, 64 pixels (32 for those for small images), 15 epochs, batch 32,
# learning rate 0.05, a warm-up of 1 epoch, cosine, seed 1. A JSON report a run in OUT. Prints the training loss of each third epoch and the test accuracy. EPOCHS and THREADS change the run.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
data=$1 out=$2
cd "$(dirname "$0")/.."
. bench/experiment.sh
small="cifar-resnet-20 cifar-resnet-20-preact wrn-16-2 pyramidnet-20-a48 densenet-bc-40-12"
large="resnet-18 resnext-14-8x4d resnest-50 sk-resnext-14-8x4d d-resnext-14-8x4d dsk-resnext-14-8x4d vgg-11-bn-cifar-stem densenet-121 efficientnet-b0"
for network in $small $large; do
  case " $small " in *" $network "*) size=32 ;; *) size=64 ;; esac
  run "$out" "$network" 1 --data cub-200 "$data" --test-data cub-200 "$data" --backbone "$network" --stages 0 --size "$size" --epochs "${EPOCHS:-15}" --batch 32 --lr "${RATE:-0.05}" --warmup 1 --schedule cosine
done
for network in $small $large; do
  sed -n 's/.*"train_loss": \([0-9.]*\).*/\1/p; s/.*"micro_accuracy": \([0-9.]*\).*/accuracy \1/p' "$out/$network-seed-1.json" | awk -v network="$network" '
    $1 == "accuracy" { accuracy = $2; next } { n++; if (n % 3 == 1) curve = curve sprintf(" %.2f", $1); last = $1 }
    END { printf "| %s |%s %.2f | %.1f %% |\n", network, curve, last, 100 * accuracy }'
done

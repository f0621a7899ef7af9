#!/usr/bin/env bash
# make.sh : makes maps.png from the handwritten digits that come with the project (optdigits, CC BY 4.0): two networks, and where each of them looks.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
dotnet build src/Samples -c Release -v quiet -clp:NoSummary
out=$root/artifacts/maps
samples() { dotnet run --project src/Samples -c Release --no-build -- "$@"; }

samples digits --out "$out/digits"
for stages in 0 2; do
    samples train --images "$out/digits/train" --test-images "$out/digits/test" --backbone cifar-resnet-20 --stages $stages --size 32 \
        --epochs 8 --batch 64 --schedule cosine --no-flip --seed 1 --threads 1 --model "$out/$stages.zip"
done
samples explain --model "$out/0.zip" --compare "$out/2.zip" --images "$out/digits/test" --show 8 --grid docs/images/maps.png

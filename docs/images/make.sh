#!/usr/bin/env bash
# make.sh : makes maps.png from the handwritten digits that come with the project (optdigits, CC BY 4.0): two networks, and where each of them looks.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
dotnet build src/Samples -c Release -v quiet -clp:NoSummary
out=$root/artifacts/maps
samples() { dotnet run --project src/Samples -c Release --no-build -- "$@"; }

samples digits --out "$out/digits"
for network in plain:0 feature-mining:2; do
    samples train --images "$out/digits/train" --test-images "$out/digits/test" --backbone cifar-resnet-20 --stages ${network#*:} --size 32 \
        --epochs 8 --batch 64 --schedule cosine --no-flip --seed 1 --threads 1 --model "$out/${network%:*}.zip"
done
samples explain --model "$out/plain.zip" --compare "$out/feature-mining.zip" --images "$out/digits/test" --show 8 --grid docs/images/maps.png

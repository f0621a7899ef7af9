#!/usr/bin/env bash
# quickstart.sh: trains, evaluates and saves a model on real images that come with the project, then predicts with the saved model in a new process.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
dotnet build src/Samples -c Release -v quiet -clp:NoSummary
out=$root/artifacts/quickstart
samples() { dotnet run --project src/Samples -c Release --no-build -- "$@"; }

echo; echo "1. Handwritten digits, a folder of images per class"
samples digits --out "$out/digits"
echo; echo "2. Train with Feature Mining, evaluate on held-out images"
samples train --images "$out/digits/train" --test-images "$out/digits/test" --backbone cifar-resnet-8 --size 16 --epochs 12 --batch 64 --schedule cosine --padding 1 --no-flip --seed 1 --model "$out/digits.zip"
echo; echo "3. Load the model in a new process, predict images that it was not trained on"
samples predict --model "$out/digits.zip" --show "$out"/digits/test/{0,3,7}/1{24,29}.png
cat <<'NEXT'

Next, your own images, a folder per class:

  dotnet run -c Release --project src/Samples -- train --images DIR --model model.zip
  dotnet run -c Release --project src/Samples -- predict --model model.zip IMAGE...
  dotnet run -c Release --project src/Samples -- train --help
NEXT

#!/usr/bin/env bash
# run.sh OUT [IMAGES] [CIFAR] : all benchmarks of docs/BENCHMARKS.md, one after the other; hours, with nothing else running. IMAGES: JPEG files, one folder per class;
# CIFAR: CIFAR-100's binary files. Without them, what needs them is left out. PYTHON names a python3 with torch and torchvision. Each output is a file in OUT; what is there already is not
# repeated, so a run that was interrupted goes on. OUT/benchmarks.md has all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?OUT} images=${2:-} cifar=${3:-}
mkdir -p "$out"
dotnet build bench/Benchmarks -c Release -v quiet -clp:NoSummary

run() { # run NAME COMMAND...
  local name=$1
  shift
  [ -e "$out/$name.txt" ] && return
  echo "$name"
  "$@" > "$out/$name.part" && mv "$out/$name.part" "$out/$name.txt"
}

bench() { # bench NAME ARGUMENTS...
  local name=$1
  shift
  run "$name" dotnet bench/Benchmarks/bin/Release/net10.0/Benchmarks.dll "$@"
}

machine() {
  date -u +%F
  git rev-parse HEAD
  grep -m1 'model name' /proc/cpuinfo
  echo "$(nproc) cores, $(grep MemTotal /proc/meminfo)"
  dotnet --version
  "${PYTHON:-python3}" -c 'import torch; print("PyTorch", torch.__version__)'
}

run machine machine
bench train train --bfloat16 --rounds 6 --steps 4
bench train-resnet-18 train --bfloat16 --network resnet-18 --side 224 --batch 8 --rounds 7 --steps 3
bench train-resnet-50 train --bfloat16 --network resnet-50 --side 128 --batch 16 --rounds 6 --steps 2
bench train-efficientnet train --bfloat16 --network efficientnet-b0 --side 96 --batch 8 --rounds 7 --steps 4
bench score score
bench onnx onnx --network cifar-resnet-20 --rounds 6 --steps 20
bench onnx-resnet-18 onnx --network resnet-18 --side 224 --rounds 4 --steps 5
bench engine engine --network cifar-resnet-20 cifar-resnet-56 --rounds 30 --steps 100
bench cost cost --network cifar-resnet-20 --rounds 8 --steps 4
bench load load --rounds 12 --steps 20
bench neighbors neighbors --network resnet-18 --side 128 --batch 8 --rounds 3 --steps 5
bench growth growth
python3 bench/growth.py "$out/growth.txt" "$out/growth.svg"
if [ -n "$images" ]; then
  bench load-images load --images "$images" --batch 32 --rounds 8 --steps 8
  bench waits waits --images "$images" --side 224 --batch 16
  bench overlap overlap --images "$images" --side 64 --batch 32 --trace "$out/overlap.json"
fi
if [ -n "$cifar" ]; then
  run ranks bash bench/ranks.sh "$cifar"
  SEEDS=4 THREADS=1 run precision bash bench/precision.sh "$cifar" "$out/precision"
fi

for file in "$out"/*.txt; do
  printf '## %s\n\n```\n' "$(basename "$file" .txt)"
  cat "$file"
  printf '```\n\n'
done > "$out/benchmarks.md"
echo "Wrote $out/benchmarks.md."

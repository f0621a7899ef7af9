#!/usr/bin/env bash
# pack.sh [OUT] : packs the device checks and the benchmarks for a machine that has PyTorch (2.10 or later) and an NVIDIA GPU, but no .NET and no network: self-contained programs without
# libtorch, which that machine's PyTorch brings. There: bash OUT/run.sh. Default of OUT: artifacts/gpu.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
out=${1:-artifacts/gpu}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for project in test/TestPrograms bench/Benchmarks; do
  dotnet publish "$project" -c Release -r linux-x64 --self-contained -p:DebugType=none -o "$work/app" -v quiet
done
# The native libraries of TorchSharp stay; libtorch's go.
rm -f "$work"/app/libtorch*.so "$work"/app/libc10*.so "$work"/app/libgomp* "$work"/app/lib*_test.so "$work"/app/libaoti* "$work"/app/libnnapi* "$work"/app/libbackend* "$work"/app/libshm*
mkdir -p "$out"
XZ_OPT="-4 -T0" tar -C "$work" -cJf "$out/app.tar.xz" app
cp bench/gpu/run.sh "$out/run.sh"
du -sh "$out"/*

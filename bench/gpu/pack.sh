#!/usr/bin/env bash
# pack.sh [OUT] : packs the device checks, the benchmarks and the command-line program for a machine that has PyTorch (2.10 or later) and an NVIDIA GPU, but no .NET and no network:
# self-contained programs without libtorch, which that machine's PyTorch brings. There: bash OUT/run.sh. Default of OUT: artifacts/gpu. The weights of ML.NET's ResNet (60 MB) are packed
# separately, as weights.tar.xz; unpack it into FOLDER/app to fine-tune.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
out=${1:-artifacts/gpu}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for project in test/TestPrograms bench/Benchmarks src/Samples; do
  dotnet publish "$project" -c Release -r linux-x64 --self-contained -p:DebugType=none -o "$work/app" -v quiet
done
# The native libraries of TorchSharp stay; libtorch's go.
rm -f "$work"/app/libtorch*.so "$work"/app/libc10*.so "$work"/app/libgomp* "$work"/app/lib*_test.so "$work"/app/libaoti* "$work"/app/libnnapi* "$work"/app/libbackend* "$work"/app/libshm*
mkdir -p "$out"
XZ_OPT="-4 -T0" tar -C "$work/app" -cJf "$out/weights.tar.xz" DnnImageModels
# Not needed there: ONNX Runtime, other systems' files, and parts of the runtime for debuggers and designers.
(cd "$work/app" && rm -rf DnnImageModels *onnxruntime*.so onnxruntime*.dll *.dbg Microsoft.VisualBasic*.dll System.Private.DataContractSerialization.dll libmscordbi.so libmscordaccore.so libclrgc*.so libcoreclrtraceptprovider.so)
XZ_OPT="-6 -T0" tar -C "$work" -cJf "$out/app.tar.xz" app
cp bench/gpu/run.sh bench/gpu/calls.c "$out/"
# If that machine has no compiler.
if command -v cc > /dev/null; then cc -O2 -shared -fPIC -o "$out/calls.so" bench/gpu/calls.c -ldl; fi
du -sh "$out"/*

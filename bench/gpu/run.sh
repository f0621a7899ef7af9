#!/usr/bin/env bash
# run.sh [cpu|cuda] [FOLDER] : unpacks app.tar.xz beside it into FOLDER (default: a temporary one), then with the libtorch of this machine's PyTorch: loads TorchSharp's native library, checks the
# device, and measures the training step beside PyTorch's eager one. PYTHON names another python3 than the first of PATH. The exit status is that of the checks.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
device=${1:-cuda}
to=${2:-$(mktemp -d)}
export PYTHON=${PYTHON:-$(command -v python3)}
[ -e "$to/app" ] || { mkdir -p "$to" && tar -C "$to" -xJf "$here/app.tar.xz"; } || exit 1

lib=$("$PYTHON" -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))') || exit 1
nvidia=$("$PYTHON" -c 'import glob, os, torch; print(":".join(sorted(glob.glob(os.path.join(os.path.dirname(os.path.dirname(torch.__file__)), "nvidia", "*", "lib")))))')
export LD_LIBRARY_PATH=$lib:$nvidia:$to/app DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
"$PYTHON" -c 'import platform, torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda, torch.cuda.get_device_name(0) if torch.cuda.is_available() else platform.machine())'
# TorchSharp's file beside another libtorch than it was built for: which symbols it would miss.
if command -v ldd > /dev/null; then ldd -r "$to/app/libLibTorchSharp.so" 2> /dev/null | grep -E "undefined symbol|not found" | head -n 20; fi

echo; echo "== checks"
LD_PRELOAD=$([ "$device" = cuda ] && [ -e "$lib/libtorch_cuda.so" ] && echo "$lib/libtorch_cuda.so") "$to/app/TestPrograms" DeviceChecks "$device"
status=$?
[ $status = 0 ] || exit $status

echo; echo "== training step, seconds; ratios to PyTorch's eager step"
rounds=$([ "$device" = cuda ] && echo 20 || echo 2) steps=$([ "$device" = cuda ] && echo 50 || echo 2) batch=$([ "$device" = cuda ] && echo 128 || echo 16)
LD_PRELOAD=$([ "$device" = cuda ] && [ -e "$lib/libtorch_cuda.so" ] && echo "$lib/libtorch_cuda.so") \
  "$to/app/Benchmarks" train --network cifar-resnet-20 cifar-resnet-56 --batch "$batch" --rounds "$rounds" --steps "$steps" --device "$device"

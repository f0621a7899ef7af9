#!/usr/bin/env bash
# run.sh [cpu|cuda] [FOLDER] [PART...] : unpacks app.tar.xz beside it into FOLDER (default: a temporary one), then runs with the libtorch of this machine's PyTorch:
#   checks  TorchSharp's native library loads; the device computes what the CPU does (DeviceChecks)
#   random  36 trainings with random settings, all six trainers, twelve at a time
#   calls   what a training step asks of CUDA: kernels, copies, waits, allocations; beside PyTorch
#   busy    how much of the time the GPU is busy, by nvidia-smi
#   steps   training steps beside PyTorch's eager ones, interleaved
#   epochs  whole epochs of 50,000 images of CIFAR's size
#   cost    what Feature Mining adds to a step
# All parts by default, on a CPU the first two: about ten minutes on an H100 (an estimate: it has not run on a GPU yet). PYTHON names another python3 than the first of PATH. The exit status is that of the checks.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
device=${1:-cuda}
to=${2:-$(mktemp -d)}
parts=${*:3}
parts=${parts:-$([ "$device" = cpu ] && echo checks random || echo checks random calls busy steps epochs cost)}
export PYTHON=${PYTHON:-$(command -v python3)}
[ -e "$to/app" ] || { mkdir -p "$to" && tar -C "$to" -xJf "$here/app.tar.xz"; } || exit 1
to=$(cd "$to" && pwd) && cd "$to" || exit 1

lib=$("$PYTHON" -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))') || exit 1
nvidia=$("$PYTHON" -c 'import glob, os, torch; print(":".join(sorted(glob.glob(os.path.join(os.path.dirname(os.path.dirname(torch.__file__)), "nvidia", "*", "lib")))))')
export LD_LIBRARY_PATH=$lib:$nvidia:$to/app DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
status=0
# Only if TorchSharp does not find the GPU otherwise.
preload=
if [ "$device" = cuda ] && ! "$to/app/TestPrograms" DeviceChecks cuda available > available.log 2>&1; then
  cat available.log
  preload=$lib/libtorch_cuda.so
  echo "Preloading $preload."
fi


ours() { LD_PRELOAD=$preload "$to/app/Benchmarks" "$@"; }

# calls NETWORK SIDE BATCH VARIANT
calls() {
  local steps=20 commands
  commands="go 20\nsignal\ngo $steps\nsignal\nquit\n"
  for who in ours peer; do
    echo "$1, $2 pixels, batch $3, $4, $steps steps, $([ $who = ours ] && echo ours || echo PyTorch):"
    if [ $who = ours ]; then
      printf "$commands" | LD_PRELOAD="$to/calls.so $preload" "$to/app/Benchmarks" serve --network "$1" --side "$2" --batch "$3" --device "$device" --threads 8 $([ "$4" = bfloat16 ] && echo --bfloat16)
    else
      printf "$commands" | LD_PRELOAD=$to/calls.so "$PYTHON" "$to/app/peer.py" train "$1" "$2" "$3" 2 "$device" "$4"
    fi 2>&1 | grep calls.so | tail -n +2
  done
}

# busy NETWORK SIDE BATCH VARIANT STEPS; the steps must take five seconds.
busy() {
  for who in ours peer; do
    {
      printf "go 20\n"
      sleep 8 # to load CUDA's libraries
      printf "go $5\n"
      sleep 1
      nvidia-smi --query-gpu=utilization.gpu,utilization.memory,memory.used,power.draw --format=csv,noheader,nounits -lms 100 > busy.csv &
      sampler=$!
      sleep 3
      kill $sampler
      printf "quit\n"
    } | if [ $who = ours ]; then
      ours serve --network "$1" --side "$2" --batch "$3" --device "$device" --threads 8 $([ "$4" = bfloat16 ] && echo --bfloat16)
    else
      "$PYTHON" "$to/app/peer.py" train "$1" "$2" "$3" 2 "$device" "$4"
    fi | tail -n 1
    echo "$1, $2 pixels, batch $3, $4, $who: $(awk -F, '{ u += $1; m += $2; w += $4; if ($3 > x) x = $3 } END { printf "GPU busy %.0f %%, memory busy %.0f %%, %d MiB, %.0f W (%d samples)", u / NR, m / NR, x, w / NR, NR }' busy.csv)"
  done
}

for part in $parts; do
  echo
  echo "== $part ($SECONDS s)"
  case $part in
    checks)
      "$PYTHON" -c 'import platform, torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda, torch.cuda.get_device_name(0) if torch.cuda.is_available() else platform.machine(), torch.backends.cudnn.version())'
      grep -m 1 "model name" /proc/cpuinfo
      # TorchSharp's file beside another libtorch than it was built for: which symbols it would miss.
      if command -v ldd > /dev/null; then ldd -r "$to/app/libLibTorchSharp.so" 2>&1 | grep -E "undefined symbol|not found" | head -n 20; fi
      LD_PRELOAD=$preload timeout 240 "$to/app/TestPrograms" DeviceChecks "$device"
      status=$?
      ;;
    random)
      seq 0 35 | xargs -P 12 -I {} bash -c "LD_PRELOAD=$preload timeout 80 '$to/app/TestPrograms' RandomTraining {} '$to/random/{}/shared' '$to/random/{}' $([ "$device" = cuda ] && echo 0) > '$to/random-{}.log' 2>&1 || echo \"seed {} FAILED: \$(tail -n 12 '$to/random-{}.log')\""
      echo "$(ls random-*.log | wc -l) trainings, of which saved a model: $(ls -d random/*/model/model.zip | wc -l)"
      ;;
    calls)
      cc -O2 -shared -fPIC -o calls.so "$here/calls.c" -ldl || cp "$here/calls.so" .
      calls cifar-resnet-56 32 128 default
      calls cifar-resnet-56 32 128 bfloat16
      calls resnet-18 224 128 bfloat16
      ;;
    busy)
      busy cifar-resnet-56 32 128 default 800
      busy resnet-18 224 128 bfloat16 400
      ;;
    steps)
      each=(--device "$device" --threads 8 --only bfloat16 default)
      ours train --network cifar-resnet-20 cifar-resnet-56 --batch 128 --rounds 8 --steps 20 "${each[@]}" channels_last loop ours ours-bfloat16
      ours train --network cifar-resnet-56 --batch 512 --rounds 8 --steps 15 "${each[@]}" channels_last loop ours ours-bfloat16
      ours train --network resnet-18 --side 224 --batch 128 --rounds 8 --steps 10 "${each[@]}" ours ours-bfloat16
      ours train --network resnet-50 --side 224 --batch 128 --rounds 6 --steps 8 "${each[@]}" ours ours-bfloat16
      ;;
    epochs)
      ours epochs --threads 8 --network cifar-resnet-20 cifar-resnet-56 --device "$device"
      ours epochs --threads 8 --network cifar-resnet-20 --batch 512 --device "$device" --bfloat16
      ;;
    cost) ours cost --network cifar-resnet-56 --strategy feature-mining-1 feature-mining-2 --device "$device" --threads 8 --rounds 8 --steps 20 ;;
    *) echo "unknown part" ;;
  esac
done
exit $status

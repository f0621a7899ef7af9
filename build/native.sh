#!/usr/bin/env bash
# native.sh SOURCE BUILD TARGET... : builds the named CMake targets of compat/native; several callers at once take turns.
set -euo pipefail
source=$1 build=$2
shift 2
mkdir -p "$build"
exec 9> "$build/.lock"
flock 9
if [ ! -e "$build/CMakeCache.txt" ] || [ "$source/CMakeLists.txt" -nt "$build/CMakeCache.txt" ]; then
  cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release ${LIBTORCH:+-DLIBTORCH="$LIBTORCH"}
fi
cmake --build "$build" --parallel 2 --target "$@"

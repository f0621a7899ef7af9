#!/usr/bin/env bash
# run.sh TARGET [EXECUTIONS]: fuzzes one target with afl-fuzz, guided by the coverage of the library's own code. Needs afl++ (Debian: apt-get install afl++).
# What it finds is in artifacts/fuzz/TARGET/found/default: crashes, hangs (over 2 s), queue.
set -euo pipefail
target=${1:?usage: run.sh TARGET [EXECUTIONS]}
executions=${2:-1000000}
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
command -v afl-fuzz > /dev/null || { echo "afl-fuzz is missing: apt-get install afl++" >&2; exit 1; }
work=artifacts/fuzz
if [ ! -f $work/program/instrumented ]; then
    dotnet tool restore > /dev/null
    dotnet publish test/Fuzz -c Release -o $work/program -v quiet
    for library in Microsoft.ML.FeatureMining Microsoft.ML.FeatureMining.Core Microsoft.ML.FeatureMining.Detection; do
        dotnet sharpfuzz $work/program/$library.dll
    done
    touch $work/program/instrumented
fi
rm -rf "$work/$target"
dotnet $work/program/Fuzz.dll seeds "$target" "$work/$target/seeds"
cp -n test/Fuzz/Corpus/"$target"/* "$work/$target/seeds/" 2> /dev/null || true
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=${AFL_NO_UI:-1}
# At most 1 GiB of managed memory: more is a crash.
export DOTNET_GCHeapHardLimit=0x40000000 DOTNET_TieredCompilation=1 DOTNET_TieredPGO=0
tokens=test/Fuzz/Dictionaries/$target.dict
afl-fuzz $([ -f "$tokens" ] && echo "-x $tokens") -i "$work/$target/seeds" -o "$work/$target/found" -t 2000 -m none -E "$executions" -- dotnet $work/program/Fuzz.dll "$target"

#!/usr/bin/env bash
# test.sh: builds everything, checks the formatting, runs all tests. The last line has the number of passed, failed and skipped tests.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# Tests of training in several processes start mpirun and mpiexec; without them, these tests are skipped.
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! { command -v mpirun.openmpi && command -v mpiexec.mpich; } > /dev/null; then
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends openmpi-bin mpich; } > /dev/null 2>&1 || echo "Open MPI and MPICH could not be installed." >&2
fi
dotnet build MlNetFm.sln -c Release -v quiet -clp:NoSummary
dotnet tool restore > /dev/null
dotnet csharpier check .
status=0
dotnet test MlNetFm.sln -c Release --no-build --logger "trx" --results-directory "$results" -v quiet -m:1 || status=$?
# The quiet run prints only the names of failed tests.
awk '/<UnitTestResult /{ failed = /outcome="Failed"/; if (failed) { name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name); print "failed: " name } }
    /<\/UnitTestResult>/{ failed = 0 } /<Message>/{ text = failed } text && ++lines <= 400 { print } /<\/StackTrace>/{ text = 0 }' "$results"/*.trx
# One line per skipped test, so that it is not mistaken for a passed test.
sed -n 's:.*<UnitTestResult [^>]*testName="\([^"]*\)".*outcome="NotExecuted".*:skipped\: \1:p' "$results"/*.trx | sort | head -n 50
count() { cat "$results"/*.trx | grep -oE "<Counters [^>]*" | grep -oE " $1=\"[0-9]+\"" | grep -oE "[0-9]+" | awk '{ n += $1 } END { print n + 0 }'; }
total=$(count total) passed=$(count passed) failed=$(count failed)
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || echo "A test run was aborted; see above." >&2
echo "$passed passed, $failed failed, $((total - passed - failed)) skipped"
[ "$total" -gt 0 ] || exit 1
exit $status

#!/usr/bin/env bash
# run.sh GROUP: mutation testing with Stryker.NET. Changes one operator, constant or statement of the group's sources at a time, and runs the group's tests: a change that no test
# notices has survived. Prints the survivors; the report is in artifacts/mutation/GROUP/reports. Groups: losses, strategies, checkpoints, decoder.
set -euo pipefail
group=${1:?usage: run.sh losses|strategies|checkpoints|decoder}
root=$(cd "$(dirname "$0")/../.." && pwd)
project=Microsoft.ML.FeatureMining
case $group in
    losses) sources='**/Losses/*.cs' tests='.Losses.|LossConformance|MultiLabel|MethodTests|NullArgument' ;;
    strategies) sources='**/Strategies/*.cs' tests='.Strategies.|StrategyConformance|NullArgument' ;;
    checkpoints) sources='**/Training/Runs/*.cs' tests='.Training.Runs.|ResumeTests|NullArgument' ;;
    decoder) project=Microsoft.ML.FeatureMining.Core sources='**/Imaging/*.cs' tests='.Imaging.|NullArgument' ;;
    *) echo "unknown group '$group'" >&2; exit 2 ;;
esac
work=$root/artifacts/mutation
[ -x "$work/tool/dotnet-stryker" ] || dotnet tool install dotnet-stryker --version 5.1.0 --tool-path "$work/tool"
mkdir -p "$work/$group"
filter=$(printf '%s' "$tests" | sed 's/|/|FullyQualifiedName~/g; s/^/FullyQualifiedName~/')
# Without random kills, which are slow.
cat > "$work/$group/config.json" <<END
{ "stryker-config": {
    "project": "$project.csproj",
    "mutate": ["$sources"],
    "configuration": "Release",
    "test-case-filter": "($filter)&FullyQualifiedName!~RandomKill",
    "coverage-analysis": "perTest",
    "concurrency": 1,
    "additional-timeout": 20000,
    "reporters": ["json"]
} }
END
dotnet build "$root/test/Microsoft.ML.FeatureMining.Tests" -c Release -v quiet -clp:NoSummary
cd "$root/test/Microsoft.ML.FeatureMining.Tests"
"$work/tool/dotnet-stryker" -f "$work/$group/config.json" -O "$work/$group"
python3 "$root/test/Mutation/survivors.py" "$work/$group/reports/mutation-report.json"

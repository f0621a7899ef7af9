#!/usr/bin/env bash
# Makes the package of the current version the baseline of package validation. Run it after a release, or when a break of the API is wanted; see CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet pack src/Microsoft.ML.FeatureMining -c Release -o "$folder" -p:EnablePackageValidation=false -v quiet
cp "$folder"/MlNetFm.*.nupkg build/ApiBaseline.nupkg
echo "build/ApiBaseline.nupkg is $(basename "$folder"/MlNetFm.*.nupkg)."

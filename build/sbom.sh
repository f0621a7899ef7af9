#!/usr/bin/env bash
# Writes src/*/bom.json, the software bill of materials (CycloneDX) that each package ships: run it when a dependency or the version changes. A test compares it with what the build resolves.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet tool install CycloneDX --version 6.3.1 --tool-path "$folder" > /dev/null
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
time=$(sed -n "s:.*<DeterministicTimestamp[^>]*>\(.*\)</DeterministicTimestamp>.*:\1:p" build/Package.props)
for project in src/Microsoft.ML.FeatureMining*/*.csproj; do
    id=$(sed -n 's:.*<PackageId>\(.*\)</PackageId>.*:\1:p' "$project")
    dotnet restore "$project" -v quiet
    "$folder"/dotnet-CycloneDX "$project" -o "$folder/out" -F Json --disable-package-restore --no-serial-number --set-name "$id" --set-version "$version" --set-type Library > /dev/null
    # The same sources give the same file.
    sed "s|\"timestamp\".*|\"timestamp\": \"$time\",|" "$folder/out/bom.json" > "$(dirname "$project")/bom.json"
    echo "$(dirname "$project")/bom.json: $(grep -c '"type": "library"' "$(dirname "$project")/bom.json") packages"
done

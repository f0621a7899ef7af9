#!/usr/bin/env bash
# Makes the packages of the current version the baselines of package validation. Run it after a release, or when a break of the API is wanted; see CONTRIBUTING.md.
# Usage: bash build/api-baseline.sh [PACKAGE ...], by default all packages.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet pack MlNetFm.sln -c Release -o "$folder" -p:EnablePackageValidation=false -v quiet
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
[ $# -gt 0 ] || set -- $(basename -a -s ".$version.nupkg" "$folder"/*.nupkg)
for package in "$@"; do
    cp "$folder/$package.$version.nupkg" "build/baselines/$package.nupkg"
    echo "build/baselines/$package.nupkg is $package $version."
done

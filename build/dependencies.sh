#!/usr/bin/env bash
# dependencies.sh : decides where ML.NET, TorchSharp and the image codec come from, installs what that takes, and remembers it in
# build/Dependencies.local.props (git-ignored; delete it to be asked again). MLNETFM_DEPENDENCIES=packages|compat decides without asking the feed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
chosen=$root/build/Dependencies.local.props
say() { echo "dependencies: $*"; }

command -v dotnet > /dev/null || { say "the .NET 10 SDK is missing: https://dot.net" >&2; exit 1; }

# Whether the feed serves what the packages mode needs: a restore of the pinned versions, in a folder of its own.
feed_serves() {
  local probe status=0
  probe=$(mktemp -d)
  cp "$root/Directory.Packages.props" "$probe/"
  cat > "$probe/probe.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML" />
    <PackageReference Include="Microsoft.ML.ImageAnalytics" />
    <PackageReference Include="TorchSharp" />
    <PackageReference Include="SixLabors.ImageSharp" />
  </ItemGroup>
</Project>
PROJECT
  dotnet restore "$probe/probe.csproj" > "$probe/log" 2>&1 || status=$?
  reason=$(grep -oE 'error NU[0-9]+: [^[]*' "$probe/log" | head -n 1 | cut -c 1-120 || true)
  rm -rf "$probe"
  return $status
}

if [ -n "${MLNETFM_DEPENDENCIES:-}" ]; then
  source=$MLNETFM_DEPENDENCIES
  say "$source, because MLNETFM_DEPENDENCIES says so"
elif [ -e "$chosen" ]; then
  source=$(sed -n 's:.*<MlNetFmDependencies[^>]*>\(.*\)</MlNetFmDependencies>.*:\1:p' "$chosen")
  say "$source, as chosen before (build/Dependencies.local.props)"
elif feed_serves; then
  source=packages
  say "packages, because the NuGet feed serves ML.NET, TorchSharp and ImageSharp"
else
  source=compat
  say "compat, because the NuGet feed does not serve all of ML.NET, TorchSharp and ImageSharp (${reason:-no reason given}): the stand-ins under compat/ over the system's libtorch"
fi

case $source in
  packages) ;;
  compat)
    packages=(cmake g++ make libjpeg-dev libpng-dev libgif-dev libwebp-dev)
    [ -n "${LIBTORCH:-}" ] || packages+=(libtorch-dev)
    missing=()
    for package in "${packages[@]}"; do
      dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
      if [ "$(id -u)" != 0 ]; then
        say "please install what is missing, then run this again:  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
      fi
      say "installing ${missing[*]}"
      export DEBIAN_FRONTEND=noninteractive
      apt-get update -qq
      apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
    fi
    ;;
  *) say "MLNETFM_DEPENDENCIES is packages or compat, not '$source'" >&2; exit 1 ;;
esac

cat > "$chosen" <<PROPS
<Project>
  <PropertyGroup>
    <MlNetFmDependencies Condition="'\$(MlNetFmDependencies)' == ''">$source</MlNetFmDependencies>
  </PropertyGroup>
</Project>
PROPS

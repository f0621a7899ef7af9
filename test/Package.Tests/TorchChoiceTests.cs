using System.Text.Json;

namespace Package.Tests;

/// <summary>Which libtorch the repository's programs take. The packages with CUDA are gigabytes: what MSBuild evaluates is enough to see.</summary>
public sealed class TorchChoiceTests
{
    [Theory]
    [InlineData("cpu", "TorchSharp-cpu")]
    [InlineData("cuda", "TorchSharp-cuda-")]
    public void Programs_WithAKindOfTorch_ReferenceItsPackageAlone(string torch, string package)
    {
        string output = PackageFixture.Run(PackageFixture.Root, "msbuild", "src/Samples", $"-p:Torch={torch}", "-getItem:PackageReference");

        string[] natives =
        [
            .. JsonDocument
                .Parse(output)
                .RootElement.GetProperty("Items")
                .GetProperty("PackageReference")
                .EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!)
                .Where(name => name.StartsWith("TorchSharp-", StringComparison.Ordinal)),
        ];

        Assert.StartsWith(package, Assert.Single(natives), StringComparison.Ordinal);
    }
}

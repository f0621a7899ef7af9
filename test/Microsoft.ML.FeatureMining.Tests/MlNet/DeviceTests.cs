using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>The device checks that bench/gpu runs on other machines.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void DeviceChecks_OnTheCpu_AllPass() => Check("cpu");

    [SkippableFact]
    public void DeviceChecks_OnAGpu_AllPass()
    {
        Skip.IfNot(torch.cuda.is_available(), "There is no GPU, or libtorch is the CPU build.");
        Check("cuda");
    }

    private static void Check(string device)
    {
        string[] lines = Programs.Run("DeviceChecks", [device]);

        Assert.All(lines[..^1], line => Assert.Matches("^(ok|note) ", line));
        Assert.InRange(lines.Length, 20, 100);
    }
}

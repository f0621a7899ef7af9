using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Native;

/// <summary>What libtorch's OpenMP finds in the environment of a program that uses the library.</summary>
public sealed class IdleThreadsTests
{
    private const string Policy = "OMP_WAIT_POLICY";

    [SkippableTheory]
    [InlineData(null, null, "PASSIVE")]
    [InlineData(Policy, "ACTIVE", "ACTIVE")]
    [InlineData("GOMP_SPINCOUNT", "100", "not set")]
    [InlineData("KMP_BLOCKTIME", "0", "not set")]
    public void WaitPolicy_IsPassiveUnlessTheUserHasChosen(string? variable, string? value, string expected)
    {
        Skip.If(OperatingSystem.IsWindows(), "OpenMP on Windows has no wait policy.");
        (string, string)[] environment = variable is null ? [] : [(variable, value!)];

        Assert.Equal([expected], Programs.Run("NativeEnvironment", [Policy], environment));
    }
}

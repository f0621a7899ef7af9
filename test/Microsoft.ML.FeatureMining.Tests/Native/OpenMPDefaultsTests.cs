using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Native;

/// <summary>What libtorch's OpenMP finds in the environment of a program that uses the library.</summary>
public sealed class OpenMPDefaultsTests
{
    private const string SpinCount = "GOMP_SPINCOUNT";
    private const string Threads = "OMP_NUM_THREADS";

    [SkippableTheory]
    [InlineData(null, null, "2000")]
    [InlineData(SpinCount, "100", "100")]
    [InlineData("OMP_WAIT_POLICY", "ACTIVE", "not set")]
    [InlineData("KMP_BLOCKTIME", "0", "not set")]
    public void WaitingThreads_SpinShortlyUnlessTheUserHasChosen(string? variable, string? value, string expected)
    {
        Skip.If(OperatingSystem.IsWindows(), "OpenMP on Windows is not set.");
        (string, string)[] environment = variable is null ? [] : [(variable, value!)];

        Assert.Equal([expected], Programs.Run("NativeEnvironment", [SpinCount], environment));
    }

    // DOTNET_PROCESSOR_COUNT stands for the limit of a container, which .NET counts by.
    [SkippableTheory]
    [InlineData(1, null, null, "1")]
    [InlineData(1, Threads, "2", "2")]
    [InlineData(1, "MKL_NUM_THREADS", "2", "not set")]
    [InlineData(null, null, null, "not set")]
    public void Threads_FewerCpusThanTheMachineHas_AreThatManyUnlessTheUserHasChosen(int? limit, string? variable, string? value, string expected)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.ProcessorCount > 1, "Only on Linux, with several CPUs.");
        List<(string, string)> environment = limit is null ? [] : [("DOTNET_PROCESSOR_COUNT", FormattableString.Invariant($"{limit}"))];
        if (variable is not null)
        {
            environment.Add((variable, value!));
        }

        Assert.Equal([expected], Programs.Run("NativeEnvironment", [Threads], [.. environment]));
    }
}

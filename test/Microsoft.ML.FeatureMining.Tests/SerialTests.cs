using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The collection of tests that run without parallel tests, because they count objects of the whole process.</summary>
[CollectionDefinition(nameof(SerialTests), DisableParallelization = true)]
public sealed class SerialTests
{
    /// <summary>TorchSharp's count of tensors. A tensor that becomes a parameter stays counted after it is freed.</summary>
    public static long LiveTensors => torch.Tensor.TotalCount;

    /// <summary>
    /// Asserts that an action leaks no tensors. TorchSharp keeps counting parameters, so the count must equal that of <paramref name="making"/>, which creates
    /// the same modules and disposes them.
    /// </summary>
    public static void AssertLeavesNoTensors(Action act, Action making)
    {
        long left = Left(act);
        Assert.Equal(Left(making), left);
    }

    /// <summary>Collects the garbage of earlier tests, so that it is not collected while a test counts.</summary>
    public static void CollectGarbage()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static long Left(Action act)
    {
        CollectGarbage();
        long before = LiveTensors;
        act();
        return LiveTensors - before;
    }
}

using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The collection of tests that count what the whole process holds: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
    /// <summary>TorchSharp's count. A tensor that becomes a parameter is counted for ever, though nothing is left of it.</summary>
    public static long LiveTensors => torch.Tensor.TotalCount;

    /// <summary>No tensor is left when it is done, beyond the parameters that TorchSharp counts for ever: as many as <paramref name="making"/> leaves, which makes the same modules and disposes of them.</summary>
    public static void AssertLeavesNothing(Action act, Action making)
    {
        long left = Left(act);
        Assert.Equal(Left(making), left);
    }

    /// <summary>Lets go of what earlier tests left to the garbage collector, so that it does not vanish while a test counts.</summary>
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

using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The collection of tests that count what the whole process holds: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
    // Later versions of TorchSharp count the tensor that becomes a parameter for ever, though nothing is left of it.
    public static bool CountsParametersForEver { get; } = Left(() => torch.nn.Parameter(torch.zeros(1)).Dispose()) != 0;

    public static long LiveTensors => torch.Tensor.TotalCount;

    /// <summary>
    /// No tensor is left when it is done. <paramref name="making"/>: the making of the same modules alone, for versions of TorchSharp that miscount them: nothing may be left
    /// beyond what that leaves.
    /// </summary>
    public static void AssertLeavesNothing(Action act, Action making)
    {
        long left = Left(act);
        Assert.Equal(CountsParametersForEver ? Left(making) : 0, left);
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

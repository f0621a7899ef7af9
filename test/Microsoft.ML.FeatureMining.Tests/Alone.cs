using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The collection of tests that count what the whole process holds: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
    public static long LiveTensors => torch.Tensor.TotalCount;

    /// <summary>Lets go of what earlier tests left to the garbage collector, so that it does not vanish while a test counts.</summary>
    public static void CollectGarbage()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}

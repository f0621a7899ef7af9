using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>A run that is stopped within its second epoch and goes on from its checkpoint.</summary>
internal static class Interruption
{
    public static void AssertResumesBitIdentically(TrainingRecipe recipe)
    {
        TrainingRecipe longer = recipe with { Epochs = 2 };
        MemoryStore store = new();
        int asked = 0;

        // 20 images in batches of 8: three steps an epoch.
        TrainingOutcome canceled = TinyRun.Fit(longer, checkpoints: store, canceled: () => asked++ == 4);

        Assert.Equal(TrainingEnd.Canceled, canceled.End);
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(longer)), TinyRun.Bits(TinyRun.Fit(longer, checkpoints: store)));
    }
}

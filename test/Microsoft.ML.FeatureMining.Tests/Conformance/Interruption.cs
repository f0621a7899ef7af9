using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Stops a run within its second epoch and resumes it from the checkpoint.</summary>
internal static class Interruption
{
    public static void AssertResumesBitIdentically(TrainingRecipe recipe)
    {
        TrainingRecipe longer = recipe with { Epochs = 2 };
        MemoryStore store = new();
        int asked = 0;

        // 20 images with batch size 8: three steps per epoch.
        TrainingOutcome canceled = TinyRun.Fit(longer, checkpoints: store, canceled: () => asked++ == 4);

        Assert.Equal(TrainingEnd.Canceled, canceled.End);
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(longer)), TinyRun.Bits(TinyRun.Fit(longer, checkpoints: store)));
    }
}

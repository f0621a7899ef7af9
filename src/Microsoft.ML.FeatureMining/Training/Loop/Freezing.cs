using Microsoft.ML.FeatureMining.Networks;
using static TorchSharp.torch.nn;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Freezes what <see cref="FineTuning"/> says.</summary>
internal static class Freezing
{
    /// <summary>Freezes the parameters of the first stages.</summary>
    public static void Apply(FineTuning settings, Backbone backbone)
    {
        if (settings.FrozenStages > 0)
        {
            backbone.Freeze(settings.FrozenStages);
        }
    }

    /// <summary>Puts a network in training mode; frozen parts of its backbone stay in evaluation mode.</summary>
    public static void Train(FineTuning settings, Module network, Backbone backbone)
    {
        network.train();
        if (settings.FrozenStages > 0)
        {
            backbone.SetFrozenToEval(settings.FrozenStages);
        }

        if (settings.FreezeBatchNorm)
        {
            backbone.FreezeBatchNorm();
        }
    }
}

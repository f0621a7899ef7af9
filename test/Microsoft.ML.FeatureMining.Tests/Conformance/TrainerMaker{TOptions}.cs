using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

internal sealed class TrainerMaker<TOptions>(TOptions defaults, Func<TrainedModel, MLContext, TOptions, ImageClassificationTrainer> byOptions) : TrainerMaker
    where TOptions : ImageClassificationOptions
{
    public override ImageClassificationTrainer Make(
        TrainedModel trained,
        MLContext ml,
        Func<ImageClassificationOptions, ImageClassificationOptions>? change = null
    ) => byOptions(trained, ml, (TOptions)(change ?? (options => options))(Small(defaults)));
}

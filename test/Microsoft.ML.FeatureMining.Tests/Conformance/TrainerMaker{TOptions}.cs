namespace Microsoft.ML.FeatureMining.Tests.Conformance;

internal sealed class TrainerMaker<TOptions>(
    Func<MLContext, TOptions, ImageClassificationTrainer> byOptions, TOptions defaults, Func<MLContext, IDataView, ImageClassificationTrainer> byNames) : TrainerMaker(byNames)
    where TOptions : ImageClassificationOptions
{
    public override ImageClassificationTrainer Make(MLContext ml, Func<ImageClassificationOptions, ImageClassificationOptions>? change = null) =>
        byOptions(ml, (TOptions)(change ?? (options => options))(Small(defaults)));
}

using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Explanation;

namespace Samples;

/// <summary>What held-out pictures tell of a trained network.</summary>
/// <param name="Measured">Its metrics.</param>
/// <param name="Classifiers">The micro accuracy of each classifier of a Split-and-Share head by itself, the one with the fewest channels first; null under any other head.</param>
/// <param name="Activations">How strongly its stages respond.</param>
internal sealed record Findings(Measured Measured, IReadOnlyList<double>? Classifiers, IReadOnlyList<StageActivations> Activations)
{
    public static Findings Of(MLContext ml, ITransformer model, IDataView test, Measured measured)
    {
        int classifiers = ml.Model.GetImageModel(model).ClassifierCount;
        using ImageExplainer explainer = ml.Model.CreateImageExplainer(model);
        return new Findings(
            measured,
            classifiers == 1 ? null : [.. Enumerable.Range(1, classifiers).Select(number => ml.MulticlassClassification.Evaluate(ml.Model.WithClassifier(model, number).Transform(test)).MicroAccuracy)],
            explainer.Activations(test));
    }
}

using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

// Model.Load finds the loader by these attributes, even in a process that never used this assembly: the model names the assembly, ML.NET loads it and reads its
// attributes.
[assembly: LoadableClass(
    typeof(ImageClassificationTransformer),
    typeof(ImageClassificationTransformer),
    null,
    typeof(SignatureLoadModel),
    "",
    ModelLoaders.Classifier
)]
[assembly: LoadableClass(typeof(ImageEnsembleTransformer), typeof(ImageEnsembleTransformer), null, typeof(SignatureLoadModel), "", ModelLoaders.Ensemble)]

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>The names of the loaders in a saved model.</summary>
internal static class ModelLoaders
{
    public const string Classifier = "FeatureMiningClassifier";
    public const string Ensemble = "FeatureMiningEnsemble";
}

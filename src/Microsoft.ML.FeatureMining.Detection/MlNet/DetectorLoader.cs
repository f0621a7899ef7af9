using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Detection.MlNet;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

// Model.Load finds the loader by this attribute, even in a process that never used this assembly.
[assembly: LoadableClass(typeof(RetinaNetTransformer), typeof(RetinaNetTransformer), null, typeof(SignatureLoadModel), "", DetectorLoader.Name)]

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The name of the loader in a saved model.</summary>
internal static class DetectorLoader
{
    public const string Name = "FeatureMiningDetector";
}

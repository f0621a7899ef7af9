using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>From labels to targets.</summary>
internal static class Targets
{
    /// <summary>[N,K]: one-hot, or 1 at each class of the label's set.</summary>
    public static Tensor Of(HostBatch batch, ImageSet set, Device device) => set.LabelSets is { } sets
        ? tensor(batch.Labels.SelectMany(label => sets[(int)label]).ToArray(), [batch.Count, set.ClassCount], device: device)
        : nn.functional.one_hot(tensor(batch.Labels, device: device), set.ClassCount).to(ScalarType.Float32);
}

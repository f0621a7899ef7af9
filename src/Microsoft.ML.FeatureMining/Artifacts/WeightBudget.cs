using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>A small zip may unfold to any size: what a large file of weights declares has to be what the model's network takes.</summary>
internal static class WeightBudget
{
    // So much is read unasked; making a network to count its weights takes time.
    private const long Unasked = 256 << 20;

    /// <exception cref="InvalidDataException">The file declares more than the network has.</exception>
    public static void Check(ArtifactManifest manifest, IReadOnlyList<SafetensorsEntry> entries)
    {
        long declared = entries.Sum(entry => entry.Bytes);
        if (declared > Unasked && declared > Needed(manifest))
        {
            throw new InvalidDataException($"The model's weights say that they are {declared} bytes; those of {manifest.Backbone} with {manifest.ClassCount} classes are not as many.");
        }
    }

    // Each class adds as much as the one before it, so that no network of as many classes as the manifest claims has to be made.
    private static long Needed(ArtifactManifest manifest)
    {
        long two = Bytes(2);
        return two + ((manifest.ClassCount - 2) * (Bytes(3) - two));

        long Bytes(int classes)
        {
            using ImageNetwork network = NetworkFactory.Create(manifest.Backbone, manifest.Preprocessing.Shape.Channels, classes, manifest.Head, manifest.Exits);
            return network.NamedState().Sum(entry => entry.Value.numel() * entry.Value.element_size());
        }
    }
}

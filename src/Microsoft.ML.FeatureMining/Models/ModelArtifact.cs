using System.Text;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>A trained model as it is stored: its manifest and its weights. Immutable; holds no native memory.</summary>
internal sealed class ModelArtifact(ArtifactManifest manifest, NamedTensors weights)
{
    public const string ManifestFile = "manifest.json";
    public const string WeightsFile = "weights.safetensors";

    public ArtifactManifest Manifest { get; } = manifest;

    public NamedTensors Weights { get; } = weights;

    /// <summary>Numbers in weights and biases, which PyTorch's names tell from buffers.</summary>
    public long ParameterCount => Weights.Tensors.Where(tensor => tensor.Name.EndsWith(".weight", StringComparison.Ordinal) || tensor.Name.EndsWith(".bias", StringComparison.Ordinal))
        .Sum(tensor => tensor.Shape.Aggregate(1L, (product, length) => product * length));

    /// <summary>Writes both files into a folder, which is made where it is not there; each file is the old one or the new one, whole, at any moment.</summary>
    public void SaveFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, WeightsFile), stream => Safetensors.Write(Weights, stream));
        AtomicFile.Write(Path.Combine(folder, ManifestFile), stream => stream.Write(Encoding.UTF8.GetBytes(Manifest.ToJson())));
    }

    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static ModelArtifact LoadFolder(string folder)
    {
        ArtifactManifest manifest = ArtifactManifest.FromJson(File.ReadAllText(Path.Combine(folder, ManifestFile)));
        using FileStream weights = File.OpenRead(Path.Combine(folder, WeightsFile));
        return new ModelArtifact(manifest, Safetensors.Read(weights));
    }
}

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

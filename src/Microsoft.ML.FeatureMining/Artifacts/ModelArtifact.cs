using System.Text;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>A trained model at rest: its manifest and its weights. Immutable, and free of native memory.</summary>
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

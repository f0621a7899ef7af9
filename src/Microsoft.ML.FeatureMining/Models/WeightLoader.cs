using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Starts a network from a file of weights: torchvision's, timm's or this library's, under their names. What fits by name and shape is taken; a classifier for another number of classes, or a
/// stem for another number of channels, stays as it was.
/// </summary>
internal static class WeightLoader
{
    // What PyTorch's wrapper for several devices puts before each name.
    private const string Wrapper = "module.";

    /// <exception cref="InvalidDataException">The file is no safetensors file, or of another network: less than half of the backbone's kernels are in it. The network is as it was.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static WeightReport Load(string path, ImageNetwork network)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int prefix = file.Entries.All(entry => entry.Name.StartsWith(Wrapper, StringComparison.Ordinal)) ? Wrapper.Length : 0;
        Dictionary<string, SafetensorsEntry> given = file.Entries.ToDictionary(entry => entry.Name[prefix..], StringComparer.Ordinal);
        (string Name, Tensor Value)[] needed = [.. network.NamedState()];
        (string Name, Tensor Value)[] fitting = [.. needed.Where(entry => given.TryGetValue(entry.Name, out SafetensorsEntry? source) && Fits(source, entry.Value))];
        HashSet<string> loaded = new(fitting.Select(entry => entry.Name), StringComparer.Ordinal);
        // Kernels: the vectors of BatchNorm fit many networks.
        string[] kernels = [.. network.Backbone.named_parameters().Where(entry => entry.parameter.ndim > 1).Select(entry => entry.name)];
        int found = kernels.Count(loaded.Contains);
        if (2 * found < kernels.Length)
        {
            throw new InvalidDataException($"'{path}' has the weights of another network: {found} of {kernels.Length} kernels of the backbone are in it by name and shape.");
        }

        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor value) in fitting)
        {
            file.CopyTo(given[name], value);
        }

        return new WeightReport([.. loaded], [.. given.Keys.Where(name => !loaded.Contains(name))], [.. needed.Select(entry => entry.Name).Where(name => !loaded.Contains(name))]);
    }

    private static bool Fits(SafetensorsEntry source, Tensor target) =>
        source.Shape.SequenceEqual(target.shape) && IsReal(source.Type) == IsReal(target.dtype);

    private static bool IsReal(ScalarType type) => type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
}

/// <summary>What became of a file of weights.</summary>
/// <param name="Loaded">Names of tensors that the network took.</param>
/// <param name="Skipped">Names of tensors of the file that it has no use for: it has no such layer, or one of another shape.</param>
/// <param name="New">Names of tensors of the network that the file does not give, and which are left as they were.</param>
internal sealed record WeightReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Skipped, IReadOnlyList<string> New)
{
    /// <summary>In one line, the first few names of a kind each.</summary>
    public override string ToString() => $"{Loaded.Count} tensors loaded; {Skipped.Count} of the file skipped{Some(Skipped)}; {New.Count} of the network new{Some(New)}.";

    private static string Some(IReadOnlyList<string> names) => names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(4))}{(names.Count > 4 ? ", ..." : "")})";
}

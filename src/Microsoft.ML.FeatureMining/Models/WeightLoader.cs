using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Loads initial weights from a safetensors file with the names of torchvision, timm or this library. Copies the tensors whose name and shape match. A
/// classifier for another number of classes, or a stem for another number of channels, is not changed.
/// </summary>
internal static class WeightLoader
{
    // The prefix added by PyTorch's DataParallel.
    private const string Wrapper = "module.";

    /// <exception cref="InvalidDataException">The file is not a safetensors file, or belongs to another network: it has less than half of the backbone's
    /// kernels. The network is not changed.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static WeightReport Load(string path, ImageNetwork network)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int prefix = file.Entries.All(entry => entry.Name.StartsWith(Wrapper, StringComparison.Ordinal)) ? Wrapper.Length : 0;
        Dictionary<string, SafetensorsEntry> given = file.Entries.ToDictionary(entry => entry.Name[prefix..], StringComparer.Ordinal);
        (string Name, Tensor Value)[] needed = [.. network.NamedState()];
        (string Name, Tensor Value)[] matching =
        [
            .. needed.Where(entry => given.TryGetValue(entry.Name, out SafetensorsEntry? source) && Matches(source, entry.Value)),
        ];
        HashSet<string> loaded = new(matching.Select(entry => entry.Name), StringComparer.Ordinal);
        // Only kernels count: the vectors of BatchNorm match many networks.
        string[] kernels = [.. network.Backbone.named_parameters().Where(entry => entry.parameter.ndim > 1).Select(entry => entry.name)];
        int found = kernels.Count(loaded.Contains);
        if (2 * found < kernels.Length)
        {
            throw new InvalidDataException(
                $"The weights in '{path}' belong to another network: "
                    + $"only {found} of {kernels.Length} kernels of the backbone match by name and shape. Check Backbone and InitialWeights."
            );
        }

        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor value) in matching)
        {
            file.CopyTo(given[name], value);
        }

        return new WeightReport(
            [.. loaded],
            [.. given.Keys.Where(name => !loaded.Contains(name))],
            [.. needed.Select(entry => entry.Name).Where(name => !loaded.Contains(name))]
        );
    }

    private static bool Matches(SafetensorsEntry source, Tensor target) =>
        source.Shape.SequenceEqual(target.shape) && IsReal(source.Type) == IsReal(target.dtype);

    private static bool IsReal(ScalarType type) => type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
}

/// <summary>The result of loading a weights file.</summary>
/// <param name="Loaded">The names of the loaded tensors.</param>
/// <param name="Skipped">The names of tensors in the file that were skipped: the network has no such tensor, or its shape differs.</param>
/// <param name="New">The names of the network's tensors that keep their initial values, because the file has no matching tensor.</param>
internal sealed record WeightReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Skipped, IReadOnlyList<string> New)
{
    /// <summary>One line with the counts and the first few names.</summary>
    public override string ToString() =>
        $"{Loaded.Count} tensors loaded; {Skipped.Count} tensors of the file skipped{Some(Skipped)}; "
        + $"{New.Count} tensors of the network not in the file{Some(New)}.";

    private static string Some(IReadOnlyList<string> names) =>
        names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(4))}{(names.Count > 4 ? ", ..." : "")})";
}

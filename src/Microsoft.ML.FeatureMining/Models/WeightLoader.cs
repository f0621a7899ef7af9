using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Loads initial weights under the names of torchvision, timm or this library. The classifier may be for another number of classes or missing; it is not
/// changed then. If the weights are for color images and the network for gray ones, the first kernel is summed over its channels. Everything else must match.
/// </summary>
internal static class WeightLoader
{
    /// <summary>The prefix that PyTorch's DataParallel adds to the names of all tensors.</summary>
    public const string Wrapper = "module.";

    /// <param name="source">The weights.</param>
    /// <param name="network">The network to change.</param>
    /// <param name="backbone">The key of its backbone.</param>
    /// <param name="allowPartial">Whether to load what matches if the weights fit only a part of the backbone.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or the weights belong to another network: they do not fit all of the backbone, or with
    /// <paramref name="allowPartial"/> less than half of its kernels. The network is not changed.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static WeightReport Load(WeightSource source, ImageNetwork network, string backbone, bool allowPartial = false)
    {
        using WeightFile file = source.Open();
        Dictionary<string, WeightEntry> given = ByName(file.Entries, network.Backbone, source.Name);
        (string Name, Tensor Value)[] needed = [.. network.NamedState()];
        (string Name, Tensor Value)[] matching =
        [
            .. needed.Where(entry => given.TryGetValue(entry.Name, out WeightEntry? tensor) && Matches(tensor, entry.Value)),
        ];
        HashSet<string> loaded = new(matching.Select(entry => entry.Name), StringComparer.Ordinal);
        WeightReport report = new(
            [.. loaded],
            [.. given.Keys.Where(name => !loaded.Contains(name))],
            [.. needed.Select(entry => entry.Name).Where(name => !loaded.Contains(name))]
        );
        string[] layers = [.. network.Backbone.state_dict().Keys];
        ThrowIfAnother(source, network, backbone, loaded);
        if (!allowPartial)
        {
            ThrowIfPartial(source, backbone, layers, report);
        }

        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor value) in matching)
        {
            WeightEntry entry = given[name];
            if (IsColorForGray(entry, value))
            {
                using IDisposable scope = NewDisposeScope();
                Tensor color = empty(entry.Shape, value.dtype);
                file.CopyTo(entry, color);
                value.copy_(color.sum(1, keepdim: true));
                continue;
            }

            file.CopyTo(entry, entry.Shape.SequenceEqual(value.shape) ? value : value.view(entry.Shape));
        }

        return report;
    }

    // The names in the network, by the names in the file.
    private static Dictionary<string, WeightEntry> ByName(IReadOnlyList<WeightEntry> entries, Backbone backbone, string file)
    {
        int prefix = entries.All(entry => entry.Name.StartsWith(Wrapper, StringComparison.Ordinal)) ? Wrapper.Length : 0;
        Dictionary<string, WeightEntry> given = new(StringComparer.Ordinal);
        foreach (WeightEntry entry in entries)
        {
            string name = backbone.MapWeightName(entry.Name[prefix..]);
            if (!given.TryAdd(name, entry))
            {
                throw new InvalidDataException($"The weights '{file}' have two tensors for '{name}': '{given[name].Name}' and '{entry.Name}'.");
            }
        }

        return given;
    }

    private static void ThrowIfAnother(WeightSource source, ImageNetwork network, string backbone, HashSet<string> loaded)
    {
        // Only kernels count: the vectors of BatchNorm match many networks.
        string[] kernels = [.. network.Backbone.named_parameters().Where(entry => entry.parameter.ndim > 1).Select(entry => entry.name)];
        int found = kernels.Count(loaded.Contains);
        if (2 * found < kernels.Length)
        {
            throw new InvalidDataException(
                $"The weights in '{source.Name}' belong to another network{(source.Backbone is { } other ? $", '{other}'" : "")}: "
                    + $"only {found} of {kernels.Length} kernels of the backbone '{backbone}' match by name and shape. Check Backbone and InitialWeights."
            );
        }
    }

    /// <summary>Whether a tensor is a counter of BatchNorm's batches. Many formats do not have it, and it does not change what the network computes.</summary>
    internal static bool IsCounter(string name) => name.EndsWith("num_batches_tracked", StringComparison.Ordinal);

    private static void ThrowIfPartial(WeightSource source, string backbone, string[] layers, WeightReport report)
    {
        HashSet<string> roots = [.. layers.Select(ClassifierNames.Root)];
        HashSet<string> skipped = [.. report.Skipped];
        string[] missing = [.. report.New.Intersect(layers).Where(name => !IsCounter(name))];
        string[] extra =
        [
            .. report.Skipped.Where(name =>
                !IsCounter(name)
                && (roots.Contains(ClassifierNames.Root(name)) || !(source.IsModel || ClassifierNames.IsClassifier(name)))
                && !IsClassifierOf(name, report.New, layers)
                && !missing.Contains(name)
            ),
        ];
        List<string> problems = [];
        if (missing.Where(name => !skipped.Contains(name)).ToArray() is { Length: > 0 } absent)
        {
            problems.Add($"the weights do not have {Names(absent)}");
        }

        if (missing.Where(skipped.Contains).ToArray() is { Length: > 0 } resized)
        {
            problems.Add($"another shape or type has {Names(resized)}");
        }

        if (extra.Length > 0)
        {
            problems.Add($"the network does not have {Names(extra)}");
        }

        // Networks may have the same tensors and compute something else.
        if (problems.Count == 0 && source.Backbone is { } trained && Function(trained) != Function(backbone))
        {
            problems.Add($"they were trained in the network '{trained}', which has the same tensors, but computes something else");
        }

        if (problems.Count > 0)
        {
            throw new InvalidDataException(
                $"The weights in '{source.Name}'{(source.Backbone is { } other ? $" of '{other}'" : "")} fit only a part of the backbone "
                    + $"'{backbone}': {string.Join("; ", problems)}. Check Backbone and InitialWeights, or set AllowPartialWeights to load what fits."
            );
        }
    }

    // The network's own head may be in the same module as the backbone.
    private static bool IsClassifierOf(string name, IReadOnlyList<string> fresh, string[] layers) => fresh.Contains(name) && !layers.Contains(name);

    // Dropout has no effect on what trained weights compute.
    private static string Function(string backbone) => Regex.Replace(BackboneCatalog.Canonical(backbone), @"-dropout-[\d.]+$", "");

    private static string Names(string[] names) => $"{string.Join(", ", names.Take(4))}{(names.Length > 4 ? $", ... ({names.Length} tensors)" : "")}";

    // A fully connected layer may be stored as a convolution over the whole map.
    private static bool Matches(WeightEntry source, Tensor target) =>
        IsReal(source.Type) == IsReal(target.dtype)
        && (
            source.Shape.SequenceEqual(target.shape)
            || (source.Shape is [var outputs, _, _, _] && target.shape is [var rows, _] && outputs == rows && source.Count == target.numel())
            || IsColorForGray(source, target)
        );

    // A gray image is a color image with three equal channels.
    private static bool IsColorForGray(WeightEntry source, Tensor target) =>
        source.Shape is [var outputs, 3, var height, var width]
        && target.shape is [var own, 1, var rows, var columns]
        && (outputs, height, width) == (own, rows, columns);

    private static bool IsReal(ScalarType type) => type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
}

/// <summary>The result of loading a weights file. Names are those of the network.</summary>
/// <param name="Loaded">The names of the loaded tensors.</param>
/// <param name="Skipped">The names of tensors in the file that were skipped: the network has no such tensor, or its shape differs.</param>
/// <param name="New">The names of the network's tensors that keep their initial values, because the file has no matching tensor.</param>
internal sealed record WeightReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Skipped, IReadOnlyList<string> New)
{
    /// <summary>One line about the weights of a backbone that are used without the classifier.</summary>
    public string OfBackbone(Backbone backbone)
    {
        HashSet<string> layers = [.. backbone.state_dict().Keys];
        string[] missing = [.. New.Where(name => layers.Contains(name) && !WeightLoader.IsCounter(name))];
        string[] others = [.. Skipped.Concat(Loaded).Where(name => !layers.Contains(name))];
        string classifier = others.Length == 0 ? "no classifier in the file" : $"{others.Length} tensors of its classifier not used{Some(others)}";
        return $"{Loaded.Count(layers.Contains)} tensors of the backbone loaded; {classifier}; "
            + $"{missing.Length} tensors of the backbone not in the file{Some(missing)}.";
    }

    /// <summary>One line with the counts and the first few names.</summary>
    public override string ToString()
    {
        string[] missing = [.. New.Where(name => !WeightLoader.IsCounter(name))];
        return $"{Loaded.Count} tensors loaded; {Skipped.Count} tensors of the file skipped{Some(Skipped)}; "
            + $"{missing.Length} tensors of the network not in the file{Some(missing)}.";
    }

    /// <summary>The first few names in parentheses; empty if there are none.</summary>
    internal static string Some(IReadOnlyList<string> names) =>
        names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(4))}{(names.Count > 4 ? ", ..." : "")})";
}

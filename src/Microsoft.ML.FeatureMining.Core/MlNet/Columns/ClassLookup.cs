using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>
/// Finds classes by name. A name in another Unicode normalization form is the same name: macOS decomposes accented letters in names of files and folders.
/// </summary>
internal sealed class ClassLookup
{
    private readonly IReadOnlyList<string> _names;
    private readonly Dictionary<string, int> _exact;
    private readonly Dictionary<string, int> _normalized = new(StringComparer.Ordinal);

    public ClassLookup(IReadOnlyList<string> names)
    {
        _names = names;
        _exact = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        foreach ((int index, string name) in names.Index())
        {
            _normalized.TryAdd(ComposedText.Of(name), index);
        }
    }

    /// <summary>The index of the class; null if there is none with this name.</summary>
    public int? Find(string name) => _exact.TryGetValue(name, out int index) || _normalized.TryGetValue(ComposedText.Of(name), out index) ? index : null;

    /// <summary>The class whose name differs only in case; null if there is none.</summary>
    public string? Similar(string name) =>
        _names.FirstOrDefault(other => string.Equals(ComposedText.Of(other), ComposedText.Of(name), StringComparison.OrdinalIgnoreCase));
}

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture of Pascal VOC and what is on it.</summary>
internal sealed record VocImage(string Path, int Width, int Height, IReadOnlyList<VocObject> Objects)
{
    /// <summary>The classes of which something is there that is not difficult, each once: those that VOC's own lists mark 1.</summary>
    public IEnumerable<string> ClassNames => Objects.Where(thing => !thing.Difficult).Select(thing => thing.ClassName).Distinct(StringComparer.Ordinal);

    /// <summary>The classes of which only difficult objects are there: those that VOC's own lists mark 0.</summary>
    public IEnumerable<string> DifficultClassNames => Objects.Select(thing => thing.ClassName).Distinct(StringComparer.Ordinal).Except(ClassNames, StringComparer.Ordinal);
}

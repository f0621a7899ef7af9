using System.Text.Json;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>What became of the rows of a data view, in their order; kept beside decoded images, so that nobody has to decode again to know it.</summary>
internal sealed record RowLedger
{
    private const int NamedCauses = 5;

    /// <summary>The class of each row that has one.</summary>
    public List<int> Labels { get; init; } = [];

    /// <summary>Which of those have an image that cannot be read.</summary>
    public List<int> Unreadable { get; init; } = [];

    /// <summary>Of those rows the first few: row, file, cause.</summary>
    public List<string> Causes { get; init; } = [];

    /// <summary>Rows without a label.</summary>
    public int Unlabelled { get; set; }

    public static RowLedger FromBytes(byte[] bytes) => JsonSerializer.Deserialize<RowLedger>(bytes) ?? throw new InvalidDataException("There are no notes beside the images.");

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    public void Add(int label, string? problem)
    {
        if (problem is not null)
        {
            Unreadable.Add(Labels.Count);
            if (Causes.Count < NamedCauses)
                Causes.Add(problem);
        }
        Labels.Add(label);
    }

    /// <summary>The rows that can be used, by their number among those with a label: those to train on, and those that a split holds out.</summary>
    public (int[] Train, int[] HeldOut) Divide(StratifiedSplit? split)
    {
        (List<int> train, List<int> heldOut) = ([], []);
        HashSet<int> unreadable = [.. Unreadable];
        for (int i = 0; i < Labels.Count; i++)
        {
            bool holdsOut = split?.TakesNext(Labels[i]) ?? false;
            if (!unreadable.Contains(i))
                (holdsOut ? heldOut : train).Add(i);
        }
        return ([.. train], [.. heldOut]);
    }
}

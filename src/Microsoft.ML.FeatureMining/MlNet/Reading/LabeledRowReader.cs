using System.Text.Json;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Passes over those rows of a data view that have a label, one after the other.</summary>
internal sealed class LabeledRowReader(LabelColumn label, ImageColumn image, Action checkAlive)
{
    private const int ChunkRows = 256;
    private const long ChunkBytes = 64 << 20;

    public ImageColumn Image => image;

    public LabelColumn Label => label;

    /// <param name="rows">The rows.</param>
    /// <param name="isWanted">Told the number of a row, among those with a label: whether its image is to be read and the row to be given.</param>
    /// <param name="unlabeled">Called for each row without a label.</param>
    public IEnumerable<LabeledRow> Read(IDataView rows, Func<int, bool>? isWanted = null, Action? unlabeled = null)
    {
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column, .. image.Columns]);
        (Func<int?> readLabel, Func<RowImage> readImage, Func<string?> readPath) = (label.Reader(cursor), image.Reader(cursor), image.PathReader(cursor));
        int number = 0;
        while (cursor.MoveNext())
        {
            if (readLabel() is not { } index)
                unlabeled?.Invoke();
            else if (isWanted?.Invoke(number++) ?? true)
                yield return new LabeledRow(cursor.Position, index, readImage(), readPath());
        }
    }

    /// <summary>The same in chunks: enough for all cores, and no more memory than that takes.</summary>
    public IEnumerable<LabeledRow[]> ReadChunks(IDataView rows, Action? unlabeled = null)
    {
        List<LabeledRow> chunk = [];
        long bytes = 0;
        foreach (LabeledRow row in Read(rows, unlabeled: unlabeled))
        {
            chunk.Add(row);
            bytes += row.Image.Bytes;
            if (chunk.Count == ChunkRows || bytes >= ChunkBytes)
            {
                checkAlive();
                yield return [.. chunk];
                chunk.Clear();
                bytes = 0;
            }
        }
        if (chunk.Count > 0)
            yield return [.. chunk];
    }

    /// <summary>The same, decoded on all cores: of each row its pixels, or why it has none.</summary>
    public IEnumerable<(LabeledRow Row, byte[]? Pixels, ImageDecodeException? Problem)> Decode(IDataView rows, Action unlabeled)
    {
        foreach (LabeledRow[] chunk in ReadChunks(rows, unlabeled))
        {
            var decoded = new (LabeledRow, byte[]?, ImageDecodeException?)[chunk.Length];
            Parallel.For(0, chunk.Length, i => decoded[i] = Decode(chunk[i]));
            foreach ((LabeledRow, byte[]?, ImageDecodeException?) row in decoded)
                yield return row;
        }
    }

    /// <summary>Counts the rows of each label, without a look at the images.</summary>
    public int[] CountRows(IDataView rows)
    {
        List<int> counts = [];
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column]);
        Func<int?> readLabel = label.Reader(cursor);
        while (cursor.MoveNext())
        {
            if (readLabel() is not { } index)
                continue;
            while (counts.Count <= index)
                counts.Add(0);
            counts[index]++;
        }
        return [.. counts];
    }

    private (LabeledRow, byte[]?, ImageDecodeException?) Decode(LabeledRow row)
    {
        try
        {
            return (row, row.Image.ToPixels(), null);
        }
        catch (ImageDecodeException e)
        {
            return (row, null, image.Unreadable(row.Position, row.File, e));
        }
    }
}

/// <summary>A row that has a label, and what its image column holds.</summary>
/// <param name="Position">The row in the data view.</param>
/// <param name="Label">Its class.</param>
/// <param name="Image">Its image, not yet decoded.</param>
/// <param name="File">The file it is from, where that is known.</param>
internal sealed record LabeledRow(long Position, int Label, RowImage Image, string? File);

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
    public int Unlabeled { get; set; }

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

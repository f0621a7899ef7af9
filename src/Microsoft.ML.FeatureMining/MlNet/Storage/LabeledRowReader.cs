using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>Passes over those rows of a data view that have a label, one after the other.</summary>
internal sealed class LabeledRowReader(LabelColumn label, ImageColumn image, Action checkAlive)
{
    private const int ChunkRows = 256;
    private const long ChunkBytes = 64 << 20;

    public ImageColumn Image => image;

    public LabelColumn Label => label;

    /// <param name="rows">The rows.</param>
    /// <param name="isWanted">Told the number of a row, among those with a label: whether its image is to be read and the row to be given.</param>
    /// <param name="unlabelled">Called for each row without a label.</param>
    public IEnumerable<LabeledRow> Read(IDataView rows, Func<int, bool>? isWanted = null, Action? unlabelled = null)
    {
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column, .. image.Columns]);
        (Func<int?> readLabel, Func<RowImage> readImage, Func<string?> readPath) = (label.Reader(cursor), image.Reader(cursor), image.PathReader(cursor));
        int number = 0;
        while (cursor.MoveNext())
        {
            if (readLabel() is not { } index)
                unlabelled?.Invoke();
            else if (isWanted?.Invoke(number++) ?? true)
                yield return new LabeledRow(cursor.Position, index, readImage(), readPath());
        }
    }

    /// <summary>The same in chunks: enough for all cores, and no more memory than that takes.</summary>
    public IEnumerable<LabeledRow[]> ReadChunks(IDataView rows, Action? unlabelled = null)
    {
        List<LabeledRow> chunk = [];
        long bytes = 0;
        foreach (LabeledRow row in Read(rows, unlabelled: unlabelled))
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
    public IEnumerable<(LabeledRow Row, byte[]? Pixels, ImageDecodeException? Problem)> Decode(IDataView rows, Action unlabelled)
    {
        foreach (LabeledRow[] chunk in ReadChunks(rows, unlabelled))
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

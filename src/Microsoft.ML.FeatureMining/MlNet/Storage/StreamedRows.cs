using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>
/// Pixels that are decoded from a data view's rows, which come one after the other: what comes before it is asked for waits, as it is in the row, in a buffer of so many rows.
/// </summary>
/// <param name="images">Decodes.</param>
/// <param name="reader">Passes over the rows.</param>
/// <param name="rows">The data view.</param>
/// <param name="numbers">For each image the number of its row, among those with a label; ascending.</param>
/// <param name="shuffleBuffer">How many rows may wait.</param>
internal sealed class StreamedRows(StreamedImages images, LabeledRowReader reader, IDataView rows, int[] numbers, int shuffleBuffer) : PixelStore
{
    public override int Count => images.Count;

    public override int ShuffleWindow => shuffleBuffer;

    public override ulong Checksum(int row) => images.Checksum(row);

    /// <exception cref="InvalidOperationException">The order asks for rows that come too late.</exception>
    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches)
    {
        int[] left = new int[Count];
        foreach (int row in batches.SelectMany(batch => batch))
            left[row]++;
        Dictionary<int, RowImage> waiting = [];
        using IEnumerator<(int Row, RowImage Image)> source = Source(left).GetEnumerator();
        foreach (int[] batch in batches)
            yield return images.Decode(batch, Array.ConvertAll(batch, Take), Memory);

        RowImage Take(int row)
        {
            while (!waiting.ContainsKey(row))
            {
                if (waiting.Count >= shuffleBuffer)
                    throw TooFar();
                if (!source.MoveNext())
                    throw new InvalidOperationException("The data view has fewer rows than it had when Fit began.");
                waiting.Add(source.Current.Row, source.Current.Image);
            }
            RowImage image = waiting[row];
            if (--left[row] == 0)
                waiting.Remove(row);
            return image;
        }
    }

    private IEnumerable<(int Row, RowImage Image)> Source(int[] left)
    {
        // Rows that nobody asks for, or not any more, are passed over unread.
        Dictionary<int, int> rowOf = numbers.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        int last = -1;
        foreach (LabeledRow row in reader.Read(rows, number => rowOf.TryGetValue(number, out last) && left[last] > 0))
            yield return (last, row.Image);
    }

    private InvalidOperationException TooFar() => new(FormattableString.Invariant(
        $"The rows are streamed one after the other, {shuffleBuffer} of them wait in the shuffle buffer, and the one that is wanted is not among them: a strategy orders the images in its own way. Let the image column be one of paths (text), keep the images in memory or on the disk, or make ShuffleBuffer larger."));
}

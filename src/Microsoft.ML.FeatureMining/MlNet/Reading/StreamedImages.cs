using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Decodes images again that were decoded before, and insists on the same pixels.</summary>
internal sealed class StreamedImages(ImageColumn column, ulong[] checksums)
{
    private readonly int _imageBytes = ImageSet.ImageBytes(column.Shape, column.Element);

    public int Count => checksums.Length;

    public ulong Checksum(int row) => checksums[row];

    /// <summary>The pixels of a few rows, one after another, decoded on all cores.</summary>
    /// <exception cref="ImageDecodeException">An image cannot be read any more, or is another one now.</exception>
    public byte[] Decode(int[] rows, IReadOnlyList<RowImage> images, BatchMemory memory)
    {
        byte[] pixels = memory.Take(checked(rows.Length * _imageBytes));
        ParallelLoop.For(rows.Length, i => Decode(rows[i], images[i], pixels.AsMemory(i * _imageBytes, _imageBytes)));
        return pixels;
    }

    private void Decode(int row, RowImage image, Memory<byte> pixels)
    {
        try
        {
            image.Read(pixels);
        }
        catch (ImageDecodeException e)
        {
            throw Changed(row, image, $"cannot be read any more: {e.Message}", e);
        }
        if (PixelStore.ChecksumOf(pixels.Span) != checksums[row])
            throw Changed(row, image, "is another one now.", null);
    }

    private ImageDecodeException Changed(int row, RowImage image, string what, Exception? cause)
    {
        string name = FormattableString.Invariant($"Image {row} of column '{column.Column.Name}'{(image.File is { } file ? $", file '{file}'" : "")}");
        string message = $"{name}, was read when Fit began and {what}";
        return cause is null ? new ImageDecodeException(message) : new ImageDecodeException(message, cause);
    }
}

/// <summary>Pixels that are decoded from files, each time and in any order.</summary>
internal sealed class StreamedFiles(StreamedImages images, RowImage[] files) : PixelStore
{
    public override int Count => images.Count;

    public override ulong Checksum(int row) => images.Checksum(row);

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) =>
        batches.Select(rows => images.Decode(rows, Array.ConvertAll(rows, row => files[row]), Memory));
}

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
        $"The rows are streamed one after the other, {shuffleBuffer} of them wait in the shuffle buffer, and the one that is wanted is not among them: a strategy orders the images in its own way. Let the image column be one of paths (text), keep the images in memory or on the disk, or make ShuffleBufferSize larger."));
}

/// <summary>One look at each image before it is streamed: which can be read, what they are (checksums), and what their pixels are on average.</summary>
internal sealed class StreamSurvey(LabeledRowReader reader, StratifiedSplit? split)
{
    private readonly List<ulong> _checksums = [];
    private readonly List<RowImage> _files = [];
    private readonly ChannelHistogram _train = new(reader.Image.Shape.Channels);
    private readonly ChannelHistogram _heldOut = new(reader.Image.Shape.Channels);

    /// <param name="row">The next row with a label.</param>
    /// <param name="pixels">Its pixels; null where it cannot be read.</param>
    public void Add(LabeledRow row, byte[]? pixels)
    {
        bool holdsOut = split?.TakesNext(row.Label) ?? false;
        _checksums.Add(pixels is null ? 0 : PixelStore.ChecksumOf(pixels));
        if (reader.Image.IsFiles)
            _files.Add(row.Image);
        if (pixels is not null && reader.Image.Element == PixelType.Byte)
            (holdsOut ? _heldOut : _train).Add(pixels);
    }

    /// <summary>Of the bytes of the images that are held out, or of the others; null where they are not bytes.</summary>
    public ChannelStatistics? Statistics(bool heldOut) => reader.Image.Element == PixelType.Byte ? (heldOut ? _heldOut : _train).Statistics() : null;

    /// <summary>Streams those rows, of which the numbers are given among the rows with a label.</summary>
    public PixelStore Stream(IDataView rows, int[] numbers, int shuffleBuffer)
    {
        StreamedImages images = new(reader.Image, Array.ConvertAll(numbers, number => _checksums[number]));
        return reader.Image.IsFiles
            ? new StreamedFiles(images, Array.ConvertAll(numbers, number => _files[number]))
            : new StreamedRows(images, reader, rows, numbers, shuffleBuffer);
    }
}

using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

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

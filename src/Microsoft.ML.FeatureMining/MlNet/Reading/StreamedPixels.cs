using System.Globalization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>
/// Pixels that are decoded again in each epoch, on all cores, and checked against the checksums of the first pass. Files given by path can be decoded in any
/// order. Other rows are read sequentially: rows that arrive before they are needed wait, undecoded, in a shuffle buffer.
/// </summary>
/// <param name="rows">The rows to decode.</param>
/// <param name="shuffleBufferSize">The maximum number of rows that wait.</param>
internal sealed class StreamedPixels(LabeledRows rows, int shuffleBufferSize) : PixelStore
{
    private const string Advice = "Do not change images while Fit runs, or set Storage to Memory or Disk.";

    private readonly int _imageBytes = rows.Image.ImageBytes;
    private readonly List<ulong> _checksums = [];
    private readonly List<ImageSource> _files = [];

    // The number of each image's row, ascending.
    private readonly List<int> _numbers = [];

    public override int Count => _checksums.Count;

    public override int ShuffleWindow => rows.Image.IsFiles ? int.MaxValue : shuffleBufferSize;

    /// <summary>Adds the next image. Only the checksum of its pixels is kept.</summary>
    public void Add(LabeledRow row, ReadOnlySpan<byte> pixels)
    {
        _checksums.Add(ChecksumOf(pixels));
        _numbers.Add(row.Number);
        if (rows.Image.IsFiles)
        {
            _files.Add(row.Image);
        }
    }

    public override ulong Checksum(int index) => _checksums[index];

    /// <exception cref="ImageDecodeException">An image is no longer readable or has changed.</exception>
    /// <exception cref="InvalidOperationException">The order needs rows too far ahead for the shuffle buffer.</exception>
    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) =>
        rows.Image.IsFiles ? batches.Select(batch => Decode(batch, Array.ConvertAll(batch, index => _files[index]))) : ReadRows(batches);

    private IEnumerable<byte[]> ReadRows(IReadOnlyList<int[]> batches)
    {
        int[] left = new int[Count];
        foreach (int index in batches.SelectMany(batch => batch))
        {
            left[index]++;
        }

        Dictionary<int, ImageSource> waiting = [];
        // Rows that are not in the order are not read.
        HashSet<int> wanted = [.. _numbers.Where((_, index) => left[index] > 0)];
        using IEnumerator<LabeledRow> pass = rows.Read(wanted).GetEnumerator();
        foreach (int[] batch in batches)
        {
            yield return Decode(batch, Array.ConvertAll(batch, Take));
        }

        ImageSource Take(int index)
        {
            while (!waiting.ContainsKey(index))
            {
                if (waiting.Count >= shuffleBufferSize)
                {
                    throw TooFarAhead();
                }

                if (!pass.MoveNext())
                {
                    throw new InvalidOperationException($"The data view has fewer rows than when Fit started. {LabeledRows.SameRowsAdvice}");
                }

                waiting.Add(_numbers.BinarySearch(pass.Current.Number), pass.Current.Image);
            }

            ImageSource image = waiting[index];
            if (--left[index] == 0)
            {
                waiting.Remove(index);
            }

            return image;
        }
    }

    private byte[] Decode(int[] indices, ImageSource[] images)
    {
        byte[] pixels = Pool.Rent(checked(indices.Length * _imageBytes));
        ParallelLoop.For(indices.Length, i => Decode(indices[i], images[i], pixels.AsMemory(i * _imageBytes, _imageBytes)));
        return pixels;
    }

    private void Decode(int index, ImageSource image, Memory<byte> pixels)
    {
        try
        {
            rows.Image.Decode(image, pixels);
        }
        catch (ImageDecodeException e)
        {
            throw new ImageDecodeException($"{e.Message} It was readable when Fit started. {Advice}", e);
        }

        if (ChecksumOf(pixels.Span) != _checksums[index])
        {
            throw new ImageDecodeException($"The image of {rows.Image.NameOf(image)}, has changed since Fit started. {Advice}");
        }
    }

    private InvalidOperationException TooFarAhead() =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"A training strategy orders the images and needs a row further ahead than the {shuffleBufferSize} rows of the shuffle buffer. "
                    + $"Use an image column of paths (text), set Storage to Memory or Disk, or increase ShuffleBufferSize."
            )
        );
}

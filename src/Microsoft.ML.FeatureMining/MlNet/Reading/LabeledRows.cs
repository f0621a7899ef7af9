using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>
/// A data view with its label column and its image column. Each method makes one pass over the rows, in their order. Rows without a label are skipped; the
/// others are numbered from 0.
/// </summary>
/// <param name="view">The data view. Each pass must give the same rows.</param>
/// <param name="label">Its label column.</param>
/// <param name="image">Its image column.</param>
/// <param name="checkCanceled">Called every few hundred rows; throws to stop the pass.</param>
internal sealed class LabeledRows(IDataView view, LabelColumn label, ImageColumn image, Action checkCanceled)
{
    /// <summary>Advice for errors about a data view with rows that change between passes.</summary>
    public const string SameRowsAdvice = "Each pass must return the same rows; use Cache, for example.";

    private const int ChunkRows = 256;
    private const long ChunkBytes = 64 << 20;
    private const long DecodedBytes = 256 << 20;
    private const int KeyBytes = 16;

    public LabelColumn Label => label;

    public ImageColumn Image => image;

    /// <exception cref="OperationCanceledException">The Fit was canceled.</exception>
    public void CheckCanceled() => checkCanceled();

    /// <summary>An upper bound on the number of rows with a label: the view's row count if known, else the number of labels.</summary>
    public long MaxCount() => view.GetRowCount() ?? ReadLabels().Length;

    /// <summary>Reads only the labels.</summary>
    public int[] ReadLabels()
    {
        List<int> labels = [];
        using DataViewRowCursor cursor = InputRows.Open(view, label.Columns);
        Func<int?> read = label.Reader(cursor);
        while (cursor.MoveNext())
        {
            if (read() is { } index)
            {
                labels.Add(index);
            }
        }

        return [.. labels];
    }

    /// <summary>Reads labels and images without decoding them.</summary>
    /// <param name="wanted">The numbers of the rows to read; null for all.</param>
    /// <param name="ledger">Counts the rows without a label; null not to count them.</param>
    public IEnumerable<LabeledRow> Read(IReadOnlySet<int>? wanted = null, RowLedger? ledger = null)
    {
        using DataViewRowCursor cursor = InputRows.Open(view, [.. label.Columns, .. image.Columns]);
        (Func<int?> readLabel, Func<ImageSource> readImage) = (label.Reader(cursor), image.Reader(cursor));
        int number = 0;
        while (cursor.MoveNext())
        {
            if (readLabel() is not { } index)
            {
                if (ledger is not null)
                {
                    ledger.Unlabeled++;
                }

                continue;
            }

            if (wanted?.Contains(number) ?? true)
            {
                yield return new LabeledRow(number, index, readImage());
            }

            number++;
        }
    }

    /// <summary>Decodes all rows on all cores and returns those with a readable image.</summary>
    /// <param name="ledger">Records whether each row was read.</param>
    /// <param name="behavior">What to do if an image cannot be read.</param>
    /// <exception cref="ImageDecodeException">An image cannot be read, and the behavior is to throw.</exception>
    public IEnumerable<(LabeledRow Row, byte[] Pixels)> Decode(RowLedger ledger, UnreadableImageBehavior behavior)
    {
        foreach (LabeledRow[] chunk in ReadChunks(ledger))
        {
            var pixels = new byte[chunk.Length][];
            var sizes = new ImageSize[chunk.Length];
            var problems = new ImageDecodeException?[chunk.Length];
            ParallelLoop.For(
                chunk.Length,
                i =>
                {
                    try
                    {
                        pixels[i] = GC.AllocateUninitializedArray<byte>(image.ImageBytes);
                        sizes[i] = image.Decode(chunk[i].Image, pixels[i]);
                    }
                    catch (ImageDecodeException e)
                    {
                        problems[i] = e;
                    }
                }
            );
            for (int i = 0; i < chunk.Length; i++)
            {
                if (problems[i] is { } problem && behavior == UnreadableImageBehavior.Throw)
                {
                    throw problem;
                }

                ledger.Add(chunk[i].Label, problems[i]?.Message, label.IsClass ? null : sizes[i]);
                if (problems[i] is null)
                {
                    yield return (chunk[i], pixels[i]);
                }
            }
        }
    }

    /// <summary>A hash that identifies the decoded images: the same rows, decoded in the same way, have the same key. Computing it decodes nothing.</summary>
    public string ContentKey()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Another build of the library may decode differently.
        hash.AppendData(Encoding.UTF8.GetBytes($"{image.Description} {ImageCodec.Name} {typeof(LabeledRows).Module.ModuleVersionId}"));
        byte[] number = new byte[sizeof(int)];
        foreach (LabeledRow[] chunk in ReadChunks(ledger: null))
        {
            var contents = new byte[chunk.Length][];
            ParallelLoop.For(chunk.Length, i => contents[i] = chunk[i].Image.ContentHash());
            foreach ((LabeledRow row, byte[] content) in chunk.Zip(contents))
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, row.Label);
                hash.AppendData(number);
                hash.AppendData(content);
            }
        }

        return "images-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, KeyBytes));
    }

    // Chunks have enough rows for all cores and limit the memory of images that wait to be decoded, and of those that are.
    private IEnumerable<LabeledRow[]> ReadChunks(RowLedger? ledger)
    {
        List<LabeledRow> chunk = [];
        long bytes = 0;
        foreach (LabeledRow row in Read(wanted: null, ledger))
        {
            chunk.Add(row);
            bytes += row.Image.Bytes;
            bool isLarge = (long)chunk.Count * image.ImageBytes >= DecodedBytes && chunk.Count >= Environment.ProcessorCount;
            if (chunk.Count == ChunkRows || bytes >= ChunkBytes || isLarge)
            {
                checkCanceled();
                yield return [.. chunk];
                chunk.Clear();
                bytes = 0;
            }
        }

        if (chunk.Count > 0)
        {
            yield return [.. chunk];
        }
    }
}

/// <summary>A row with a label.</summary>
/// <param name="Number">Its number among the rows with a label, from 0.</param>
/// <param name="Label">Its class, or the number of its set of classes.</param>
/// <param name="Image">Its image, not yet decoded.</param>
internal readonly record struct LabeledRow(int Number, int Label, ImageSource Image);

/// <summary>
/// Records which rows of a data view were read or skipped. A file of decoded images stores it as JSON, so that the next Fit does not have to decode.
/// </summary>
internal sealed record RowLedger
{
    private const int MaxCauses = 5;

    /// <summary>The label of each row that has one.</summary>
    public List<int> Labels { get; init; } = [];

    /// <summary>The numbers of the rows with an unreadable image.</summary>
    public List<int> Unreadable { get; init; } = [];

    /// <summary>The causes for the first few of them: row, file, cause.</summary>
    public List<string> Causes { get; init; } = [];

    /// <summary>The size of the image of each row with a label, before it is resized; empty for classification.</summary>
    public List<ImageSize> Sizes { get; init; } = [];

    /// <summary>Rows without a label.</summary>
    public int Unlabeled { get; set; }

    /// <exception cref="InvalidDataException">The bytes are not a ledger.</exception>
    public static RowLedger FromBytes(byte[] bytes) =>
        JsonSerializer.Deserialize<RowLedger>(bytes) ?? throw new InvalidDataException("The file of decoded images is damaged: its list of rows is missing.");

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <param name="label">The label of the next row.</param>
    /// <param name="problem">Why its image cannot be read; null if it can.</param>
    /// <param name="size">The size of its image; null not to record it.</param>
    public void Add(int label, string? problem, ImageSize? size = null)
    {
        if (problem is not null)
        {
            Unreadable.Add(Labels.Count);
            if (Causes.Count < MaxCauses)
            {
                Causes.Add(problem);
            }
        }

        Labels.Add(label);
        if (size is { } known)
        {
            Sizes.Add(known);
        }
    }

    /// <summary>The numbers of the rows with a readable image.</summary>
    public int[] Readable() => [.. Enumerable.Range(0, Labels.Count).Except(Unreadable)];
}

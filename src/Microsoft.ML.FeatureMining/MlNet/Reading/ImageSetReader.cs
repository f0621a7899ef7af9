using System.Globalization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Decodes the images of rows once and keeps them in memory or in a file; streamed images are decoded again in each epoch.</summary>
/// <param name="behavior">What to do if an image cannot be read.</param>
/// <param name="storage">Where to keep images.</param>
/// <param name="warn">Receives warnings for the user.</param>
internal sealed class ImageSetReader(UnreadableImageBehavior behavior, StorageSettings storage, Action<string> warn)
{
    /// <summary>Reads all rows with a label.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="heldOut">For each row with a label, whether it is a validation row; null to read a single set.</param>
    /// <returns>The images of rows that are not held out; the held-out images (null if <paramref name="heldOut"/> is null); and the ledger of all rows. Both
    /// sets share their pixels: dispose one of them when neither is needed.
    /// </returns>
    /// <exception cref="ImageDecodeException">An image cannot be read, and the behavior is to throw.</exception>
    /// <exception cref="InvalidOperationException">The data view returned other rows than when <paramref name="heldOut"/> was drawn.</exception>
    public (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) Read(LabeledRows rows, bool[]? heldOut = null)
    {
        long bytes = storage.DependsOnSize ? rows.MaxCount() * rows.Image.ImageBytes : 0;
        ImageStorage chosen = storage.Choose(bytes);
        if (chosen == ImageStorage.Memory)
        {
            return ReadToMemory(rows, heldOut);
        }

        (ImageSet, ImageSet?, RowLedger)? stored =
            storage is { CacheFolder: not null, DependsOnSize: true } ? ReadCached(rows, heldOut, bytes)
            : chosen == ImageStorage.Disk ? ReadToDisk(rows, heldOut, bytes, key: null)
            : null;
        return stored ?? Stream(rows, heldOut);
    }

    private (ImageSet, ImageSet?, RowLedger) ReadToMemory(LabeledRows rows, bool[]? heldOut)
    {
        MemoryPixels pixels = new(rows.Image.ImageBytes);
        RowLedger ledger = new();
        foreach ((_, byte[] decoded) in rows.Decode(ledger, behavior))
        {
            pixels.Add(decoded);
        }

        return Divide(rows, pixels, ledger, heldOut);
    }

    // Of several processes that read the same rows, as the ranks of a computer, one decodes them; the others wait, and read its file.
    private (ImageSet, ImageSet?, RowLedger)? ReadCached(LabeledRows rows, bool[]? heldOut, long bytes)
    {
        string key = storage.FileName ?? rows.ContentKey();
        using IDisposable? turn = PixelFileWriter.Wait(storage.Folder, key, rows.CheckCanceled);
        if (FilePixels.Find(storage.Folder, key, rows.Image.ImageBytes, warn) is { } found)
        {
            // The content key has read them already.
            if (storage.FileName is not null)
            {
                rows.ReadLabels();
            }

            if (Reuse(rows, found, heldOut) is { } kept)
            {
                return kept;
            }
        }

        // Only now: a file that is there already, or that another process has just written, needs no room on the disk.
        return storage.Choose(bytes) == ImageStorage.Disk ? ReadToDisk(rows, heldOut, bytes, key) : null;
    }

    // Null, after a warning, if the file cannot be written.
    private (ImageSet, ImageSet?, RowLedger)? ReadToDisk(LabeledRows rows, bool[]? heldOut, long bytes, string? key)
    {
        try
        {
            using PixelFileWriter writer = new(storage.Folder, key, rows.Image.ImageBytes, bytes);
            RowLedger ledger = new();
            foreach ((_, byte[] decoded) in rows.Decode(ledger, behavior))
            {
                writer.Add(decoded);
            }

            return Divide(rows, writer.Finish(ledger.ToBytes()), ledger, heldOut);
        }
        catch (PixelFileException e)
        {
            warn($"Decoded images cannot be stored on disk and will be decoded again in each epoch. {e.Message}");
            return null;
        }
    }

    // Computing the statistics reads every image, so that damage is found now, while the file can still be created again.
    private (ImageSet, ImageSet?, RowLedger)? Reuse(LabeledRows rows, FilePixels pixels, bool[]? heldOut)
    {
        try
        {
            RowLedger ledger = RowLedger.FromBytes(pixels.Notes);
            if (behavior == UnreadableImageBehavior.Throw && ledger.Causes.Count > 0)
            {
                pixels.Dispose();
                throw new ImageDecodeException(ledger.Causes[0]);
            }

            (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) read = Divide(rows, pixels, ledger, heldOut);
            foreach (ImageSet set in new[] { read.Images, read.HeldOut }.OfType<ImageSet>().Where(set => set.Count > 0))
            {
                _ = set.Statistics;
            }

            return read;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            pixels.Dispose();
            warn($"{e.Message} The file will be created again.");
            return null;
        }
    }

    private (ImageSet, ImageSet?, RowLedger) Stream(LabeledRows rows, bool[]? heldOut)
    {
        StreamedPixels pixels = new(rows, storage.ShuffleBufferSize);
        RowLedger ledger = new();
        bool isBytes = rows.Image.Element == PixelType.Byte;
        ChannelHistogram images = new(rows.Image.Shape.Channels);
        foreach ((LabeledRow row, byte[] decoded) in rows.Decode(ledger, behavior))
        {
            pixels.Add(row, decoded);
            if (isBytes && !IsHeldOut(row.Number, heldOut))
            {
                images.Add(decoded);
            }
        }

        // This pass already computed the statistics; another pass would decode every image again.
        return Divide(rows, pixels, ledger, heldOut, isBytes ? images.Statistics() : null);
    }

    // The store has only the readable images, in the order of their rows.
    private static (ImageSet, ImageSet?, RowLedger) Divide(
        LabeledRows rows,
        PixelStore pixels,
        RowLedger ledger,
        bool[]? heldOut,
        ChannelStatistics? statistics = null
    )
    {
        if (heldOut is not null && heldOut.Length != ledger.Labels.Count)
        {
            throw OtherRows(heldOut.Length, ledger.Labels.Count);
        }

        int[] numbers = ledger.Readable();
        IReadOnlyList<float[]>? sets = rows.Label.SetsOf(ledger.Sizes, rows.Image.Preprocessing);
        return (SetOf(isHeldOut: false, statistics), heldOut is null ? null : SetOf(isHeldOut: true, known: null), ledger);

        ImageSet SetOf(bool isHeldOut, ChannelStatistics? known)
        {
            int[] indices = [.. Enumerable.Range(0, numbers.Length).Where(index => IsHeldOut(numbers[index], heldOut) == isHeldOut)];
            int[] labels = Array.ConvertAll(indices, index => ledger.Labels[numbers[index]]);
            return new ImageSet(pixels, rows.Image.Shape, rows.Image.Element, rows.Label.Keys.Count, labels, indices, known, sets);
        }
    }

    private static bool IsHeldOut(int number, bool[]? heldOut) =>
        heldOut is not null && (number < heldOut.Length ? heldOut[number] : throw OtherRows(heldOut.Length, number + 1));

    private static InvalidOperationException OtherRows(int before, int now) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The data view returned {before} labeled rows when the validation rows were drawn, but {now} when they were read. {LabeledRows.SameRowsAdvice}"
            )
        );
}

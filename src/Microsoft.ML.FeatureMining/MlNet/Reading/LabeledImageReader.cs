using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Reads the labels and images of a data view, pictures decoded on all cores, and keeps them where the settings say.</summary>
/// <param name="reader">Passes over the rows.</param>
/// <param name="policy">What becomes of rows whose image cannot be read.</param>
/// <param name="storage">Where images are kept.</param>
/// <param name="notice">Told what the user should know of.</param>
internal sealed class LabeledImageReader(LabeledRowReader reader, UnreadableImageBehavior policy, StorageSettings storage, Action<string> notice)
{
    private readonly int _imageBytes = ImageSet.ImageBytes(reader.Image.Shape, reader.Image.Element);

    /// <summary>Reads all rows, and holds some of them out where a split says so.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="newSplit">Makes the split, which is used up by a pass; null for none.</param>
    /// <exception cref="ImageDecodeException">An image cannot be read, and the policy is to throw.</exception>
    public LabeledImages Read(IDataView rows, Func<StratifiedSplit>? newSplit = null)
    {
        (ImageStorage where, long bytes) = storage.Choose(() => (rows.GetRowCount() ?? reader.CountRows(rows).Sum(count => (long)count)) * _imageBytes);
        return where switch
        {
            ImageStorage.Memory => InMemory(rows, newSplit),
            ImageStorage.Disk => OnDisk(rows, newSplit, bytes),
            _ => Streamed(rows, newSplit),
        };
    }

    private LabeledImages InMemory(IDataView rows, Func<StratifiedSplit>? newSplit)
    {
        MemoryPixels pixels = new(_imageBytes);
        RowLedger ledger = Survey(rows, Readable(decoded => pixels.Add(decoded)));
        return Stored(pixels, ledger, newSplit);
    }

    private LabeledImages OnDisk(IDataView rows, Func<StratifiedSplit>? newSplit, long bytes)
    {
        PixelFolder? folder = storage.CacheFolder is null ? null : new(storage.CacheFolder);
        string? name = folder is null ? null : ContentKey.Of(reader, rows);
        if (folder?.Open(name!, _imageBytes, notice) is { } found && TakeKept(found, newSplit) is { } kept)
            return kept;
        try
        {
            using PixelFileWriter writer = folder?.Create(name!, _imageBytes, bytes) ?? new(storage.Folder, null, _imageBytes, bytes);
            RowLedger ledger = Survey(rows, Readable(decoded => writer.Add(decoded)));
            return Stored(writer.Finish(ledger.ToBytes()), ledger, newSplit);
        }
        catch (PixelFileException e)
        {
            notice($"Decoded images cannot be kept on the disk; they are decoded anew in each epoch. {e.Message}");
            return Streamed(rows, newSplit);
        }
    }

    // The statistics look at every image, so that a damaged one is found now, when the file can still be made anew.
    private LabeledImages? TakeKept(FilePixels pixels, Func<StratifiedSplit>? newSplit)
    {
        try
        {
            RowLedger ledger = RowLedger.FromBytes(pixels.Notes);
            if (policy == UnreadableImageBehavior.Throw && ledger.Causes.Count > 0)
                throw new ImageDecodeException(ledger.Causes[0]);
            LabeledImages images = Stored(pixels, ledger, newSplit);
            foreach (ImageSet set in new[] { images.Images, images.HeldOut }.OfType<ImageSet>().Where(set => set.Count > 0))
                _ = set.Statistics;
            return images;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            pixels.Dispose();
            notice($"{e.Message} It is made anew.");
            return null;
        }
    }

    private LabeledImages Stored(PixelStore pixels, RowLedger ledger, Func<StratifiedSplit>? newSplit)
    {
        (int[] train, int[] heldOut) = ledger.Divide(newSplit?.Invoke());
        // What cannot be read has no place in the store.
        int[] places = new int[ledger.Labels.Count];
        foreach ((int place, int number) in train.Concat(heldOut).Order().Index())
            places[number] = place;
        return new LabeledImages(SetOf(train), newSplit is null ? null : SetOf(heldOut), ledger, [pixels]);

        ImageSet SetOf(int[] numbers) => NewSet(pixels, ledger, numbers, Array.ConvertAll(numbers, number => places[number]), statistics: null);
    }

    private LabeledImages Streamed(IDataView rows, Func<StratifiedSplit>? newSplit)
    {
        StreamSurvey survey = new(reader, newSplit?.Invoke());
        RowLedger ledger = Survey(rows, survey.Add);
        (int[] train, int[] heldOut) = ledger.Divide(newSplit?.Invoke());
        PixelStore[] stores = [survey.Stream(rows, train, storage.ShuffleBufferSize), survey.Stream(rows, heldOut, storage.ShuffleBufferSize)];
        return new LabeledImages(
            NewSet(stores[0], ledger, train, rows: null, survey.Statistics(heldOut: false)),
            newSplit is null ? null : NewSet(stores[1], ledger, heldOut, rows: null, survey.Statistics(heldOut: true)), ledger, stores);
    }

    private ImageSet NewSet(PixelStore pixels, RowLedger ledger, int[] numbers, int[]? rows, ChannelStatistics? statistics) => new(
        pixels, reader.Image.Shape, reader.Image.Element, reader.Label.Keys.Count, Array.ConvertAll(numbers, number => ledger.Labels[number]), rows, statistics, reader.Label.Sets);

    private static Action<LabeledRow, byte[]?> Readable(Action<byte[]> keep) => (_, pixels) =>
    {
        if (pixels is not null)
            keep(pixels);
    };

    private RowLedger Survey(IDataView rows, Action<LabeledRow, byte[]?> see)
    {
        RowLedger ledger = new();
        foreach ((LabeledRow row, byte[]? pixels, ImageDecodeException? problem) in reader.Decode(rows, () => ledger.Unlabeled++))
        {
            if (problem is not null && policy == UnreadableImageBehavior.Throw)
                throw problem;
            ledger.Add(row.Label, problem?.Message);
            see(row, pixels);
        }
        return ledger;
    }
}

/// <summary>The rows of a data view as the engine takes them.</summary>
/// <param name="Images">The rows that can be used.</param>
/// <param name="HeldOut">The rows held out for validation; null where none were to be.</param>
/// <param name="Ledger">What became of all rows.</param>
/// <param name="Stores">Where the pixels lie, to be disposed of when nobody reads them any more.</param>
internal sealed record LabeledImages(ImageSet Images, ImageSet? HeldOut, RowLedger Ledger, IReadOnlyList<PixelStore> Stores) : IDisposable
{
    /// <summary>The bytes that it keeps in memory.</summary>
    public long MemoryBytes => Stores.OfType<MemoryPixels>().Sum(pixels => pixels.Bytes);

    public void Dispose()
    {
        foreach (PixelStore store in Stores)
            store.Dispose();
    }
}

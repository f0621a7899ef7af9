using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Storage;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>What a trainer was given, read and found fit to train on.</summary>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped, IReadOnlyList<IDisposable> Held) : IDisposable
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all are of one class.</exception>
    public static TrainingRows Read(IDataView rows, ImageClassificationOptions options, long seed, IChannel channel, Action checkAlive)
    {
        LabelColumn label = LabelColumn.Bind(rows.Schema, options.LabelColumnName);
        ImageColumn image = BindImage(rows.Schema, options);
        LabeledRowReader reader = new(label, image, checkAlive);
        StorageSettings storage = options.ToStorage();
        Func<StratifiedSplit>? newSplit = null;
        if (options.ValidationFraction is { } fraction)
        {
            int[] counts = reader.CountRows(rows);
            newSplit = () => new StratifiedSplit(counts, fraction, new RandomStream(seed, "validation-split"));
        }
        LabeledImages read = new LabeledImageReader(reader, options.UnreadableImages, storage, Warn).Read(rows, newSplit);
        LabeledImages? validation = null;
        try
        {
            Report(channel, "training", image, read, options.MaxSkippedShare);
            CheckTrainable(read, label);
            // Both sets share the budget.
            StorageSettings left = storage with { MemoryBudget = Math.Max(0, storage.Budget - read.MemoryBytes) };
            if (options.ValidationSet is { } set)
            {
                validation = ReadValidation(set, label.Keys, image.Shape, options, left, Warn, checkAlive);
                Report(channel, "validation", image, validation, options.MaxSkippedShare);
            }
            ImageSet? validated = validation?.Images ?? read.HeldOut;
            if (validated is { Count: 0 })
                throw new InvalidOperationException("There is no row to validate on.");
            return new TrainingRows(label.Keys, read.Images, validated, read.Ledger.Unreadable.Count, [read, .. validation is null ? [] : (IDisposable[])[validation]]);
        }
        catch
        {
            read.Dispose();
            validation?.Dispose();
            throw;
        }

        void Warn(string text) => channel.Warning(MessageSensitivity.None, text);
    }

    /// <summary>Lets go of the images.</summary>
    public void Dispose()
    {
        foreach (IDisposable images in Held)
            images.Dispose();
    }

    private static ImageColumn BindImage(DataViewSchema schema, ImageClassificationOptions options, bool orFiles = false)
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(options.Channels, options.ImageHeight, options.ImageWidth), Resize = options.Resize };
        return orFiles
            ? ImageColumn.BindOrFiles(schema, options.ImageColumnName, preprocessing, options.MaxPixels)
            : ImageColumn.Bind(schema, options.ImageColumnName, preprocessing, options.MaxPixels);
    }

    private static LabeledImages ReadValidation(
        IDataView rows, ClassKeys keys, ImageShape shape, ImageClassificationOptions options, StorageSettings storage, Action<string> warn, Action checkAlive)
    {
        LabelColumn label = LabelColumn.BindAlike(rows.Schema, options.LabelColumnName, keys);
        ImageColumn image = BindImage(rows.Schema, options, orFiles: true);
        if (image.Shape != shape)
            throw new ArgumentException($"The images of the ValidationSet are {image.Shape}, those of the training rows {shape}.", nameof(rows));
        LabeledRowReader reader = new(label, image, checkAlive);
        return new LabeledImageReader(reader, options.UnreadableImages, storage, warn).Read(rows);
    }

    private static void Report(IChannel channel, string role, ImageColumn image, LabeledImages read, double maxSkippedShare)
    {
        RowLedger ledger = read.Ledger;
        if (ledger.Unreadable.Count > 0)
        {
            string causes = string.Join(Environment.NewLine, ledger.Causes.Select(cause => "- " + cause));
            if (ledger.Unreadable.Count > maxSkippedShare * ledger.Labels.Count)
            {
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"Of {ledger.Labels.Count} {role} rows {ledger.Unreadable.Count} have an image that cannot be read; MaxSkippedShare is {maxSkippedShare}. The first of them:{Environment.NewLine}{causes}"));
            }
            channel.Warning(MessageSensitivity.Schema | MessageSensitivity.UserData, FormattableString.Invariant(
                $"{ledger.Unreadable.Count} {role} rows were left out: their image in column '{image.Column.Name}' cannot be read. The first of them:{Environment.NewLine}{causes}"));
        }
        if (ledger.Unlabelled > 0)
            channel.Warning(MessageSensitivity.None, FormattableString.Invariant($"{ledger.Unlabelled} {role} rows were left out: they have no label, or one that is no class."));
    }

    private static void CheckTrainable(LabeledImages read, LabelColumn label)
    {
        if (read.Images.Count == 0)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"There is no row to train on: {read.Ledger.Unlabelled} rows have no label and the image of {read.Ledger.Unreadable.Count} cannot be read."));
        }
        int[] classes = [.. read.Images.Labels.Distinct().Take(2)];
        if (classes.Length == 1)
            throw new InvalidOperationException($"All rows have the label '{label.Keys.Names[classes[0]]}' in column '{label.Column.Name}': telling classes apart takes at least two.");
    }
}

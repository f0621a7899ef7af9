using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;
using Microsoft.ML.FeatureMining.MlNet.Labels;
using Microsoft.ML.FeatureMining.MlNet.Storage;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.MlNet.Trainers;

/// <summary>What a trainer was given, read and found fit to train on.</summary>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped, IReadOnlyList<IDisposable> Held) : IDisposable
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all are of one class.</exception>
    public static TrainingRows Read(IDataView rows, ImageClassificationOptions options, long seed, IChannel channel, Action checkAlive)
    {
        LabelColumn label = options.IsMultilabel ? LabelSetColumn.Bind(rows, options.LabelColumnName) : KeyLabelColumn.Bind(rows.Schema, options.LabelColumnName);
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
                validation = ReadFurther(set, label.Alike(set.Schema, options.LabelColumnName), "validation", image.Shape, options, left, channel, checkAlive);
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

    /// <summary>Reads further rows to train on, each of one class of these.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The rows do not fit these.</exception>
    /// <exception cref="InvalidOperationException">There are no rows.</exception>
    public TrainingRows ReadPatches(IDataView patches, string labelColumnName, ImageClassificationOptions options, IChannel channel, Action checkAlive)
    {
        KeyLabelColumn label = KeyLabelColumn.BindAlike(patches.Schema, labelColumnName, Keys);
        LabeledImages read = ReadFurther(patches, label, "patch", Train.Shape, options, options.ToStorage(), channel, checkAlive);
        if (read.Images.Count > 0)
            return new TrainingRows(Keys, read.Images.NormalizedLike(Train), null, read.Ledger.Unreadable.Count, [read]);
        read.Dispose();
        throw new InvalidOperationException("There is no patch to train on.");
    }

    /// <summary>Lets go of the images.</summary>
    public void Dispose()
    {
        foreach (IDisposable images in Held)
            images.Dispose();
    }

    private static ImageColumn BindImage(DataViewSchema schema, ImageClassificationOptions options, bool orFiles = false)
    {
        ImagePreprocessing preprocessing = options.ToPreprocessing().Uncropped();
        return orFiles
            ? ImageColumn.BindOrFiles(schema, options.ImageColumnName, preprocessing, options.MaxPixels)
            : ImageColumn.Bind(schema, options.ImageColumnName, preprocessing, options.MaxPixels);
    }

    /// <summary>Reads further rows of the same classes.</summary>
    private static LabeledImages ReadFurther(
        IDataView rows, LabelColumn label, string role, ImageShape shape, ImageClassificationOptions options, StorageSettings storage, IChannel channel, Action checkAlive)
    {
        ImageColumn image = BindImage(rows.Schema, options, orFiles: true);
        if (image.Shape != shape)
            throw new ArgumentException($"The images of the {role} rows are {image.Shape}, those of the training rows {shape}.", nameof(rows));
        LabeledRowReader reader = new(label, image, checkAlive);
        LabeledImages read = new LabeledImageReader(reader, options.UnreadableImages, storage, text => channel.Warning(MessageSensitivity.None, text)).Read(rows);
        try
        {
            Report(channel, role, image, read, options.MaxSkippedShare);
            return read;
        }
        catch
        {
            read.Dispose();
            throw;
        }
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
            throw new InvalidOperationException($"All rows have the label '{label.Describe(classes[0])}' in column '{label.Column.Name}': telling classes apart takes at least two.");
    }
}

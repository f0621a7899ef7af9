using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>What a trainer was given, read and found fit to train on.</summary>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped)
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all are of one class.</exception>
    public static TrainingRows Read(IDataView rows, ImageClassificationOptions options, long seed, IChannel channel, Action checkAlive)
    {
        LabelColumn label = LabelColumn.Bind(rows.Schema, options.LabelColumnName);
        ImageColumn image = BindImage(rows.Schema, options);
        LabeledImageReader reader = new(label, image, options.UnreadableImages, checkAlive);
        StratifiedSplit? split = options.ValidationFraction is { } fraction
            ? new StratifiedSplit(reader.CountRows(rows), fraction, new RandomStream(seed, "validation-split"))
            : null;
        LabeledImages read = reader.Read(rows, split);
        Report(channel, "training", image, read, options.MaxSkippedShare);
        CheckTrainable(read, label);
        ImageSet? validation = options.ValidationSet is { } set ? ReadValidation(set, label.Keys, image.Shape, options, channel, checkAlive) : read.HeldOut;
        if (validation is { Count: 0 })
            throw new InvalidOperationException("There is no row to validate on.");
        return new TrainingRows(label.Keys, read.Images, validation, read.Skipped);
    }

    private static ImageColumn BindImage(DataViewSchema schema, ImageClassificationOptions options, bool orFiles = false)
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(options.Channels, options.ImageHeight, options.ImageWidth), Resize = options.Resize };
        return orFiles
            ? ImageColumn.BindOrFiles(schema, options.ImageColumnName, preprocessing, options.MaxPixels)
            : ImageColumn.Bind(schema, options.ImageColumnName, preprocessing, options.MaxPixels);
    }

    private static ImageSet ReadValidation(
        IDataView rows, ClassKeys keys, ImageShape shape, ImageClassificationOptions options, IChannel channel, Action checkAlive)
    {
        LabelColumn label = LabelColumn.BindAlike(rows.Schema, options.LabelColumnName, keys);
        ImageColumn image = BindImage(rows.Schema, options, orFiles: true);
        if (image.Shape != shape)
            throw new ArgumentException($"The images of the ValidationSet are {image.Shape}, those of the training rows {shape}.", nameof(rows));
        LabeledImages read = new LabeledImageReader(label, image, options.UnreadableImages, checkAlive).Read(rows);
        Report(channel, "validation", image, read, options.MaxSkippedShare);
        return read.Images;
    }

    private static void Report(IChannel channel, string role, ImageColumn image, LabeledImages read, double maxSkippedShare)
    {
        if (read.Skipped > 0)
        {
            int rows = read.Skipped + read.Images.Count + (read.HeldOut?.Count ?? 0);
            string causes = string.Join(Environment.NewLine, read.SkippedCauses.Select(cause => "- " + cause));
            if (read.Skipped > maxSkippedShare * rows)
            {
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"Of {rows} {role} rows {read.Skipped} have an image that cannot be read; MaxSkippedShare is {maxSkippedShare}. The first of them:{Environment.NewLine}{causes}"));
            }
            channel.Warning(MessageSensitivity.Schema | MessageSensitivity.UserData, FormattableString.Invariant(
                $"{read.Skipped} {role} rows were left out: their image in column '{image.Column.Name}' cannot be read. The first of them:{Environment.NewLine}{causes}"));
        }
        if (read.Unlabelled > 0)
            channel.Warning(MessageSensitivity.None, FormattableString.Invariant($"{read.Unlabelled} {role} rows were left out: they have no label, or one that is no class."));
    }

    private static void CheckTrainable(LabeledImages read, LabelColumn label)
    {
        if (read.Images.Count == 0)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"There is no row to train on: {read.Unlabelled} rows have no label and the image of {read.Skipped} cannot be read."));
        }
        int[] classes = [.. read.Images.Labels.Distinct().Take(2)];
        if (classes.Length == 1)
            throw new InvalidOperationException($"All rows have the label '{label.Keys.Names[classes[0]]}' in column '{label.Column.Name}': telling classes apart takes at least two.");
    }
}

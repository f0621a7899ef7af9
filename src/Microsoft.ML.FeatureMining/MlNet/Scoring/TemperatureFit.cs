using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Fits the temperature of a model to labeled rows.</summary>
internal static class TemperatureFit
{
    /// <returns>The factor by which the temperature of each network is multiplied.</returns>
    /// <param name="networks">The networks and the weight of each in the score.</param>
    /// <param name="scored">The output of the model's Transform; its scores are not read.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <inheritdoc cref="ModelOperationsExtensions.Calibrate"/>
    public static double Of(IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks, IDataView scored, string labelColumnName)
    {
        ImageClassificationTransformer first = networks[0].Network;
        LabelColumn label = first.Scorer.IsMultilabel
            ? LabelSetColumn.BindWithKeys(scored.Schema, labelColumnName, first.Keys)
            : KeyLabelColumn.BindWithKeys(scored.Schema, labelColumnName, first.Keys);
        TemperatureScaling scaling = new(
            first.Scorer.ClassCount,
            [.. networks.SelectMany(part => Enumerable.Repeat(part.Share / part.Network.Scorer.ViewCount, part.Network.Scorer.ViewCount))],
            label.Sets
        );
        RowCoverage coverage = Read(networks, scored, label, scaling);
        if (scaling.Rows == 0)
        {
            throw new InvalidOperationException($"There is nothing to calibrate with: {coverage}.");
        }

        double factor = scaling.Fit();
        using IChannel channel = first.Environment.Start("Calibration");
        string temperatures = string.Join(
            ", ",
            networks.Select(part => (part.Network.Model.Temperature * factor).ToString("0.####", CultureInfo.InvariantCulture))
        );
        channel.Info(
            MessageSensitivity.None,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Temperature {temperatures}: cross entropy {scaling.CrossEntropy(1):f4} before, {scaling.CrossEntropy(factor):f4} after; {coverage}."
            )
        );
        return factor;
    }

    private static RowCoverage Read(
        IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks,
        IDataView scored,
        LabelColumn label,
        TemperatureScaling scaling
    )
    {
        ScoringSettings settings = networks[0].Network.Settings;
        ImageColumn image = ImageColumn.BindOrUsual(scored.Schema, settings.ImageColumnName, networks[0].Network.Scorer.Preprocessing, settings.MaxPixels);
        RowScorer[] scorers =
        [
            .. networks.Select(part => new RowScorer([new WeightedScorer(new LogitScorer(part.Network.Scorer), 1)], image, UnreadableImageBehavior.Skip)),
        ];
        using DataViewRowCursor cursor = InputRows.Open(scored, [.. label.Columns.Concat(image.Columns).DistinctBy(column => column.Index)]);
        Func<int?> readLabel = label.Reader(cursor);
        Func<ImageSource> readImage = image.Reader(cursor);
        int batchSize = networks.Min(part => settings.RowsPerBatch(part.Network.Scorer.Preprocessing.Shape));
        List<ImageSource> images = [];
        List<int?> labels = [];
        (int missing, int unreadable) = (0, 0);
        while (cursor.MoveNext())
        {
            images.Add(readImage());
            labels.Add(readLabel());
            if (images.Count == batchSize)
            {
                AddBatch();
            }
        }

        AddBatch();
        IReadOnlyList<UnknownClass> unknown = UnknownLabels.Of(label);
        bool isMultilabel = label.Sets is not null;
        return new RowCoverage(scaling.Rows, missing - (isMultilabel ? 0 : unknown.Sum(entry => entry.Rows)), unreadable, unknown, isMultilabel);

        void AddBatch()
        {
            ScoredRows[] parts = images.Count == 0 ? [] : [.. scorers.Select(scorer => scorer.Score(images))];
            VBuffer<float> values = default;
            for (int row = 0; row < images.Count; row++)
            {
                List<float> logits = [];
                foreach (ScoredRows part in parts)
                {
                    part.GetScore(row, ref values);
                    logits.AddRange(values.DenseValues());
                }

                if (labels[row] is not { } number)
                {
                    missing++;
                }
                else if (logits.Exists(float.IsNaN))
                {
                    unreadable++;
                }
                else
                {
                    scaling.Add([.. logits], number);
                }
            }

            images.Clear();
            labels.Clear();
        }
    }

    /// <summary>Gives the logits of all views instead of their mean probability.</summary>
    private sealed class LogitScorer(ImageScorer scorer) : IImageScorer
    {
        public ImagePreprocessing Preprocessing => scorer.Preprocessing;

        public PixelType Element => scorer.Element;

        public ImageOrigin? Origin => scorer.Origin;

        public bool IsMultilabel => scorer.IsMultilabel;

        public int ClassCount => scorer.ViewCount * scorer.ClassCount;

        public void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities) => scorer.Logits(pixels, count, probabilities);
    }
}

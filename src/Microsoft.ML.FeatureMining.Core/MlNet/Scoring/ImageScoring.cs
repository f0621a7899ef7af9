using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Scores rows with one or several networks; shared by the transformers of a single network and of an ensemble.</summary>
/// <param name="settings">Columns and policies.</param>
/// <param name="keys">The classes.</param>
/// <param name="scorers">The networks.</param>
/// <param name="environment">Its log receives warnings.</param>
internal sealed class ImageScoring(ScoringSettings settings, ClassKeys keys, IReadOnlyList<WeightedScorer> scorers, IHostEnvironment environment)
{
    private readonly IImageScorer _first = scorers[0].Scorer;
    private int _hasWarned;

    /// <summary>The type of the image column if it is a vector.</summary>
    public DataViewType ColumnType =>
        _first.Element == PixelType.Byte
            ? new VectorDataViewType(NumberDataViewType.Byte)
            : new VectorDataViewType(
                NumberDataViewType.Single,
                _first.Preprocessing.Shape.Channels,
                _first.Preprocessing.Shape.Height,
                _first.Preprocessing.Shape.Width
            );

    /// <summary>The same networks with other settings.</summary>
    public ImageScoring With(ScoringSettings changed) => new(changed, keys, scorers, environment);

    public DataViewSchema Extend(DataViewSchema input) => Bind(input).Output;

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoringDataView(input, BindAndWarn(input.Schema), scorers.Min(weighted => settings.RowsPerBatch(weighted.Scorer.Preprocessing.Shape)));
    }

    public IRowToRowMapper Mapper(DataViewSchema input) => new ScoringRowMapper(BindAndWarn(input));

    private ScoringColumns BindAndWarn(DataViewSchema input)
    {
        ScoringColumns columns = Bind(input);
        string? warning = scorers.Select(weighted => columns.Image.OriginWarning(weighted.Scorer.Origin)).FirstOrDefault(text => text is not null);
        if (warning is not null && Interlocked.Exchange(ref _hasWarned, 1) == 0)
        {
            using IChannel channel = environment.Start("Scoring");
            channel.Warning(MessageSensitivity.Schema, warning);
        }

        return columns;
    }

    private ScoringColumns Bind(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ImageColumn image = ImageColumn.BindOrUsual(input, settings.ImageColumnName, _first.Preprocessing, settings.MaxPixels);
        if (image.Element != _first.Element || image.Shape != _first.Preprocessing.Shape)
        {
            throw ColumnError.Mismatch("image", image.Column.Name, ColumnType.ToString()!, image.Column.Type.ToString()!);
        }

        return new ClassifierColumns(
            input,
            ScoreSchema.Extend(input, settings, keys, _first.IsMultilabel),
            image,
            new RowScorer(scorers, image, settings.OnUnreadableImage),
            _first.IsMultilabel
        );
    }
}

/// <summary>A network and its weight in the score.</summary>
/// <param name="Scorer">The network.</param>
/// <param name="Share">The weight, above 0; all weights sum to 1.</param>
internal sealed record WeightedScorer(IImageScorer Scorer, float Share);

/// <summary>
/// Scores a batch of rows: decodes the images on all cores, once for all networks with the same preprocessing, and runs each network on the whole batch.
/// </summary>
internal sealed class RowScorer(IReadOnlyList<WeightedScorer> scorers, ImageColumn image, UnreadableImageBehavior policy)
{
    private readonly int _classCount = scorers[0].Scorer.ClassCount;

    public ScoredRows Score(IReadOnlyList<ImageSource> rows) => Decode(rows)();

    /// <summary>Decodes the images of rows.</summary>
    /// <returns>Scores them.</returns>
    public Func<ScoredRows> Decode(IReadOnlyList<ImageSource> rows)
    {
        var errors = new ImageDecodeException?[rows.Count];
        int count = rows.Count;
        (WeightedScorer[] Scorers, PixelBatch Images)[] groups =
        [
            .. scorers
                .GroupBy(weighted => weighted.Scorer.Preprocessing)
                .Select(alike => (alike.ToArray(), Images(rows, alike.Key, alike.First().Scorer.Element, errors))),
        ];
        return () =>
        {
            var sum = new float[count * _classCount];
            var probabilities = new float[sum.Length];
            foreach ((WeightedScorer[] alike, PixelBatch images) in groups)
            {
                foreach (WeightedScorer weighted in alike)
                {
                    weighted.Scorer.Score(images.Pixels, count, probabilities);
                    for (int i = 0; i < sum.Length; i++)
                    {
                        sum[i] += weighted.Share * probabilities[i];
                    }
                }
            }

            // Only after success: an error of a score can be met again.
            Array.ForEach(groups, group => group.Images.Dispose());
            return new ScoredRows(sum, _classCount, errors, policy);
        };
    }

    private PixelBatch Images(IReadOnlyList<ImageSource> rows, ImagePreprocessing preprocessing, PixelType element, ImageDecodeException?[] errors) =>
        PixelBatch.Decode(rows, PixelTypes.ImageBytes(preprocessing.Shape, element), (row, pixels) => image.Decode(row, pixels, preprocessing), errors);
}

using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Scores the rows of any schema with one network or several: what the transformers of a network and of an ensemble have in common.</summary>
internal sealed class ImageScoring(ScoringSettings settings, ClassKeys keys, IReadOnlyList<WeightedScorer> scorers)
{
    private readonly ImageScorer _first = scorers[0].Scorer;

    /// <summary>The type of the image column where it is a vector.</summary>
    public DataViewType ColumnType => _first.Element == PixelType.Byte
        ? new VectorDataViewType(NumberDataViewType.Byte)
        : new VectorDataViewType(NumberDataViewType.Single, _first.Input.Channels, _first.Input.Height, _first.Input.Width);

    public DataViewSchema Extend(DataViewSchema input) => Bind(input).Output;

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoringDataView(input, Bind(input.Schema), settings.BatchSize);
    }

    public IRowToRowMapper Mapper(DataViewSchema input) => new ScoringRowMapper(Bind(input));

    private ScoringColumns Bind(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ImageColumn image = ImageColumn.Bind(input, settings.ImageColumnName, _first.Preprocessing, settings.MaxPixels);
        if (image.Element != _first.Element || image.Shape != _first.Input)
            throw ColumnError.Mismatch("image", image.Column.Name, ColumnType.ToString()!, image.Column.Type.ToString()!);
        return new ScoringColumns(input, ScoreSchema.Extend(input, settings, keys, _first.IsMultilabel), image, new RowScorer(scorers, image, settings.UnreadableImages), _first.IsMultilabel);
    }
}

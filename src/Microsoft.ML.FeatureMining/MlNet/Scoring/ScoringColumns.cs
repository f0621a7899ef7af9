using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A model bound to a schema: the input's columns keep their indices, PredictedLabel and Score follow.</summary>
internal sealed record ScoringColumns(DataViewSchema Input, DataViewSchema Output, ImageColumn Image, RowScorer Scorer, bool IsMultilabel)
{
    public int PredictedLabel => Input.Count;

    public int Score => Input.Count + 1;

    /// <summary>Reads one of the two columns that were added.</summary>
    public Delegate Getter(int column, Func<ScoredRows> scored, Func<int> row) =>
        column == Score ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> score) => scored().GetScore(row(), ref score))
        : IsMultilabel ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> set) => scored().GetPredictedSet(row(), ref set))
        : (ValueGetter<uint>)((ref uint label) => label = scored().GetPredictedLabel(row()));

    /// <summary>The columns of the input that must be active for some of the output to be.</summary>
    public IReadOnlyList<DataViewSchema.Column> InputsOf(IEnumerable<DataViewSchema.Column> outputs)
    {
        HashSet<int> needed = [];
        foreach (DataViewSchema.Column column in outputs)
            needed.UnionWith(column.Index < Input.Count ? [column.Index] : Image.Columns.Select(input => input.Index));
        return [.. needed.Order().Select(index => Input[index])];
    }
}

using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

/// <summary>Adds PredictedLabel and Score.</summary>
internal sealed class CentroidMapper : IRowToRowMapper
{
    private readonly string _features;
    private readonly float[][] _centroids;

    public CentroidMapper(DataViewSchema input, string features, float[][] centroids, string[] names)
    {
        InputSchema = input;
        _features = features;
        _centroids = centroids;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn("PredictedLabel", new KeyDataViewType(typeof(uint), centroids.Length), Names("KeyValues", names));
        builder.AddColumn("Score", new VectorDataViewType(NumberDataViewType.Single, centroids.Length), Names("SlotNames", names));
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        HashSet<int> own = [.. dependingColumns.Select(c => c.Index)];
        bool scored = own.Any(i => i >= InputSchema.Count);
        return InputSchema.Where(c => own.Contains(c.Index) || scored && c.Name == _features);
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(this, input);

    private static DataViewSchema.Annotations Names(string kind, string[] names)
    {
        if (names is null)
            return null;
        var builder = new DataViewSchema.Annotations.Builder();
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = (ref VBuffer<ReadOnlyMemory<char>> value)
            => value = new VBuffer<ReadOnlyMemory<char>>(names.Length, [.. names.Select(n => n.AsMemory())]);
        builder.Add(kind, new VectorDataViewType(TextDataViewType.Instance, names.Length), getter);
        return builder.ToAnnotations();
    }

    private float[] Score(VBuffer<float> x)
    {
        double[] exp = [.. _centroids.Select(c => Math.Exp(-Math.Sqrt(c.Select((v, i) => Math.Pow(v - x.GetItemOrDefault(i), 2)).Sum())))];
        return [.. exp.Select(e => (float)(e / exp.Sum()))];
    }

    private sealed class Row(CentroidMapper mapper, DataViewRow input) : DataViewRow
    {
        public override DataViewSchema Schema => mapper.OutputSchema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index >= mapper.InputSchema.Count || input.IsColumnActive(input.Schema[column.Index]);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index < mapper.InputSchema.Count)
                return input.GetGetter<TValue>(input.Schema[column.Index]);
            ValueGetter<VBuffer<float>> features = input.GetGetter<VBuffer<float>>(input.Schema[mapper._features]);
            VBuffer<float> x = default;
            ValueGetter<VBuffer<float>> score = (ref VBuffer<float> value) =>
            {
                features(ref x);
                float[] scores = mapper.Score(x);
                value = new VBuffer<float>(scores.Length, scores);
            };
            ValueGetter<uint> predicted = (ref uint value) =>
            {
                features(ref x);
                float[] scores = mapper.Score(x);
                value = (uint)Array.IndexOf(scores, scores.Max()) + 1;
            };
            return (ValueGetter<TValue>)(column.Name == "Score" ? score : (Delegate)predicted);
        }

        protected override void Dispose(bool disposing)
        {
            input.Dispose();
            base.Dispose(disposing);
        }
    }
}

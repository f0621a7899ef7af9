using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Compares scores with labels.</summary>
internal sealed class MulticlassEvaluator
{
    private readonly IHost _host;
    private readonly int _topK;

    public MulticlassEvaluator(IHostEnvironment env, int topK)
    {
        _host = env.Register("MultiClassClassifierEvaluator");
        _topK = topK;
    }

    public MulticlassClassificationMetrics Evaluate(IDataView data, string label, string score, string predictedLabel)
    {
        DataViewSchema.Column labels = Find(data, label, "Label");
        DataViewSchema.Column scores = Find(data, score, "Score");
        Find(data, predictedLabel, "PredictedLabel");
        if (scores.Type is not VectorDataViewType { Size: >= 2 } vector || vector.ItemType != NumberDataViewType.Single)
            throw _host.ExceptSchemaMismatch("schema", "score", score, "vector of two or more items of type Single", scores.Type.ToString());
        if (labels.Type != NumberDataViewType.Single && labels.Type is not KeyDataViewType)
            throw _host.ExceptSchemaMismatch("schema", "label", label, "Single or Key", labels.Type.ToString());
        var counters = new MulticlassCounters(vector.Size);
        Count(data, labels, scores, counters);
        return new MulticlassClassificationMetrics(counters, _topK, ClassNames(scores, vector.Size), _host);
    }

    private static string[] ClassNames(DataViewSchema.Column scores, int count)
    {
        if (!scores.HasSlotNames())
            return [.. Enumerable.Range(0, count).Select(i => i.ToString())];
        VBuffer<ReadOnlyMemory<char>> names = default;
        scores.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(n => n.ToString())];
    }

    private DataViewSchema.Column Find(IDataView data, string name, string role)
        => data.Schema.GetColumnOrNull(name) ?? throw _host.ExceptParam("schema", $"{name} column '{role}' not found");

    private void Count(IDataView data, DataViewSchema.Column labels, DataViewSchema.Column scores, MulticlassCounters counters)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([labels, scores]);
        Func<double> label = NumberReader.Create(cursor, labels);
        ValueGetter<VBuffer<float>> scoreGetter = cursor.GetGetter<VBuffer<float>>(scores);
        VBuffer<float> buffer = default;
        var dense = new float[counters.ClassCount];

        // Keys begin at 1; a missing one, or a label that is no number, leaves the row out.
        bool isKey = labels.Type is KeyDataViewType;
        while (cursor.MoveNext())
        {
            double value = isKey ? label() - 1 : label();
            if (!(value >= 0) || value != Math.Floor(value))
                continue;
            scoreGetter(ref buffer);
            _host.Check(buffer.Length == dense.Length, "A score vector has another size than its column says");
            buffer.CopyTo(dense);
            if (Array.TrueForAll(dense, float.IsFinite))
                counters.Add((int)value, dense);
        }
    }
}

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

internal sealed class ScalarColumnBuffer<T>(DataViewRow row, DataViewSchema.Column column, int capacity) : ColumnBuffer
{
    private readonly ValueGetter<T> _getter = row.GetGetter<T>(column);
    private readonly T[] _values = new T[capacity];

    public override void Keep(int slot)
    {
        // A getter may dispose what it finds (MLImage), and the value of an earlier row may be somebody else's by now.
        _values[slot] = default!;
        _getter(ref _values[slot]);
    }

    public override Delegate Getter(Func<int> current) => (ValueGetter<T>)((ref T value) => value = _values[current()]);
}

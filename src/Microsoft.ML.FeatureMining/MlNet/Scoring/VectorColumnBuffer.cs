using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

internal sealed class VectorColumnBuffer<T>(DataViewRow row, DataViewSchema.Column column, int capacity) : ColumnBuffer
{
    private readonly ValueGetter<VBuffer<T>> _getter = row.GetGetter<VBuffer<T>>(column);
    private readonly VBuffer<T>[] _values = new VBuffer<T>[capacity];

    public override void Keep(int slot) => _getter(ref _values[slot]);

    public override Delegate Getter(Func<int> current) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[current()].CopyTo(ref value));
}

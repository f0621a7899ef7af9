using System.Collections;

namespace Microsoft.ML.Data;

/// <summary>
/// A vector value over arrays that its receiver may own and reuse. Dense: <see cref="Length"/> values. Sparse: fewer values, with their places
/// in ascending order; all others are the type's default.
/// </summary>
public readonly struct VBuffer<T> : IEnumerable
{
    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    /// <summary>The number of items, given or not.</summary>
    public readonly int Length;

    public VBuffer(int length, T[] values, int[] indices = null)
    {
        CheckRange(length >= 0, nameof(length));
        CheckRange(SizeOf(values) >= length, nameof(values));
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        CheckRange(length >= 0, nameof(length));
        CheckRange(count >= 0 && count <= length, nameof(count));
        CheckRange(SizeOf(values) >= count, nameof(values));
        CheckRange(count == length || SizeOf(indices) >= count, nameof(indices));
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    public bool IsDense => _count == Length;

    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    /// <summary>The places of the values; empty where the vector is dense.</summary>
    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        CheckRange(length >= 0 && length <= SizeOf(source), nameof(length));
        CheckRange(sourceIndex >= 0 && sourceIndex <= SizeOf(source) - length, nameof(sourceIndex));
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        if (destinationIndex < 0 || destinationIndex > destination.Length - Length)
            throw new ArgumentOutOfRangeException(nameof(destination), "There is no room for these values.");
        Span<T> target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }

        target.Fill(defaultValue);
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    public void CopyTo(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length, _count);
        GetValues().CopyTo(editor.Values);
        GetIndices().CopyTo(editor.Indices);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        CheckRange(sourceIndex >= 0 && sourceIndex <= Length, nameof(sourceIndex));
        CheckRange(length >= 0 && length <= Length - sourceIndex, nameof(length));
        int first = IsDense ? sourceIndex : FirstAt(sourceIndex);
        int count = IsDense ? length : FirstAt(sourceIndex + length) - first;
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length, count);
        _values.AsSpan(first, count).CopyTo(editor.Values);
        for (int i = 0; i < editor.Indices.Length; i++)
            editor.Indices[i] = _indices[first + i] - sourceIndex;
        destination = editor.Commit();
    }

    public void CopyToDense(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public IEnumerable<T> DenseValues() => Items(all: true).Select(item => item.Value);

    /// <summary>Pairs of place and value: the given ones, or with <paramref name="all"/> every one.</summary>
    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        VBuffer<T> self = this;
        return all && !IsDense ? Filled(self) : Given(self);
    }

    public T GetItemOrDefault(int index)
    {
        CheckRange(index >= 0 && index < Length, nameof(index));
        if (IsDense)
            return _values[index];
        int place = GetIndices().BinarySearch(index);
        return place >= 0 ? _values[place] : default;
    }

    public void GetItemOrDefault(int index, ref T destination) => destination = GetItemOrDefault(index);

    public IEnumerator GetEnumerator() => _values.GetEnumerator();

    public override string ToString()
        => IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    internal VBufferEditor<T> Edit(int length, int? count, int capacity, bool keepOld, bool indicesOnDense)
    {
        CheckRange(length >= 0, "newLogicalLength");
        CheckRange(count is null || count >= 0 && count <= length, "valuesCount");
        int needed = count ?? length;
        T[] values = Grown(_values, needed, capacity, keepOld);
        int[] indices = needed < length || indicesOnDense ? Grown(_indices, needed, capacity, keepOld) : _indices;
        return new VBufferEditor<T>(length, needed, values, indices, indicesOnDense, values != _values, indices != _indices);
    }

    internal VBufferEditor<T> Edit() => Edit(Length, _count, Array.MaxLength, keepOld: false, indicesOnDense: false);

    private static IEnumerable<KeyValuePair<int, T>> Given(VBuffer<T> self)
    {
        for (int i = 0; i < self._count; i++)
            yield return new KeyValuePair<int, T>(self.IsDense ? i : self._indices[i], self._values[i]);
    }

    private static IEnumerable<KeyValuePair<int, T>> Filled(VBuffer<T> self)
    {
        int next = 0;
        for (int i = 0; i < self.Length; i++)
            yield return new KeyValuePair<int, T>(i, next < self._count && self._indices[next] == i ? self._values[next++] : default);
    }

    private static TItem[] Grown<TItem>(TItem[] array, int needed, int capacity, bool keepOld)
    {
        int size = array?.Length ?? 0;
        if (size >= needed)
            return array;
        var grown = new TItem[(int)Math.Min(Math.Max(2L * size, needed), Math.Max(capacity, needed))];
        if (keepOld && array is not null)
            array.CopyTo(grown, 0);
        return grown;
    }

    private static int SizeOf(Array array) => array?.Length ?? 0;

    private static void CheckRange(bool holds, string name)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name);
    }

    private int FirstAt(int index)
    {
        int place = GetIndices().BinarySearch(index);
        return place >= 0 ? place : ~place;
    }
}

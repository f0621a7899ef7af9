using System.Collections;
using TorchSharp.Interop;

namespace TorchSharp.Utils;

/// <summary>The elements of a tensor in memory, in the order of its indices whatever its strides; writes go to the tensor.</summary>
public sealed unsafe class TensorAccessor<T> : IEnumerable<T>, IDisposable
    where T : unmanaged
{
    private torch.Tensor? _tensor;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;
    private readonly T* _data;

    internal TensorAccessor(torch.Tensor tensor)
    {
        _tensor = tensor;
        _shape = tensor.shape;
        _strides = tensor.stride();
        _contiguous = tensor.is_contiguous();
        _data = (T*)Native.mt_data_ptr(tensor);
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public T this[params long[] indices]
    {
        get => *At(indices);
        set => *At(indices) = value;
    }

    public T[] ToArray()
    {
        var values = new T[Count];
        CopyTo(values);
        return values;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        RefuseFreedMemory();
        Span<T> target = array[arrayIndex..];
        long count = Math.Min(target.Length, Count - tensorIndex);
        if (_contiguous) new ReadOnlySpan<T>(_data + tensorIndex, (int)count).CopyTo(target);
        else for (int i = 0; i < count; i++) target[i] = *Nth(tensorIndex + i);
        GC.KeepAlive(this);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) =>
        CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        RefuseFreedMemory();
        ReadOnlySpan<T> source = array[arrayIndex..];
        long count = Math.Min(source.Length, Count - tensorIndex);
        if (_contiguous) source[..(int)count].CopyTo(new Span<T>(_data + tensorIndex, (int)count));
        else for (int i = 0; i < count; i++) *Nth(tensorIndex + i) = source[i];
        GC.KeepAlive(this);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return Read(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Lets go of the tensor, which stays its owner's.</summary>
    public void Dispose() => _tensor = null;

    private T Read(long i) => *Nth(i);

    private T* At(long[] indices)
    {
        // One index into several dimensions counts the elements in order.
        if (indices.Length == 1 && _shape.Length != 1) return Nth(indices[0]);
        RefuseFreedMemory();
        if (indices.Length != _shape.Length) throw new ArgumentException("There must be as many indices as dimensions.", nameof(indices));
        long offset = 0;
        for (int d = 0; d < indices.Length; d++)
        {
            if ((ulong)indices[d] >= (ulong)_shape[d]) throw new IndexOutOfRangeException();
            offset += indices[d] * _strides[d];
        }
        return _data + offset;
    }

    private T* Nth(long index)
    {
        RefuseFreedMemory();
        if ((ulong)index >= (ulong)Count) throw new IndexOutOfRangeException();
        if (_contiguous) return _data + index;
        long offset = 0;
        for (int d = _shape.Length - 1; d >= 0; d--)
        {
            (index, long at) = Math.DivRem(index, _shape[d]);
            offset += at * _strides[d];
        }
        return _data + offset;
    }

    private void RefuseFreedMemory() => ObjectDisposedException.ThrowIf(_tensor is null or { IsInvalid: true }, this);
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Equality and order of a column's values: text by its characters' codes, everything else by its own.</summary>
internal sealed class TermComparer<T> : IEqualityComparer<T>, IComparer<T>
{
    private readonly bool _isKey;

    public TermComparer(PrimitiveDataViewType itemType) => _isKey = itemType is KeyDataViewType;

    /// <summary>Empty text, NaN and the key 0 stand for no value.</summary>
    public bool IsMissing(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.IsEmpty,
        float number => float.IsNaN(number),
        double number => double.IsNaN(number),
        _ => _isKey && Equals(value, default(T)),
    };

    public bool Equals(T x, T y)
        => x is ReadOnlyMemory<char> left && y is ReadOnlyMemory<char> right ? left.Span.SequenceEqual(right.Span) : EqualityComparer<T>.Default.Equals(x, y);

    public int GetHashCode(T value) => value is ReadOnlyMemory<char> text ? string.GetHashCode(text.Span) : value.GetHashCode();

    public int Compare(T x, T y)
        => x is ReadOnlyMemory<char> left && y is ReadOnlyMemory<char> right ? left.Span.SequenceCompareTo(right.Span) : Comparer<T>.Default.Compare(x, y);
}

namespace TorchSharp;

public static partial class torch
{
    /// <summary>One place of an indexing expression: a number, a range, a tensor, or one of the marks of Python's notation.</summary>
    public struct TensorIndex
    {
        internal enum IndexKind
        {
            None,
            Ellipsis,
            Slice,
            Single,
            Bool,
            Tensor,
        }

        /// <summary>A new dimension of one.</summary>
        public static readonly TensorIndex None = new() { Kind = IndexKind.None };

        public static readonly TensorIndex Null = None;

        public static readonly TensorIndex Ellipsis = new() { Kind = IndexKind.Ellipsis };

        public static readonly TensorIndex Colon = Slice(null, null, null);

        internal IndexKind Kind { get; private init; }

        internal long? Start { get; private init; }

        internal long? Stop { get; private init; }

        internal long? Step { get; private init; }

        internal torch.Tensor? Values { get; private init; }

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(System.Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static TensorIndex Bool(bool value) => new() { Kind = IndexKind.Bool, Start = value ? 1 : 0 };

        public static TensorIndex Single(long? index) => new() { Kind = IndexKind.Single, Start = index };

        public static TensorIndex Tensor(torch.Tensor tensor) => new() { Kind = IndexKind.Tensor, Values = tensor };

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new() { Kind = IndexKind.Slice, Start = start, Stop = stop, Step = step };

        public static TensorIndex Slice(Range range)
        {
            long? start = range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value;
            // ^0 is the end itself.
            long? stop = !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value;
            return Slice(start, stop);
        }
    }
}

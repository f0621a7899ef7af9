using static TorchSharp.Interop.NativeShape;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => mt_view(this, shape, shape.Length);

        public Tensor reshape(params long[] shape) => mt_reshape(this, shape, shape.Length);

        public Tensor permute(params long[] permutation) => mt_permute(this, permutation, permutation.Length);

        public Tensor repeat(params long[] sizes) => mt_repeat(this, sizes, sizes.Length);

        public Tensor flip(params long[] dims) => mt_flip(this, dims, dims.Length);

        public Tensor expand(params long[] sizes) => expand(sizes, isImplicit: false);

        public Tensor expand(long[] sizes, bool isImplicit = false) => mt_expand(this, sizes, sizes.Length, isImplicit);

        public Tensor expand_as(Tensor other) => expand(other.shape);

        public Tensor view_as(Tensor other) => view(other.shape);

        public Tensor broadcast_to(params long[] shape) => expand(shape);

        public Tensor roll(long shifts, long? dims = null) =>
            dims is { } dim ? roll((ReadOnlySpan<long>)[shifts], [dim]) : roll((ReadOnlySpan<long>)[shifts], []);

        public Tensor roll(long[] shifts, long[] dims) => roll((ReadOnlySpan<long>)shifts, dims);

        public Tensor roll(ReadOnlySpan<long> shifts, ReadOnlySpan<long> dims = default) => mt_roll(this, shifts, shifts.Length, dims, dims.Length);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => mt_flatten(this, start_dim, end_dim);

        public Tensor unflatten(long dim, params long[] sizes) => mt_unflatten(this, dim, sizes, sizes.Length);

        public Tensor transpose(long dim0, long dim1) => mt_transpose(this, dim0, dim1);

        public Tensor t() => mt_t(this);

        public Tensor T => mt_t(this);

        public Tensor mT => transpose(-2, -1);

        public Tensor squeeze(long? dim = null) => dim is { } one ? mt_squeeze_dim(this, one) : mt_squeeze(this);

        public Tensor unsqueeze(long dim) => mt_unsqueeze(this, dim);

        public Tensor narrow(long dim, long start, long length) => mt_narrow(this, dim, start, length);

        public Tensor slice(long dim, long start, long finish, long step) => mt_slice(this, dim, start, finish, step);

        public Tensor select(long dim, long index) => mt_select(this, dim, index);

        public Tensor diagonal(long offset = 0L, long dim1 = 0L, long dim2 = 1L) => mt_diagonal(this, offset, dim1, dim2);

        public Tensor tril(long diagonal = 0) => mt_tril(this, diagonal);

        public Tensor triu(long diagonal = 0) => mt_triu(this, diagonal);

        public Tensor unfold(long dimension, long size, long step) => mt_unfold(this, dimension, size, step);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            mt_repeat_interleave(this, repeats, dim ?? 0, flat: dim is null);

        /// <summary>Parts of `size` along a dimension; the last may be smaller.</summary>
        public Tensor[] split(long size, int dim = 0)
        {
            long length = this.size(dim);
            if (size <= 0) throw new ArgumentOutOfRangeException(nameof(size), size, "split expects parts of at least one element");
            return [.. Starts(length, size).Select(start => narrow(dim, start, Math.Min(size, length - start)))];
        }

        public Tensor[] split(long[] sizes, long dim = 0)
        {
            var parts = new Tensor[sizes.Length];
            long start = 0;
            for (int i = 0; i < sizes.Length; start += sizes[i], i++) parts[i] = narrow(dim, start, sizes[i]);
            return parts;
        }

        /// <summary>At most `chunks` parts of equal size, but for the last.</summary>
        public Tensor[] chunk(long chunks, long dim = 0)
        {
            if (chunks <= 0) throw new ArgumentOutOfRangeException(nameof(chunks), chunks, "chunk expects at least one");
            long length = size((int)dim);
            return split(Math.Max(1, (length + chunks - 1) / chunks), (int)dim);
        }

        public Tensor[] unbind(long dimension = 0)
        {
            long length = size((int)dimension);
            var parts = new Tensor[length];
            for (long i = 0; i < length; i++) parts[i] = select(dimension, i);
            return parts;
        }

        private static IEnumerable<long> Starts(long length, long step)
        {
            for (long start = 0; start < Math.Max(length, 1); start += step) yield return start;
        }
    }
}

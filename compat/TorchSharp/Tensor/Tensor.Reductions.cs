using TorchSharp.Interop;
using static TorchSharp.Interop.NativeReduction;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => mt_sum(this, NativeOptions.Code(type));

        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) =>
            mt_sum_dims(this, dim, dim.Length, keepdim, NativeOptions.Code(type));

        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => sum((ReadOnlySpan<long>)dim, keepdim, type);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum((ReadOnlySpan<long>)[dim], keepdim, type);

        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) =>
            sum((ReadOnlySpan<long>)[dim0, dim1], keepdim, type);

        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) =>
            sum((ReadOnlySpan<long>)[dim0, dim1, dim2], keepdim, type);

        public Tensor mean() => mt_mean(this);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            mt_mean_dims(this, dimensions, dimensions.Length, keepdim, NativeOptions.Code(type));

        public Tensor prod(ScalarType? type = null) => mt_prod(this, NativeOptions.Code(type));

        public Tensor var(bool unbiased = true) => mt_var(this, unbiased);

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            var((ReadOnlySpan<long>)[dim], unbiased, keepdim, type);

        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            var((ReadOnlySpan<long>)dimensions, unbiased, keepdim, type);

        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            Tensor result = mt_var_dims(this, dimensions, dimensions.Length, unbiased, keepdim);
            return type is { } to ? result.to_type(to, disposeAfter: true) : result;
        }

        public Tensor std(bool unbiased = true) => mt_std(this, unbiased);

        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            std((ReadOnlySpan<long>)[dim], unbiased, keepdim, type);

        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            std((ReadOnlySpan<long>)dimensions, unbiased, keepdim, type);

        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            Tensor result = mt_std_dims(this, dimensions, dimensions.Length, unbiased, keepdim);
            return type is { } to ? result.to_type(to, disposeAfter: true) : result;
        }

        public Tensor max() => mt_max(this);

        public Tensor max(Tensor other) => maximum(other);

        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) =>
            (mt_max_dim(this, dim, keepdim, out Tensor indices), indices);

        public Tensor amax(params long[] dims) => mt_amax(this, dims, dims.Length, keep: false);

        public Tensor argmax() => mt_argmax(this);

        public Tensor argmax(long dim, bool keepdim = false) => mt_argmax_dim(this, dim, keepdim);

        public Tensor min() => mt_min(this);

        public Tensor min(Tensor other) => minimum(other);

        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) =>
            (mt_min_dim(this, dim, keepdim, out Tensor indices), indices);

        public Tensor amin(params long[] dims) => mt_amin(this, dims, dims.Length, keep: false);

        public Tensor argmin() => mt_argmin(this);

        public Tensor argmin(long dim, bool keepdim = false) => mt_argmin_dim(this, dim, keepdim);

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            (mt_topk(this, k, dim, largest, sorted, out Tensor indices), indices);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            (mt_sort(this, dim, descending, stable, out Tensor indices), indices);

        public Tensor argsort(long dim = -1, bool descending = false) => mt_argsort(this, dim, descending);

        public Tensor cumsum(long dim, ScalarType? type = null) => mt_cumsum(this, dim, NativeOptions.Code(type));

        public Tensor any() => mt_any(this);

        public Tensor any(long dim, bool keepdim = false) => mt_any_dim(this, dim, keepdim);

        public Tensor all() => mt_all(this);

        public Tensor all(long dim, bool keepdim = false) => mt_all_dim(this, dim, keepdim);

        public Tensor norm(float p = 2) => mt_norm(this, p);

        public Tensor norm(int dim, bool keepdim = false, float p = 2) => mt_norm_dim(this, dim, keepdim, p);

        public Tensor logsumexp(long dim, bool keepdim = false) => mt_logsumexp(this, dim, keepdim);

        public Tensor softmax(long dim, ScalarType? dtype = null) => NativeFunctional.mt_softmax(this, dim, NativeOptions.Code(dtype));

        public Tensor log_softmax(long dim, ScalarType? dtype = null) => NativeFunctional.mt_log_softmax(this, dim, NativeOptions.Code(dtype));

        public Tensor bincount(Tensor? weights, long minlength = 0) => mt_bincount(this, weights, minlength);

        public Tensor matmul(Tensor target) => mt_matmul(this, target);

        public Tensor mm(Tensor target) => mt_mm(this, target);

        public Tensor bmm(Tensor batch2) => mt_bmm(this, batch2);

        public Tensor dot(Tensor target) => mt_dot(this, target);
    }
}

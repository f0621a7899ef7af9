using System.Runtime.CompilerServices;
using TorchSharp.Interop;
using static TorchSharp.Interop.NativeShape;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => index((TensorIndex[])[TensorIndex.Single(i1)]);
            set => index_put_(value, (TensorIndex[])[TensorIndex.Single(i1)]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index((TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2)]);
            set => index_put_(value, (TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2)]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index((TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3)]);
            set => index_put_(value, (TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3)]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index((TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4)]);
            set => index_put_(value, (TensorIndex[])[TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4)]);
        }

        public Tensor index(params Tensor[] indices) => mt_index(this, new TensorList(indices));

        public Tensor index(params TensorIndex[] indices)
        {
            using Indexing at = Indexing.Into(this, indices);
            return at.Tensors.Items.Length == 0 ? at.View.alias() : mt_index(at.View, at.Tensors);
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
        {
            mt_index_put_(this, new TensorList(indices), value, accumulate).Dispose();
            return alias();
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using Indexing at = Indexing.Into(this, indices);
            if (at.Tensors.Items.Length > 0) mt_index_put_(at.View, at.Tensors, value, accumulate).Dispose();
            else if (accumulate) at.View.add_(value).Dispose();
            else at.View.copy_(value).Dispose();
            return alias();
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using Tensor one = value.ToTensor();
            using Tensor typed = one.to(dtype, device);
            return index_put_(typed, indices);
        }

        public Tensor index_select(long dim, Tensor index) => mt_index_select(this, dim, index);

        public Tensor gather(long dim, Tensor index) => mt_gather(this, dim, index);

        public Tensor scatter(long dim, Tensor index, Tensor src) => mt_scatter(this, dim, index, src);

        public Tensor scatter_(long dim, Tensor index, Tensor src) => mt_scatter_(this, dim, index, src);

        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => mt_scatter_add_(this, dim, index, src);

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => mt_index_add_(this, dim, index, source, alpha);

        public Tensor index_copy_(long dim, Tensor index, Tensor source) => mt_index_copy_(this, dim, index, source);

        public Tensor masked_select(Tensor mask) => mt_masked_select(this, mask);

        public Tensor nonzero() => mt_nonzero(this);
    }
}

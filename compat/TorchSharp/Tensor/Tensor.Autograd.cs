using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool is_leaf => Native.mt_is_leaf(this);

        public bool requires_grad
        {
            get => Native.mt_requires_grad(this);
            set => NativeError.Check(Native.mt_set_requires_grad(this, value));
        }

        public Tensor? grad
        {
            get
            {
                NativeError.Check(NativeContext.mt_get_grad(this, out nint gradient));
                return gradient == 0 ? null : new Tensor(gradient);
            }
            set => NativeError.Check(NativeContext.mt_set_grad(this, value));
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public void retain_grad() => NativeError.Check(NativeContext.mt_retain_grad(this));

        public void backward() => backward(null);

        public void backward(
            IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        public Tensor detach() => Native.mt_detach(this);

        public Tensor detach_() => Native.mt_detach_(this);
    }
}

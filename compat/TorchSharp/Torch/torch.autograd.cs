using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static class autograd
    {
        public static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            NativeError.Check(NativeContext.mt_backward(
                TensorList.Of(tensors), new TensorList(grad_tensors), retain_graph ?? create_graph, create_graph, new TensorList(inputs)));

        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) => backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(
            Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>An input that the outputs do not depend on is an error, or null where allow_unused is set.</summary>
        public static unsafe IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false,
            bool allow_unused = false)
        {
            var handles = new nint[inputs.Count];
            fixed (nint* into = handles)
            {
                NativeError.Check(NativeContext.mt_grad(
                    TensorList.Of(outputs), TensorList.Of(inputs), new TensorList(grad_outputs), retain_graph, create_graph, allow_unused, into));
            }
            return [.. handles.Select(handle => handle == 0 ? null! : new Tensor(handle))];
        }
    }
}

using System.Runtime.InteropServices.Marshalling;

namespace TorchSharp.Interop;

/// <summary>
/// A tensor argument goes over as its handle and stays alive for the length of the call; null and disposed ones are refused here.
/// A returned handle becomes a tensor, a null one the exception.
/// </summary>
[CustomMarshaller(typeof(torch.Tensor), MarshalMode.ManagedToUnmanagedIn, typeof(In))]
[CustomMarshaller(typeof(torch.Tensor), MarshalMode.ManagedToUnmanagedOut, typeof(Out))]
internal static class TensorMarshaller
{
    internal ref struct In
    {
        private torch.Tensor _tensor;

        public void FromManaged(torch.Tensor tensor)
        {
            ArgumentNullException.ThrowIfNull(tensor);
            _tensor = tensor;
        }

        public readonly nint ToUnmanaged() => _tensor.Handle;

        public readonly void Free() => GC.KeepAlive(_tensor);
    }

    internal static class Out
    {
        public static torch.Tensor ConvertToManaged(nint handle) => handle == 0 ? throw NativeError.Last() : new torch.Tensor(handle);
    }
}

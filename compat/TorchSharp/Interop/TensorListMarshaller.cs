using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TorchSharp.Interop;

/// <summary>A list goes over as its count followed by its handles.</summary>
[CustomMarshaller(typeof(TensorList), MarshalMode.ManagedToUnmanagedIn, typeof(In))]
internal static unsafe class TensorListMarshaller
{
    internal ref struct In
    {
        private torch.Tensor?[] _items;
        private nint* _native;

        public void FromManaged(TensorList list) => _items = list.Items;

        public nint ToUnmanaged()
        {
            _native = (nint*)NativeMemory.Alloc((nuint)_items.Length + 1, (nuint)sizeof(nint));
            _native[0] = _items.Length;
            for (int i = 0; i < _items.Length; i++) _native[i + 1] = _items[i]?.Handle ?? 0;
            return (nint)_native;
        }

        public readonly void Free()
        {
            NativeMemory.Free(_native);
            GC.KeepAlive(_items);
        }
    }
}

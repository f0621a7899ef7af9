using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The memory of the tensor itself, row by row.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                RefuseOtherDevices();
                if (!is_contiguous()) throw new NotImplementedException("Bytes() called on non-contiguous tensor.");
                long length = NumberOfElements * ElementSize;
                if (length > int.MaxValue) throw new ArgumentException("the tensor is larger than a span can be");
                return new Span<byte>((void*)Native.mt_data_ptr(this), (int)length);
            }
            set
            {
                Span<byte> own = bytes;
                if (value.Length != own.Length) throw new ArgumentException("Mismatched data sizes in Tensor.set_bytes().");
                value.CopyTo(own);
            }
        }

        public TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            RefuseOtherType<T>();
            RefuseOtherDevices();
            return new TensorAccessor<T>(this);
        }

        public Scalar ToScalar()
        {
            NativeError.Check(Native.mt_item(this, out NativeScalar item));
            return new Scalar(item);
        }

        public T item<T>()
            where T : unmanaged
        {
            RefuseOtherType<T>();
            if (NumberOfElements != 1) throw new InvalidOperationException("The tensor must be a singleton tensor.");
            NativeError.Check(Native.mt_item(this, out NativeScalar item));
            return (T)(default(T) switch
            {
                bool => item.ToBoolean(),
                byte => (byte)item.ToInt64(),
                sbyte => (sbyte)item.ToInt64(),
                short => (short)item.ToInt64(),
                int => (int)item.ToInt64(),
                long => item.ToInt64(),
                Half => (Half)item.ToDouble(),
                float => (float)item.ToDouble(),
                double => (object)item.ToDouble(),
                _ => throw new ArgumentException($"No element is a {typeof(T)}."),
            });
        }

        internal void RefuseOtherDevices()
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        }

        private void RefuseOtherType<T>()
        {
            ScalarType own = dtype;
            if (ScalarTypeOf(typeof(T)) != own) throw new ArgumentException($"{typeof(T)} is not compatible with {own}.");
        }
    }
}

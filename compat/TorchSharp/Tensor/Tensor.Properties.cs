using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public long Dimensions => Native.mt_dim(this);

        public long ndim => Dimensions;

        public long NumberOfElements => Native.mt_numel(this);

        public long ElementSize => Native.mt_element_size(this);

        public ScalarType dtype => (ScalarType)Native.mt_dtype(this);

        public DeviceType device_type => (DeviceType)Native.mt_device_type(this);

        public int device_index => Native.mt_device_index(this);

        public Device device => new(device_type, device_index);

        public bool is_cuda => device_type == DeviceType.CUDA;

        public unsafe long[] shape
        {
            get
            {
                var sizes = new long[Dimensions];
                fixed (long* into = sizes) Native.mt_sizes(this, into);
                return sizes;
            }
        }

        public long dim() => Dimensions;

        public long numel() => NumberOfElements;

        public long element_size() => ElementSize;

        public long[] size() => shape;

        public long size(int dim)
        {
            long[] sizes = shape;
            return sizes[Wrap(dim, sizes.Length)];
        }

        public unsafe long[] stride()
        {
            var strides = new long[Dimensions];
            fixed (long* into = strides) NativeError.Check(Native.mt_strides(this, into));
            return strides;
        }

        public long stride(int dim)
        {
            long[] strides = stride();
            return strides[Wrap(dim, strides.Length)];
        }

        public long storage_offset() => Native.mt_storage_offset(this);

        public bool is_contiguous() => Native.mt_is_contiguous(this);

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_pinned()
        {
            NativeError.Check(Native.mt_is_pinned(this, out bool pinned));
            return pinned;
        }

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        /// <summary>Equal shapes, types and values.</summary>
        public bool Equals(Tensor target)
        {
            NativeError.Check(Native.mt_equal(this, target, out bool same));
            return same;
        }

        public override int GetHashCode() => base.GetHashCode();

        public override string ToString() =>
            IsInvalid ? "<invalid>" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        private static int Wrap(int dim, int count)
        {
            if (dim < -count || dim >= count) throw new IndexOutOfRangeException($"dimension {dim} of a tensor of {count}");
            return dim < 0 ? dim + count : dim;
        }
    }
}

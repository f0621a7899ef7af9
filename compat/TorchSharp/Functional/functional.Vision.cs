using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Two values a dimension, the last dimension first.</summary>
            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                NativeFunctional.mt_pad(input, pad, pad.Length, (int)mode, value);

            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, (ReadOnlySpan<long>)pad, mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, (ReadOnlySpan<long>)[pad.Item1, pad.Item2], mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, (ReadOnlySpan<long>)[pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            /// <summary>Of images, [N, C, H, W]; the real one knows more shapes.</summary>
            public static Tensor interpolate(
                Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest,
                bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                if (x.dim() != 4) throw new NotSupportedException("interpolate takes 4D tensors here.");
                if (size is null == scale_factor is null) throw new ArgumentException("only one of size or scale_factor should be defined");
                if (size is not null) return NativeFunctional.mt_interpolate2d(x, Two(size, 1), null, (int)mode, align_corners ?? false, antialias);

                double[] factors = scale_factor!.Length == 1 ? [scale_factor[0], scale_factor[0]] : scale_factor;
                if (factors.Length != 2) throw new ArgumentException("scale_factor must have one value, or one a spatial dimension");
                long[] shape = x.shape;
                long[] to = [(long)Math.Floor(shape[2] * factors[0]), (long)Math.Floor(shape[3] * factors[1])];
                return NativeFunctional.mt_interpolate2d(x, to, recompute_scale_factor ? null : factors, (int)mode, align_corners ?? false, antialias);
            }

            public static Tensor grid_sample(
                Tensor input, Tensor grid, GridSampleMode mode = GridSampleMode.Bilinear,
                GridSamplePaddingMode padding_mode = GridSamplePaddingMode.Zeros, bool? align_corners = null)
            {
                long nativeMode = mode == GridSampleMode.Bilinear ? 0 : 1;
                long nativePadding = padding_mode switch
                {
                    GridSamplePaddingMode.Border => 1,
                    GridSamplePaddingMode.Reflection => 2,
                    _ => 0,
                };
                return NativeFunctional.mt_grid_sample(input, grid, nativeMode, nativePadding, align_corners ?? false);
            }

            public static Tensor affine_grid(Tensor theta, long[]? size = null, bool align_corners = false)
            {
                ArgumentNullException.ThrowIfNull(size);
                return NativeFunctional.mt_affine_grid(theta, size, size.Length, align_corners);
            }
        }
    }
}

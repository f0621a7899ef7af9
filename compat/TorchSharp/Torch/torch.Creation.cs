using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(
        Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        NativeCreation.mt_arange(start, stop, step, NativeOptions.From(dtype, device, requires_grad));

    public static Tensor linspace(
        double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        NativeCreation.mt_linspace(start, end, steps, NativeOptions.From(dtype, device, requires_grad));

    public static Tensor eye(
        long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        RefuseNames(names);
        return NativeCreation.mt_eye(rows, columns < 0 ? rows : columns, NativeOptions.From(dtype, device, requires_grad));
    }

    public static Tensor randint(
        long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null,
        string[]? names = null) => randint(0, high, size, dtype, device, requires_grad, generator, names);

    public static Tensor randint(
        long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null) =>
        NativeCreation.mt_randint(
            low, high, Shape(size, names), size.Length, generator, NativeOptions.From(dtype ?? ScalarType.Int64, device, requires_grad));

    public static Tensor randperm(
        long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        NativeCreation.mt_randperm(n, generator, NativeOptions.From(dtype ?? ScalarType.Int64, device, requires_grad));

    public static Tensor zeros_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        NativeCreation.mt_zeros_like(input, Like(dtype, device, requires_grad, names));

    public static Tensor ones_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        NativeCreation.mt_ones_like(input, Like(dtype, device, requires_grad, names));

    public static Tensor empty_like(
        Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        NativeCreation.mt_empty_like(input, Like(dtype, device, requires_grad, names));

    public static Tensor full_like(
        Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        NativeCreation.mt_full_like(input, value, Like(dtype, device, requires_grad, names));

    private static NativeOptions Like(ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
    {
        RefuseNames(names);
        return NativeOptions.LikeModel(dtype, device, requiresGrad);
    }
}

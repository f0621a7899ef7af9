using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/creation.cpp, one declaration each.</summary>
internal static unsafe partial class NativeCreation
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial Tensor mt_zeros(ReadOnlySpan<long> size, int count, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ones(ReadOnlySpan<long> size, int count, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_empty(ReadOnlySpan<long> size, int count, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_full(ReadOnlySpan<long> size, int count, Scalar? fill, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_arange(Scalar? start, Scalar? stop, Scalar? step, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_linspace(double start, double end, long steps, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_eye(long rows, long columns, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_rand(ReadOnlySpan<long> size, int count, Generator? generator, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_randn(ReadOnlySpan<long> size, int count, Generator? generator, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_randint(long low, long high, ReadOnlySpan<long> size, int count, Generator? generator, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_randperm(long n, Generator? generator, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_zeros_like(Tensor t, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_ones_like(Tensor t, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_empty_like(Tensor t, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_full_like(Tensor t, Scalar? fill, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_rand_like(Tensor t, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_randn_like(Tensor t, NativeOptions o);

    [LibraryImport(Library)]
    internal static partial Tensor mt_from_copy(void* source, int dtype, ReadOnlySpan<long> size, int count);

    [LibraryImport(Library)]
    internal static partial Tensor mt_from_shared(void* memory, int dtype, long count, delegate* unmanaged<nint, void> release, nint token);
}

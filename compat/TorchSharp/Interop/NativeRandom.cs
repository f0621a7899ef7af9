using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>The functions of compat/native/torch/random.cpp, one declaration each.</summary>
internal static partial class NativeRandom
{
    private const string Library = "mlnetfm_torch";

    [LibraryImport(Library)]
    internal static partial nint mt_generator_new(ulong seed, NativeDevice device);

    [LibraryImport(Library)]
    internal static partial nint mt_generator_default(NativeDevice device);

    [LibraryImport(Library)]
    internal static partial void mt_generator_dispose(nint generator);

    [LibraryImport(Library)]
    internal static partial int mt_generator_device_type(Generator generator);

    [LibraryImport(Library)]
    internal static partial int mt_generator_device_index(Generator generator);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_generator_seed(Generator generator, ulong seed);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_generator_initial_seed(Generator generator, out ulong seed);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_generator_random_seed(Generator generator, out ulong seed);

    [LibraryImport(Library)]
    internal static partial Tensor mt_generator_get_state(Generator generator);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_generator_set_state(Generator generator, Tensor state);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_manual_seed(ulong seed);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool mt_cuda_manual_seed(ulong seed, [MarshalAs(UnmanagedType.U1)] bool all);

    [LibraryImport(Library)]
    internal static partial Tensor mt_uniform_(Tensor t, double from, double to, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_normal_(Tensor t, double mean, double std, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bernoulli_(Tensor t, double p, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_bernoulli(Tensor t, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_random_(Tensor t, long from, long to, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_exponential_(Tensor t, double lambda, Generator? generator);

    [LibraryImport(Library)]
    internal static partial Tensor mt_multinomial(Tensor t, long count, [MarshalAs(UnmanagedType.U1)] bool replacement, Generator? generator);
}

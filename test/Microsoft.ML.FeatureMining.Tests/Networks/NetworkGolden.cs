using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>
/// A file written by test/Goldens/make_network.py: PyTorch's results in double precision. For tensors of more than 1000 values it has every 7th value and the
/// norm of the whole tensor.
/// </summary>
internal sealed class NetworkGolden
{
    /// <summary>The tolerance of the L2 norm of the difference, relative to the L2 norm of the expected tensor.</summary>
    public const double Tolerance = 1e-4;

    private readonly Dictionary<string, NamedTensor> _tensors;

    public NetworkGolden(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Goldens", "network", $"{name}.safetensors"));
        _tensors = Safetensors.Read(file).Tensors.ToDictionary(tensor => tensor.Name);
    }

    public IEnumerable<string> Names(string folder) =>
        _tensors
            .Keys.Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal) && !name.EndsWith("#norm"))
            .Select(name => name[(folder.Length + 1)..]);

    /// <summary>All tensors in a folder as the weights of a network.</summary>
    public NamedTensors Weights(string folder) => new([.. Names(folder).Select(name => _tensors[$"{folder}/{name}"] with { Name = name })]);

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(_tensors[name].Bytes).ToArray();

    public long[] Integers(string name) => MemoryMarshal.Cast<byte, long>(_tensors[name].Bytes).ToArray();

    public byte[] Bytes(string name) => _tensors[name].Bytes;

    public Tensor Tensor(string name) => tensor(Floats(name), _tensors[name].Shape);

    public double Double(string name) => MemoryMarshal.Read<double>(_tensors[name].Bytes);

    /// <summary>
    /// Compares a tensor with its values in the file. <paramref name="rounding"/> is the L2 distance of PyTorch's own result in single precision, if it is
    /// known; twice this distance is allowed if it is more than <see cref="Tolerance"/>.
    /// </summary>
    public void AssertMatches(string name, Tensor actual, double rounding = 0)
    {
        if (actual.dtype == ScalarType.Int64)
        {
            // num_batches_tracked.
            Assert.Equal(Integers(name), actual.data<long>().ToArray());
            return;
        }

        float[] all = TensorAssert.Values(actual);
        double norm = _tensors.ContainsKey($"{name}#norm") ? Double($"{name}#norm") : TensorAssert.L2(Floats(name));
        double tolerance = Math.Max(Tolerance, 2 * rounding / norm);
        Assert.True(Math.Abs(TensorAssert.L2(all) - norm) <= tolerance * norm, $"{name}: the norm is {TensorAssert.L2(all)}, not {norm}.");
        TensorAssert.CloseValues(Floats(name), all.Length > 1000 ? [.. all.Where((_, i) => i % 7 == 0)] : all, tolerance, name);
    }
}

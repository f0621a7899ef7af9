using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>A file written by test/Goldens/make_backbones.py: PyTorch's results in double precision.</summary>
internal sealed class BackboneGolden
{
    private readonly Dictionary<string, NamedTensor> _tensors;

    public BackboneGolden(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Goldens", "backbones", $"{name}.safetensors"));
        _tensors = Safetensors.Read(file).Tensors.ToDictionary(tensor => tensor.Name);
    }

    public string[] GradientNames => Encoding.UTF8.GetString(_tensors["gradients.names"].Bytes).Split('\n');

    /// <summary>Images [4,3,side,side].</summary>
    public Tensor Images()
    {
        long side = MemoryMarshal.Read<long>(_tensors["side"].Bytes);
        long[] shape = [4, 3, side, side];
        // Exact, because the sides are powers of two.
        return tensor(HashedTensor.Fill("images", shape), shape).mul_(side);
    }

    public long[] Shape(string name) => _tensors[name].Shape;

    public double[] Doubles(string name) =>
        _tensors[name].Type == ScalarType.Float64
            ? MemoryMarshal.Cast<byte, double>(_tensors[name].Bytes).ToArray()
            : [.. MemoryMarshal.Cast<byte, float>(_tensors[name].Bytes).ToArray().Select(value => (double)value)];

    /// <summary>Compares all values; the tolerance is relative to the L2 norm.</summary>
    public void AssertLogits(string name, Tensor actual, double tolerance)
    {
        Assert.Equal(Shape(name), actual.shape);
        TensorAssert.CloseValues([.. Doubles(name).Select(value => (float)value)], TensorAssert.Values(actual), tolerance, name);
    }

    /// <summary>
    /// Compares a tensor with row <paramref name="row"/> of the sketches in <paramref name="name"/>. The root mean square of the differences of the sketches
    /// estimates the L2 norm of the difference of the tensors. The tolerance is relative to the L2 norm of the tensor.
    /// </summary>
    public void AssertSketch(string name, int row, Tensor actual, double tolerance, string what)
    {
        double[] expected = Doubles(name)[(row * HashedTensor.SketchLength)..((row + 1) * HashedTensor.SketchLength)];
        double difference = Math.Sqrt(HashedTensor.Sketch(actual).Zip(expected, (a, e) => (a - e) * (a - e)).Average());
        double norm = Doubles($"{name}.norm")[row];
        // The gradient of a bias before BatchNorm is 0 except for rounding.
        double floor = 1e-12 * Doubles($"{name}.norm").Max();
        Assert.True(difference <= tolerance * norm + floor, $"{what}: differs by {difference:g3} in the L2 norm, where {norm:g3} was expected.");
    }
}

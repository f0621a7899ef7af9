using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Reads and compares what test/Goldens/make_detection.py stores.</summary>
internal static class DetectionGolden
{
    public static GoldenTensors Of(string name) => new("detection", name + ".safetensors");

    public static Box[] Boxes(Tensor corners) => [.. TensorAssert.Values(corners).Chunk(4).Select(c => new Box(c[0], c[1], c[2], c[3]))];

    /// <summary>The three images of <c>objects()</c>; the second has no object.</summary>
    public static IReadOnlyList<IReadOnlyList<ObjectBox>> Objects(GoldenTensors golden) =>
        [
            .. Enumerable
                .Range(0, 3)
                .Select(n => (ObjectBox[])[.. Boxes(golden[$"boxes/{n}"]).Zip(golden.Integers($"labels/{n}"), (box, label) => new ObjectBox(box, (int)label))]),
        ];

    /// <summary>
    /// Asserts that the L2 norm of the difference, estimated from the sketches, is at most <paramref name="tolerance"/> times that of the expected tensor.
    /// </summary>
    public static void AssertSketch(double[] expected, Tensor actual, double tolerance, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] sketch = HashedTensor.Sketch(actual);
        Assert.Equal(HashedTensor.SketchLength, expected.Length);
        double difference = Norm(expected.Zip(sketch, (e, a) => e - a));
        Assert.True(difference <= tolerance * Norm(expected), $"{what}: the L2 norm of the difference is about {difference:g3} of {Norm(expected):g3}.");
    }

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Average(value => value * value));
}

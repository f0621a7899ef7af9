using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>A model with random weights and random BatchNorm statistics.</summary>
internal static class TinySavedModel
{
    public static SavedModel Make(string backbone = "cifar-resnet-8", int channels = 1, int classes = 3, PixelType element = PixelType.Byte, int size = 8)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, channels, classes);
        WeightInitializer.Initialize(network, new RandomStream(1, "weights"));
        RandomStream random = new(1, "test");
        NamedTensors weights = new([
            .. NamedTensors
                .Of(network)
                .Tensors.Select(tensor =>
                    tensor.Name switch
                    {
                        _ when tensor.Name.EndsWith("running_mean", StringComparison.Ordinal) || tensor.Name.EndsWith(".bias", StringComparison.Ordinal) =>
                            Fill(tensor, () => 0.2 * random.NextGaussian()),
                        _ when tensor.Name.EndsWith("running_var", StringComparison.Ordinal) => Fill(tensor, () => 0.5 + random.NextDouble()),
                        _ when tensor.Shape.Length == 1 && tensor.Name.EndsWith(".weight", StringComparison.Ordinal) => Fill(
                            tensor,
                            () => 0.5 + random.NextDouble()
                        ),
                        _ => tensor,
                    }
                ),
        ]);
        return new SavedModel(Manifest(backbone, channels, classes, element, size), weights);
    }

    private static ModelManifest Manifest(string backbone, int channels, int classes, PixelType element, int size) =>
        new()
        {
            Backbone = backbone,
            ClassCount = classes,
            ClassNames = [.. Enumerable.Range(0, classes).Select(i => $"class {i}")],
            Preprocessing = new ImagePreprocessing { Shape = new ImageShape(channels, size, size) },
            Element = element,
            Mean = [.. Enumerable.Range(0, channels).Select(i => element == PixelType.Byte ? 100f + i : 0.1f * i)],
            Std = [.. Enumerable.Range(0, channels).Select(i => element == PixelType.Byte ? 50f + i : 1 + 0.1f * i)],
        };

    private static NamedTensor Fill(NamedTensor tensor, Func<double> draw) =>
        tensor with
        {
            Bytes = [.. Enumerable.Range(0, tensor.Bytes.Length / 4).SelectMany(_ => BitConverter.GetBytes((float)draw()))],
        };
}

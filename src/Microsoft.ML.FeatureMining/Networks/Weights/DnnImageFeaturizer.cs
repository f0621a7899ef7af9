using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>
/// The weights of the ResNet in the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18, an ONNX model that CNTK exported: blocks [2,2,2,3], 512 features,
/// no classifier. Its names mean nothing, so the layers are found by the order of the graph. It takes BGR from 0 to 255 minus a mean image. The first
/// convolution is changed to take RGB normalized with the mean and std of ImageNet.
/// </summary>
/// <remarks>
/// The mean image is darker at the borders: 95 to 116, 109 to 126 and 119 to 130 for blue, green and red. Its mean is within 0.6 of ImageNet's. With ImageNet's
/// constant mean, the features of 12 photographs have a cosine of 0.996 to 0.9996 with those of ONNX Runtime. Strided layers are padded at one side, which
/// equals PyTorch's symmetric padding if the input of each stride is even, as it is for sizes that are a multiple of 32.
/// </remarks>
internal static class DnnImageFeaturizer
{
    private const int Channels = 3;

    private static readonly int[] Blocks = [2, 2, 2, 3];

    private static readonly string[] NormNames = ["weight", "bias", "running_mean", "running_var"];

    /// <summary>The weights for RGB input, normalized with a standard deviation as a fraction of 255 and any mean.</summary>
    /// <exception cref="InvalidDataException">The file is not that model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NamedTensors Read(string path, IReadOnlyList<double> std)
    {
        List<NamedTensor> tensors;
        try
        {
            tensors = [.. Original(OnnxGraph.Read(File.ReadAllBytes(path)))];
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' is not the model of the package Microsoft.ML.DnnImageFeaturizer.ResNet18. {e.Message}", e);
        }

        return new NamedTensors([ForNormalizedRgb(tensors[0], std), .. tensors[1..]]);
    }

    /// <summary>The unchanged weights, for BGR input minus the mean image, under torchvision's names.</summary>
    public static IEnumerable<NamedTensor> Original(OnnxGraph graph)
    {
        Queue<OnnxNode> convolutions = new(graph.Nodes.Where(node => node.Operation == "Conv"));
        ILookup<string, OnnxNode> norms = graph
            .Nodes.Where(node => node is { Operation: "BatchNormalization", Inputs.Count: 5 })
            .ToLookup(node => node.Inputs[0], StringComparer.Ordinal);
        // The projection of a block comes before its first convolution.
        (string Convolution, string Norm)[] layers =
        [
            ("conv1", "bn1"),
            .. from stage in Enumerable.Range(0, Blocks.Length)
            from block in Enumerable.Range(0, Blocks[stage])
            let prefix = $"layer{stage + 1}.{block}."
            from layer in (stage > 0 && block == 0 ? new[] { ("downsample.0", "downsample.1") } : []).Concat([("conv1", "bn1"), ("conv2", "bn2")])
            select (prefix + layer.Item1, prefix + layer.Item2),
        ];
        if (convolutions.Count != layers.Length)
        {
            throw new InvalidDataException($"It has {convolutions.Count} convolutions; the network has {layers.Length}.");
        }

        foreach ((string convolution, string norm) in layers)
        {
            OnnxNode node = convolutions.Dequeue();
            yield return Named($"{convolution}.weight", node, 1);
            OnnxNode after =
                norms[node.Outputs.Count > 0 ? node.Outputs[0] : ""].FirstOrDefault()
                ?? throw new InvalidDataException($"There is no BatchNormalization after the convolution '{convolution}'.");
            for (int i = 0; i < NormNames.Length; i++)
            {
                yield return Named($"{norm}.{NormNames[i]}", after, i + 1);
            }
        }

        NamedTensor Named(string name, OnnxNode node, int input) =>
            node.Inputs.Count > input && graph.Initializers.TryGetValue(node.Inputs[input], out OnnxTensor? tensor)
                ? new NamedTensor(name, ScalarType.Float32, tensor.Shape, tensor.Bytes)
                : throw new InvalidDataException($"The weight '{name}' is missing.");
    }

    // w * (255 * std * x) for a normalized x; the constant 255 * mean is subtracted by the network's input.
    private static NamedTensor ForNormalizedRgb(NamedTensor bgr, IReadOnlyList<double> std)
    {
        if (bgr.Shape is not [var outputs, Channels, var height, var width])
        {
            throw new InvalidDataException($"The first convolution has shape [{string.Join(',', bgr.Shape)}]; 3 input channels are expected.");
        }

        ReadOnlySpan<float> from = MemoryMarshal.Cast<byte, float>(bgr.Bytes);
        float[] to = new float[from.Length];
        int plane = (int)(height * width);
        for (int output = 0; output < outputs; output++)
        {
            for (int channel = 0; channel < Channels; channel++)
            {
                ReadOnlySpan<float> source = from.Slice((output * Channels + Channels - 1 - channel) * plane, plane);
                Span<float> target = to.AsSpan((output * Channels + channel) * plane, plane);
                for (int i = 0; i < plane; i++)
                {
                    target[i] = (float)(source[i] * 255 * std[channel]);
                }
            }
        }

        return bgr with
        {
            Bytes = MemoryMarshal.AsBytes<float>(to).ToArray(),
        };
    }
}

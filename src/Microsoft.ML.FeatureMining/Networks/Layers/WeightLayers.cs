using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Creates the layers that have weights. Between <see cref="ForWeights"/> and its disposal, on the same thread, the layers are made for weights that are to be
/// loaded: no random numbers are drawn, and a network that has more weights than the file is refused before its memory is allocated.
/// </summary>
internal static class WeightLayers
{
    [ThreadStatic]
    private static LoadedWeights? t_loaded;

    /// <summary>Layers that follow, on this thread, are for weights that are to be loaded.</summary>
    /// <param name="elements">The number of elements of all tensors of the weights.</param>
    public static IDisposable ForWeights(long elements) => t_loaded = new LoadedWeights(elements, t_loaded);

    /// <summary>A 2D convolution with PyTorch's default weights, or unset ones that are to be loaded.</summary>
    /// <exception cref="InvalidDataException">The weights to be loaded are fewer.</exception>
    public static Conv2d Conv2d(int input, int output, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true) =>
        Conv2d(input, output, kernel, (stride, stride), padding, dilation, groups, bias);

    /// <inheritdoc cref="Conv2d(int, int, int, int, int, int, int, bool)"/>
    public static Conv2d Conv2d(
        int input,
        int output,
        int kernel,
        (int Rows, int Columns) stride,
        int padding = 0,
        int dilation = 1,
        int groups = 1,
        bool bias = true
    )
    {
        t_loaded?.Take((double)output * (input / groups) * kernel * kernel);
        Conv2d layer = nn.Conv2d(
            input,
            output,
            (kernel, kernel),
            (stride.Rows, stride.Columns),
            (padding, padding),
            (dilation, dilation),
            groups: groups,
            bias: bias,
            device: Device
        );
        if (t_loaded is not null)
        {
            layer.weight = Empty(layer.weight!);
            layer.bias = layer.bias is { } unset ? Empty(unset) : null;
        }

        return layer;
    }

    /// <summary>A fully connected layer with PyTorch's default weights, or unset ones that are to be loaded.</summary>
    /// <exception cref="InvalidDataException">The weights to be loaded are fewer.</exception>
    public static Linear Linear(int input, int output)
    {
        t_loaded?.Take((double)output * input);
        Linear layer = nn.Linear(input, output, device: Device);
        if (t_loaded is not null)
        {
            layer.weight = Empty(layer.weight!);
            layer.bias = Empty(layer.bias!);
        }

        return layer;
    }

    // TorchSharp fills new weights with random numbers, which takes as long as loading them. On the meta device there is nothing to fill.
    private static Device? Device => t_loaded is null ? null : META;

    private static Parameter Empty(Parameter like) => nn.Parameter(empty(like.shape, ScalarType.Float32, CPU));

    private sealed class LoadedWeights(long elements, LoadedWeights? outer) : IDisposable
    {
        // Not an integer, which sizes from a hostile file could overflow.
        private double _taken;

        public void Take(double count)
        {
            _taken += count;
            if (_taken > elements)
            {
                throw new InvalidDataException($"Missing weights: the network needs more than the {elements:N0} numbers that the weights have.");
            }
        }

        public void Dispose() => t_loaded = outer;
    }
}

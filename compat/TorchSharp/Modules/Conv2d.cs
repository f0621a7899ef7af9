using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

public sealed class Conv2d : Convolution
{
    private static readonly long[] NoPadding = [0, 0];

    internal Conv2d(ConvolutionShape shape, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(Conv2d), shape, bias, device, dtype) { }

    public override Tensor forward(Tensor input)
    {
        if (!ValidateShape(input, 2))
            throw new ArgumentException($"Expected 3D (unbatched) or 4D (batched) input with {in_channels} channels to Conv2d.");
        if (padding_mode == PaddingModes.Zeros && padding is not null)
            return F.conv2d(input, weight, bias, stride, padding, dilation, groups);

        long[] around = Around();
        if (around.All(p => p == 0)) return F.conv2d(input, weight, bias, stride, NoPadding, dilation, groups);
        using Tensor padded = F.pad(input, around, padding_mode == PaddingModes.Zeros ? PaddingModes.Constant : padding_mode);
        return F.conv2d(padded, weight, bias, stride, NoPadding, dilation, groups);
    }

    /// <summary>Padding as functional.pad takes it: the last dimension first, each with its two sides; the odd one goes to the far side.</summary>
    private long[] Around()
    {
        if (padding is not null) return [padding[1], padding[1], padding[0], padding[0]];
        if (padding_type == TorchSharp.Padding.Valid) return [0, 0, 0, 0];
        long high = dilation[0] * (kernel_size[0] - 1), wide = dilation[1] * (kernel_size[1] - 1);
        return [wide / 2, wide - (wide / 2), high / 2, high - (high / 2)];
    }
}

namespace TorchSharp.Behaviour.Tests;

/// <summary>The resampled numbers are those of pytorch_numbers.py.</summary>
public sealed class VisionTests
{
    private static Tensor Ramp => arange(16).to(ScalarType.Float32).view(1, 1, 4, 4);

    [Fact]
    public void Interpolate_Modes_ArePyTorchs()
    {
        Close.To([2.5, 4.5, 10.5, 12.5], nn.functional.interpolate(Ramp, size: new long[] { 2, 2 }, mode: InterpolationMode.Bilinear, align_corners: false));
        Close.To(
            [0, 1.5, 3, 6, 7.5, 9, 12, 13.5, 15],
            nn.functional.interpolate(Ramp, size: new long[] { 3, 3 }, mode: InterpolationMode.Bilinear, align_corners: true));
        Close.To([0, 2, 8, 10], nn.functional.interpolate(Ramp, scale_factor: new[] { 0.5, 0.5 }));
    }

    [Fact]
    public void AffineGrid_QuarterTurn_TurnsThePicture()
    {
        Tensor theta = tensor(new float[] { 0, -1, 0, 1, 0, 0 }, new long[] { 1, 2, 3 });
        Tensor grid = nn.functional.affine_grid(theta, new long[] { 1, 1, 4, 4 });

        Tensor turned = nn.functional.grid_sample(Ramp, grid, align_corners: false);

        Close.To([3, 7, 11, 15, 2, 6, 10, 14, 1, 5, 9, 13, 0, 4, 8, 12], turned, 1e-4);
    }

    [Fact]
    public void Pad_Modes_FillTheBorder()
    {
        Tensor x = tensor(new float[] { 1, 2, 3, 4 }, new long[] { 1, 1, 2, 2 });

        Close.To([0, 1, 2, 0, 3, 4], nn.functional.pad(x, new long[] { 1, 0, 0, 0 }));
        Close.To([9, 1, 2, 9, 3, 4], nn.functional.pad(x, new long[] { 1, 0, 0, 0 }, value: 9));
        Close.To([2, 1, 2, 4, 3, 4], nn.functional.pad(x, new long[] { 1, 0, 0, 0 }, PaddingModes.Reflect));
        Close.To([1, 1, 2, 3, 3, 4], nn.functional.pad(x, new long[] { 1, 0, 0, 0 }, PaddingModes.Replicate));
    }
}

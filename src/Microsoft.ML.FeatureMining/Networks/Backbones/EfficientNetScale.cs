using Microsoft.ML.FeatureMining.Networks.Layers;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>How much wider and deeper than B0 an EfficientNet is (Tan and Le 2019, equation 3), and what torchvision changes with it.</summary>
internal sealed record EfficientNetScale(double Width, double Depth, double Dropout, NormSettings Norm)
{
    private static readonly NormSettings Large = new(1e-3, 0.01);

    public int Blocks(int count) => (int)Math.Ceiling(count * Depth);

    /// <summary>Rounded to a multiple of 8, but by no more than a tenth down.</summary>
    public int Channels(int count)
    {
        double exact = count * Width;
        int rounded = Math.Max(8, (int)(exact + 4) / 8 * 8);
        return rounded < 0.9 * exact ? rounded + 8 : rounded;
    }

    public static EfficientNetScale Of(string name) => name switch
    {
        "b0" => new EfficientNetScale(1.0, 1.0, 0.2, NormSettings.Default),
        "b1" => new EfficientNetScale(1.0, 1.1, 0.2, NormSettings.Default),
        "b2" => new EfficientNetScale(1.1, 1.2, 0.3, NormSettings.Default),
        "b3" => new EfficientNetScale(1.2, 1.4, 0.3, NormSettings.Default),
        "b4" => new EfficientNetScale(1.4, 1.8, 0.4, NormSettings.Default),
        "b5" => new EfficientNetScale(1.6, 2.2, 0.4, Large),
        "b6" => new EfficientNetScale(1.8, 2.6, 0.5, Large),
        "b7" => new EfficientNetScale(2.0, 3.1, 0.5, Large),
        _ => throw new ArgumentException($"There is no EfficientNet '{name}'; there are b0 to b7."),
    };
}

using Microsoft.ML.FeatureMining.Imaging;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>
/// How much each position of an image contributes to a class: a map of h rows and w columns, the size of the features it was computed from. Immutable.
/// </summary>
public sealed class HeatMap
{
    private readonly float[] _values;

    internal HeatMap(int height, int width, float[] values)
    {
        if (values.Length != height * width)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"A map of {height}x{width} has {height * width} values, not {values.Length}."),
                nameof(values)
            );
        }

        (Height, Width, _values) = (height, width, values);
    }

    /// <summary>Rows h.</summary>
    public int Height { get; }

    /// <summary>Columns w.</summary>
    public int Width { get; }

    /// <summary>The values [h,w], row by row, in the units of the class's logit; from 0 to 1 for an ensemble.</summary>
    public IReadOnlyList<float> Values => _values;

    /// <summary>The map scaled to [0, 1], from its minimum to its maximum. A constant map becomes 0.</summary>
    public HeatMap Normalize()
    {
        (float least, float largest) = (_values.Min(), _values.Max());
        float range = largest - least;
        return new HeatMap(Height, Width, [.. _values.Select(value => range > 0 ? (value - least) / range : 0)]);
    }

    /// <summary>
    /// The map at another size, by bilinear interpolation between the centers of its cells, as PyTorch's <c>interpolate(mode="bilinear",
    /// align_corners=False)</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public HeatMap Resize(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        BilinearTap[] rows = Taps(Height, height);
        BilinearTap[] columns = Taps(Width, width);
        float[] values = new float[checked(height * width)];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                values[y * width + x] = Mix(Along(rows[y].First, columns[x]), Along(rows[y].Second, columns[x]), rows[y].Weight);
            }
        }

        return new HeatMap(height, width, values);
    }

    /// <summary>The weighted mean of maps. Each map is first scaled to [0, 1] and resized to the largest height and width.</summary>
    /// <param name="maps">At least one.</param>
    /// <param name="shares">The weight of each map; they sum to 1.</param>
    internal static HeatMap Mean(IReadOnlyList<HeatMap> maps, IReadOnlyList<double> shares)
    {
        (int height, int width) = (maps.Max(map => map.Height), maps.Max(map => map.Width));
        float[] sum = new float[height * width];
        foreach ((HeatMap map, double share) in maps.Zip(shares))
        {
            IReadOnlyList<float> values = map.Normalize().Resize(height, width).Values;
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += (float)share * values[i];
            }
        }

        return new HeatMap(height, width, sum);
    }

    private float Along(int row, BilinearTap column) => Mix(_values[row * Width + column.First], _values[row * Width + column.Second], column.Weight);

    private static float Mix(float first, float second, double weight) => first + (second - first) * (float)weight;

    private static BilinearTap[] Taps(int from, int to) => [.. Enumerable.Range(0, to).Select(i => BilinearTap.Of(i, from, to))];
}

/// <summary>The two kinds of maps that show where in the features a class was found.</summary>
internal static class ActivationMap
{
    /// <summary>
    /// A class activation map (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", equation 2): M(x,y) = sum over c of w[k,c]
    /// f[c](x,y).
    /// </summary>
    /// <param name="features">[1,C,h,w] of the last stage.</param>
    /// <param name="weights">The weights of the class, [C].</param>
    public static HeatMap Cam(Tensor features, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        return ToMap((features * weights.view(1, -1, 1, 1)).sum(1));
    }

    /// <summary>
    /// Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): L(x,y) = ReLU(sum over c of a[c] f[c](x,y)), where a[c] is the mean over all positions of the
    /// gradient of the class's logit with respect to f[c].
    /// </summary>
    /// <param name="features">[1,C,h,w] of a stage.</param>
    /// <param name="gradient">[1,C,h,w].</param>
    public static HeatMap GradCam(Tensor features, Tensor gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        return ToMap((features * gradient.mean(new long[] { 2, 3 }, keepdim: true)).sum(1).relu());
    }

    private static HeatMap ToMap(Tensor map)
    {
        float[] values = map.detach().cpu().to(ScalarType.Float32).contiguous().data<float>().ToArray();
        return new HeatMap((int)map.shape[1], (int)map.shape[2], values);
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>The two definitions of a map that tells where in the features a class was found.</summary>
internal static class ActivationMap
{
    /// <summary>
    /// A class activation map (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", equation 2): M(x,y) = sum over c of w[k,c] f[c](x,y).
    /// </summary>
    /// <param name="features">[1,C,h,w] of the last stage.</param>
    /// <param name="weights">Of the class, [C].</param>
    public static HeatMap Cam(Tensor features, Tensor weights)
    {
        using DisposeScope scope = NewDisposeScope();
        return ToMap((features * weights.view(1, -1, 1, 1)).sum(1));
    }

    /// <summary>
    /// Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): L(x,y) = ReLU(sum over c of a[c] f[c](x,y)), a[c] being the mean over all positions of the gradient of the
    /// class's logit with respect to f[c].
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

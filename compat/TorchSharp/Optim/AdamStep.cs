using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The step that Adam and AdamW take with the moments of one parameter.</summary>
internal static class AdamStep
{
    public static void Take(
        Parameter parameter, Tensor direction, (Tensor Mean, Tensor Square, Tensor? Largest) moments, long steps, double rate, (double First, double Second) beta, double eps)
    {
        moments.Mean.mul_(beta.First).add_(direction, 1 - beta.First);
        moments.Square.mul_(beta.Second).addcmul_(direction, direction, 1 - beta.Second);
        moments.Largest?.copy_(maximum(moments.Largest, moments.Square));
        Tensor scale = ((moments.Largest ?? moments.Square).sqrt() / Math.Sqrt(1 - Math.Pow(beta.Second, steps))).add_(eps);
        parameter.addcdiv_(moments.Mean, scale, -rate / (1 - Math.Pow(beta.First, steps)));
    }
}

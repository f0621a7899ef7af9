using Microsoft.ML.FeatureMining.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>The step of <see cref="AdamOptimizer"/> and <see cref="AdamWOptimizer"/>.</summary>
/// <param name="groups">The groups.</param>
/// <param name="beta1">b1.</param>
/// <param name="beta2">b2.</param>
/// <param name="epsilon">Added to the root.</param>
/// <param name="decoupled">Whether the weight decay stays out of the moments, as with AdamW.</param>
internal sealed class AdamRun(IReadOnlyList<ParameterGroup> groups, double beta1, double beta2, double epsilon, bool decoupled)
    : PerParameterRun(groups, "exp_avg", "exp_avg_sq")
{
    protected override void Move(Parameter parameter, Tensor gradient, Tensor[] state, double rate, double decay)
    {
        if (decoupled)
        {
            parameter.Mul_(1 - rate * decay);
        }
        else
        {
            gradient = Decayed(gradient, parameter, decay);
        }

        (Tensor mean, Tensor meanSquare, long step) = (state[0], state[1], Steps + 1);
        mean.Mul_(beta1).Add_(gradient, 1 - beta1);
        meanSquare.Mul_(beta2).Addcmul_(gradient, gradient, 1 - beta2);
        Tensor root = meanSquare.sqrt().Div(Math.Sqrt(1 - Math.Pow(beta2, step))).Add_(epsilon);
        parameter.Addcdiv_(mean, root, -(rate / (1 - Math.Pow(beta1, step))));
    }
}

using Microsoft.ML.FeatureMining.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>The step of <see cref="RmsPropTfOptimizer"/>.</summary>
internal sealed class RmsPropTfRun : PerParameterRun
{
    private const string MeanSquare = "square_avg";

    private readonly RmsPropTfOptimizer _settings;

    public RmsPropTfRun(RmsPropTfOptimizer settings, IReadOnlyList<ParameterGroup> groups)
        : base(groups, MeanSquare, "momentum_buffer")
    {
        _settings = settings;
        foreach ((string name, Tensor value) in NamedState())
        {
            if (name.EndsWith(MeanSquare, StringComparison.Ordinal))
            {
                value.Add_(1);
            }
        }
    }

    protected override void Move(Parameter parameter, Tensor gradient, Tensor[] state, double rate, double decay)
    {
        gradient = Decayed(gradient, parameter, decay);
        Tensor meanSquare = state[0].Mul_(_settings.Alpha).Addcmul_(gradient, gradient, 1 - _settings.Alpha);
        Tensor momentum = state[1].Mul_(_settings.Momentum).Addcdiv_(gradient, meanSquare.Add(_settings.Epsilon).sqrt_(), rate);
        parameter.sub_(momentum);
    }
}

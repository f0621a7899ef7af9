using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The moments of one parameter, and the step that Adam and AdamW take with them.</summary>
internal sealed class AdamState : IDisposable
{
    private readonly Tensor _mean;
    private readonly Tensor _square;
    private readonly Tensor? _largest;
    private long _steps;

    internal AdamState(Parameter parameter, bool amsgrad)
    {
        _mean = zeros_like(parameter).DetachFromDisposeScope();
        _square = zeros_like(parameter).DetachFromDisposeScope();
        _largest = amsgrad ? zeros_like(parameter).DetachFromDisposeScope() : null;
    }

    public void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
        _largest?.Dispose();
    }

    internal void Step(Parameter parameter, Tensor direction, double rate, (double First, double Second) beta, double eps)
    {
        _steps++;
        _mean.mul_(beta.First).add_(direction, 1 - beta.First);
        _square.mul_(beta.Second).addcmul_(direction, direction, 1 - beta.Second);
        _largest?.copy_(maximum(_largest, _square));
        Tensor scale = ((_largest ?? _square).sqrt() / Math.Sqrt(1 - Math.Pow(beta.Second, _steps))).add_(eps);
        parameter.addcdiv_(_mean, scale, -rate / (1 - Math.Pow(beta.First, _steps)));
    }
}

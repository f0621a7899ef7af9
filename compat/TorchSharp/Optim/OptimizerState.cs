namespace TorchSharp.Modules;

/// <summary>What an optimizer keeps of one parameter between two steps.</summary>
public abstract class OptimizerState
{
    protected Parameter _parameter;

    protected OptimizerState(Parameter parameter) => _parameter = parameter;
}

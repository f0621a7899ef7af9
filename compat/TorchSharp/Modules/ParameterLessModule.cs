namespace TorchSharp.Modules;

/// <summary>A module of one input that holds nothing to train, to store or to move.</summary>
public abstract class ParameterLessModule<T1, TResult> : torch.nn.Module<T1, TResult>
{
    protected ParameterLessModule(string name)
        : base(name) { }
}

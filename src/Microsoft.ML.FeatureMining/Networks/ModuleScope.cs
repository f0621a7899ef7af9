using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Makes modules that live until they are disposed, whatever scope they are made in, and nothing beside them.</summary>
internal static class ModuleScope
{
    /// <summary>Runs the maker and disposes of all tensors that it leaves but the module's own: TorchSharp's constructors leave a wrapper for each tensor that they fill.</summary>
    public static T Make<T>(Func<T> make)
        where T : nn.Module
    {
        using DisposeScope scope = NewDisposeScope();
        T module = make();
        Keep(module);
        return module;
    }

    /// <summary>Takes the module's tensors out of the scope that they were made in.</summary>
    public static void Keep(nn.Module module)
    {
        foreach (Tensor tensor in module.parameters().Concat(module.buffers()))
        {
            tensor.DetachFromDisposeScope();
        }
    }
}

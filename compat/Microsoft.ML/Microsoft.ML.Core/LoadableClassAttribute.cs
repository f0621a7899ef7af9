using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Says that a class of the assembly can be made by name, with the parameters of a signature delegate.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class LoadableClassAttribute : Attribute
{
    public LoadableClassAttribute(Type instType, Type loaderType, Type argType, Type sigType, string userName, params string[] loadNames)
    {
        Contracts.CheckValue(instType, nameof(instType));
        Contracts.CheckValue(loaderType, nameof(loaderType));
        Contracts.CheckValue(sigType, nameof(sigType));
        InstanceType = instType;
        LoaderType = loaderType;
        SigTypes = [sigType];
        LoadNames = loadNames is { Length: > 0 } ? loadNames : [userName];
        Type[] parameters = [.. sigType.GetMethod("Invoke").GetParameters().Select(p => p.ParameterType)];
        CtorTypes = argType is null ? parameters : [argType, .. parameters];
    }

    public Type InstanceType { get; }

    public Type LoaderType { get; }

    public Type[] SigTypes { get; }

    public Type[] CtorTypes { get; }

    public string[] LoadNames { get; }
}

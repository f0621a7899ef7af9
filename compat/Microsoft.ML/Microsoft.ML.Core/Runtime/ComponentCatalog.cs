using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>The classes that can be loaded from a model, by the name in the model.</summary>
public sealed class ComponentCatalog
{
    private readonly object _lock = new();
    private readonly HashSet<string> _assemblies = [];
    private readonly Dictionary<(string Name, Type Signature), LoadableClass> _classes = [];

    internal ComponentCatalog()
    {
    }

    /// <summary>Takes in the assembly's loadable classes; a second time does nothing.</summary>
    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        lock (_lock)
        {
            if (!_assemblies.Add(assembly.FullName))
                return;
            foreach (LoadableClassAttribute attribute in assembly.GetCustomAttributes(typeof(LoadableClassAttribute), false).Cast<LoadableClassAttribute>())
                Add(attribute, throwOnError);
        }
    }

    /// <summary>Makes an instance, or returns false where no class has this name and signature.</summary>
    internal bool TryCreateInstance(IHostEnvironment env, Type signature, string name, object[] args, out object instance)
    {
        LoadableClass found;
        lock (_lock)
            _classes.TryGetValue((name.ToLowerInvariant(), signature), out found);
        instance = found?.Create(env, args);
        return instance is not null;
    }

    private void Add(LoadableClassAttribute attribute, bool throwOnError)
    {
        LoadableClass loadable = LoadableClass.OrNull(attribute);
        if (loadable is null)
        {
            if (throwOnError)
                throw Contracts.Except($"Can't instantiate loadable class '{attribute.InstanceType.Name}'; it has no suitable constructor or Create method.");
            return;
        }

        foreach (Type signature in attribute.SigTypes)
        {
            foreach (string name in attribute.LoadNames)
            {
                if (_classes.TryAdd((name.ToLowerInvariant(), signature), loadable) || !throwOnError)
                    continue;
                Type present = _classes[(name.ToLowerInvariant(), signature)].Type;
                throw Contracts.Except(
                    $"ComponentCatalog cannot map name '{name}' and SignatureType '{signature}' to {loadable.Type.Name}, already mapped to {present.Name}.");
            }
        }
    }
}

using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>How an instance of a loadable class is made: by a constructor, or by a static Create method that returns exactly that class.</summary>
internal sealed class LoadableClass
{
    private const BindingFlags Anywhere = BindingFlags.Public | BindingFlags.NonPublic;

    private readonly MethodBase _maker;
    private readonly bool _takesEnvironment;

    private LoadableClass(Type type, MethodBase maker, bool takesEnvironment)
    {
        Type = type;
        _maker = maker;
        _takesEnvironment = takesEnvironment;
    }

    public Type Type { get; }

    public static LoadableClass OrNull(LoadableClassAttribute attribute)
    {
        Type[] plain = attribute.CtorTypes;
        Type[] withEnvironment = [typeof(IHostEnvironment), .. plain];
        foreach (Type[] types in new[] { plain, withEnvironment })
        {
            if (MakerOrNull(attribute, types) is { } maker)
                return new LoadableClass(attribute.InstanceType, maker, types == withEnvironment);
        }

        return null;
    }

    public object Create(IHostEnvironment env, object[] args)
    {
        object[] all = _takesEnvironment ? [env, .. args] : args;
        try
        {
            return _maker is ConstructorInfo constructor ? constructor.Invoke(all) : _maker.Invoke(null, all);
        }
        catch (TargetInvocationException e) when (e.InnerException?.IsMarked() == true)
        {
            throw Contracts.Except(null, e, "Error during class instantiation");
        }
    }

    private static MethodBase MakerOrNull(LoadableClassAttribute attribute, Type[] types)
    {
        MethodInfo create = attribute.LoaderType.GetMethod("Create", BindingFlags.Static | BindingFlags.FlattenHierarchy | Anywhere, null, types, null);
        if (create?.ReturnType == attribute.InstanceType)
            return create;
        return attribute.InstanceType.IsAssignableFrom(attribute.LoaderType)
            ? attribute.LoaderType.GetConstructor(BindingFlags.Instance | Anywhere, null, types, null)
            : null;
    }
}

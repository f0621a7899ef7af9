using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>
/// Every public method and constructor refuses null where its signature has no question mark, before it does anything else: the objects that it is called on, and
/// most of its other arguments, are empty shells. Left out: records, exceptions, transformers, which need a network, methods that
/// own parts override, properties, interfaces, generic types, and methods that take a span.
/// </summary>
public sealed class NullArgumentTests
{
    private static readonly Assembly[] Assemblies =
    [
        typeof(BackboneCatalog).Assembly,
        typeof(ImageShape).Assembly,
        typeof(OnnxImageClassifier).Assembly,
        typeof(RetinaNetTrainer).Assembly,
    ];

    private static readonly Type[] Concrete =
    [
        .. from assembly in Assemblies.Append(typeof(MLContext).Assembly).Append(typeof(ITransformer).Assembly).Append(typeof(NullArgumentTests).Assembly)
        from type in assembly.GetTypes()
        where type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
        select type,
    ];

    private static readonly MLContext Ml = new();

    private static readonly object[] Catalogs =
    [
        Ml,
        Ml.Data,
        Ml.Model,
        Ml.Transforms,
        Ml.MulticlassClassification,
        Ml.MulticlassClassification.Trainers,
        Ml.MultilabelClassification(),
        Ml.MultilabelClassification().Trainers,
        Ml.ObjectDetection(),
        Ml.ObjectDetection().Trainers,
    ];

    public static TheoryData<string> Types => [.. PublicTypes().Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Call_WithNull_NamesTheArgument(string typeName)
    {
        Type type = PublicTypes().Single(type => type.FullName == typeName);
        List<string> faults = [];
        foreach (MethodBase member in Members(type))
        {
            MethodBase method = member is MethodInfo { IsGenericMethodDefinition: true } generic
                ? generic.MakeGenericMethod([.. generic.GetGenericArguments().Select(Argument)])
                : member;
            ParameterInfo[] parameters = method.GetParameters();
            foreach (ParameterInfo refused in parameters.Where(RefusesNull))
            {
                object?[] arguments = [.. parameters.Select(parameter => parameter.Position == refused.Position ? null : Value(parameter))];
                string? thrown = Thrown(method, type, arguments);
                if (thrown != refused.Name)
                {
                    faults.Add($"{type.Name}.{method.Name}({refused.Name}: null): {thrown ?? "no error"}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static IEnumerable<Type> PublicTypes() =>
        from assembly in Assemblies
        from type in assembly.GetExportedTypes()
        where !type.IsGenericTypeDefinition && !type.IsEnum && !type.IsInterface && !IsRecord(type)
        where !typeof(Delegate).IsAssignableFrom(type) && !typeof(Exception).IsAssignableFrom(type) && !typeof(ITransformer).IsAssignableFrom(type)
        where Members(type).Any()
        orderby type.FullName
        select type;

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static IEnumerable<MethodBase> Members(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<MethodBase> methods = type.GetMethods(Declared).Where(method => !method.IsSpecialName && (!method.IsVirtual || method.IsFinal));
        IEnumerable<MethodBase> constructors = type.IsAbstract ? [] : type.GetConstructors(Declared & ~BindingFlags.Static);
        return methods
            .Concat(constructors)
            .Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute)) && member.GetParameters().Any(RefusesNull))
            .Where(member => !member.GetParameters().Any(parameter => parameter.ParameterType.IsByRefLike));
    }

    private static bool RefusesNull(ParameterInfo parameter) =>
        parameter is { IsOut: false, ParameterType: { IsValueType: false, IsByRef: false, IsGenericParameter: false } }
        && new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.NotNull;

    private static string? Thrown(MethodBase method, Type type, object?[] arguments)
    {
        try
        {
            if (method is ConstructorInfo constructor)
            {
                constructor.Invoke(arguments);
            }
            else
            {
                method.Invoke(method.IsStatic ? null : Shell(type), arguments);
            }

            return null;
        }
        catch (TargetInvocationException e) when (e.InnerException is ArgumentNullException argument)
        {
            return argument.ParamName;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException!.GetType().Name;
        }
    }

    private static Type Argument(Type parameter)
    {
        Type[] constraints = parameter.GetGenericParameterConstraints();
        return constraints.FirstOrDefault(constraint => constraint is { ContainsGenericParameters: false }) is { } bound && bound != typeof(ValueType)
            ? Concretion(bound) ?? bound
            : typeof(EmptyRow);
    }

    private static object? Value(ParameterInfo parameter) =>
        parameter is { HasDefaultValue: true, DefaultValue: { } value } ? value
        : parameter.ParameterType == typeof(double) ? 0.5
        : parameter.ParameterType == typeof(int) ? 2
        : Shell(parameter.ParameterType);

    private static object? Shell(Type type)
    {
        if (Catalogs.FirstOrDefault(type.IsInstanceOfType) is { } catalog)
        {
            return catalog;
        }

        if (type == typeof(string))
        {
            return "text";
        }

        if (type.IsByRef)
        {
            return null;
        }

        if (type.IsArray)
        {
            return Array.CreateInstance(type.GetElementType()!, 0);
        }

        if (type.IsValueType)
        {
            return Activator.CreateInstance(type);
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return Expression
                .Lambda(type, Expression.Default(invoke.ReturnType), invoke.GetParameters().Select(parameter => Expression.Parameter(parameter.ParameterType)))
                .Compile();
        }

        if (type.IsInterface)
        {
            if (type.IsGenericType && type.GetGenericArguments() is [Type element] && element.MakeArrayType().IsAssignableTo(type))
            {
                return Array.CreateInstance(element, 0);
            }

            return DispatchProxy.Create(type, typeof(EmptyProxy));
        }

        if (type.Name.EndsWith("Options", StringComparison.Ordinal))
        {
            return Activator.CreateInstance(type);
        }

        object shell = RuntimeHelpers.GetUninitializedObject(Concretion(type) ?? type);
#pragma warning disable CA1816 // Its finalizer would free what a constructor has not made.
        GC.SuppressFinalize(shell);
#pragma warning restore CA1816
        return shell;
    }

    private static Type? Concretion(Type type) => type.IsAbstract ? Concrete.FirstOrDefault(type.IsAssignableFrom) : type;

    private sealed class EmptyRow;

    public class EmptyProxy : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.ReturnType is { IsValueType: true } type && type != typeof(void) ? Activator.CreateInstance(type) : null;
    }
}

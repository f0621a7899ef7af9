using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Compat.Api.Tests;

/// <summary>Types, parameters and constants as the lists write them.</summary>
internal static class ApiNames
{
    public static string Of(Type type)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!);
        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";
        if (type.IsArray)
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsGenericParameter)
            return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying) + "?";
        string path = Path(type, type.GetGenericArguments());
        return string.IsNullOrEmpty(type.Namespace) ? path : $"{type.Namespace}.{path}";
    }

    public static string Of(ParameterInfo parameter)
    {
        string passing = parameter.IsOut ? "out "
            : parameter.ParameterType.IsByRef ? parameter.IsIn ? "in " : "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        string written = $"{passing}{Of(parameter.ParameterType)} {parameter.Name}";
        return parameter.HasDefaultValue ? $"{written} = {Default(parameter)}" : written;
    }

    public static string Parameters(MethodBase method)
    {
        string extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"({extension}{string.Join(", ", method.GetParameters().Select(Of))})";
    }

    public static string Constraints(Type[] arguments) => string.Concat(arguments.Where(a => a.IsGenericParameter).Select(Constraint));

    public static string Constant(object? value)
        => value is string text ? $"\"{text}\"" : Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static string Default(ParameterInfo parameter) => parameter.RawDefaultValue switch
    {
        null => "default",
        bool flag => flag ? "true" : "false",
        string text => $"\"{text}\"",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString()!,
    };

    private static string Constraint(Type argument)
    {
        bool isStruct = argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        var constraints = new List<string>();
        if (argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            constraints.Add("class");
        if (isStruct)
            constraints.Add("struct");
        constraints.AddRange(argument.GetGenericParameterConstraints().Where(t => t != typeof(ValueType)).Select(Of));
        if (!isStruct && argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
            constraints.Add("new()");
        return constraints.Count > 0 ? $" where {argument.Name} : {string.Join(", ", constraints)}" : "";
    }

    // A nested type's generic arguments are its own and those of the types around it.
    private static string Path(Type type, Type[] arguments)
    {
        int outer = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        int own = type.GetGenericArguments().Length;
        string name = own > outer ? $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments[outer..own].Select(Of))}>" : type.Name;
        return type.DeclaringType is { } declaring ? $"{Path(declaring, arguments)}.{name}" : name;
    }
}

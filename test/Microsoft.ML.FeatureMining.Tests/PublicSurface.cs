using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Lists what an assembly shows: its public types with their public and protected members, in order, one a line.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Heading(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Heading(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        if (type.IsEnum)
        {
            return $"{kind} {Name(type)}";
        }

        IEnumerable<Type> parent = type.BaseType is { } value && value != typeof(object) && value != typeof(ValueType) ? [value] : [];
        Type[] bases = [.. parent, .. type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).OrderBy(Name, StringComparer.Ordinal)];
        return $"{kind} {Name(type)}{(bases.Length > 0 ? " : " + string.Join(", ", bases.Select(Name)) : "")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => string.Create(CultureInfo.InvariantCulture, $"{Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)} {name}"));
        }

        return [
            .. type.GetConstructors(Declared).Where(method => Shows(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute))).Select(method => $"{Modifiers(method)}new({Parameters(method)})"),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(field => $"{(field.IsStatic ? "static " : "")}field {Name(field.FieldType)} {field.Name}"),
            .. type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(Shows) && property.Name != "EqualityContract").Select(Property),
            .. type.GetEvents(Declared).Where(e => Shows(e.AddMethod!)).Select(e => $"event {Name(e.EventHandlerType!)} {e.Name}"),
            .. type.GetMethods(Declared).Where(method => Shows(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
                && !method.IsDefined(typeof(CompilerGeneratedAttribute))).Select(Method),
        ];
    }

    private static bool Shows(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Property(PropertyInfo property)
    {
        MethodInfo first = property.GetAccessors(true).First(Shows);
        string set = property.SetMethod is { } setter && Shows(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;"
            : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Modifiers(first)}{required}{Name(property.PropertyType)} {property.Name} {{{(property.GetMethod is { } getter && Shows(getter) ? " get;" : "")}{set} }}";
    }

    private static string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        return $"{Modifiers(method)}{Name(method.ReturnType)} {method.Name}{generic}({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{Parameters(method)})";
    }

    private static string Modifiers(MethodBase method) => string.Concat(
        method.IsPublic ? "" : "protected ",
        method.IsStatic ? "static " : "",
        method.IsAbstract ? "abstract " : "",
        method is MethodInfo { IsVirtual: true, IsAbstract: false } info ? info.GetBaseDefinition() != info ? "override " : info.IsFinal ? "" : "virtual " : "");

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Default(parameter.DefaultValue) : "")}"));

    private static string Default(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.HasElementType)
        {
            return Name(type.GetElementType()!) + (type.IsArray ? "[]" : type.IsByRef ? "&" : "*");
        }

        string name = (type.IsNested ? Name(type.DeclaringType!) + "." : type.Namespace is "System" ? "" : type.Namespace + ".") + type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}

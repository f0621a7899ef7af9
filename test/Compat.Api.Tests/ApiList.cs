using System.Reflection;
using System.Text.RegularExpressions;

namespace Compat.Api.Tests;

/// <summary>The public and protected members of an assembly's visible types, one a line.</summary>
internal static class ApiList
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Assembly assembly)
        => assembly.GetTypes().Where(t => t.IsVisible || IsVisibleToHeirs(t)).SelectMany(LinesOf).Distinct().Order(StringComparer.Ordinal);

    /// <summary>What is compared of a line.</summary>
    public static string Key(string line) => line.Contains("::") ? Regex.Replace(line, @" \[[a-z ]+\]$", "") : TypeOf(line);

    /// <summary>The type that a line is about.</summary>
    public static string TypeOf(string line)
    {
        int member = line.IndexOf("::", StringComparison.Ordinal);
        return member >= 0 ? line[..member] : line[..line.IndexOf(" [", StringComparison.Ordinal)];
    }

    private static bool IsVisibleToHeirs(Type type)
        => type.IsNested && (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem)
            && (type.DeclaringType!.IsVisible || IsVisibleToHeirs(type.DeclaringType));

    private static IEnumerable<string> LinesOf(Type type)
    {
        string name = ApiNames.Of(type);
        if (typeof(Delegate).IsAssignableFrom(type))
            return [$"{name} [delegate]"];
        return [$"{name} [type]", .. type.GetMembers(Declared).Select(MemberOrNull).OfType<string>().Select(member => $"{name}::{member}")];
    }

    private static string? MemberOrNull(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } c when Shows(c) => ".ctor" + ApiNames.Parameters(c),
        MethodInfo m when Shows(m) && m.Name.StartsWith("op_", StringComparison.Ordinal) => m.Name + ApiNames.Parameters(m) + " : " + ApiNames.Of(m.ReturnType),
        MethodInfo { IsSpecialName: false } m when Shows(m) => Method(m),
        PropertyInfo p when Shows(p.GetMethod) || Shows(p.SetMethod) => Property(p),
        FieldInfo { IsSpecialName: false } f when f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly => Field(f),
        EventInfo e when Shows(e.AddMethod) => $"{e.Name} [event] : {ApiNames.Of(e.EventHandlerType!)}",
        _ => null,
    };

    private static bool Shows(MethodBase? method) => method is { } m && (m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly);

    private static string Method(MethodInfo m)
    {
        string generic = m.IsGenericMethodDefinition ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";
        string byRef = m.ReturnType.IsByRef ? "ref " : "";
        return $"{m.Name}{generic}{ApiNames.Parameters(m)} : {byRef}{ApiNames.Of(m.ReturnType)}{ApiNames.Constraints(m.GetGenericArguments())}";
    }

    private static string Property(PropertyInfo p)
    {
        ParameterInfo[] index = p.GetIndexParameters();
        string indices = index.Length > 0 ? $"[{string.Join(", ", index.Select(ApiNames.Of))}]" : "";
        return $"{p.Name}{indices} {{ {Accessor(p.GetMethod, "get")}{Accessor(p.SetMethod, "set")}}} : {ApiNames.Of(p.PropertyType)}";
    }

    private static string Accessor(MethodInfo? accessor, string name) => !Shows(accessor) ? "" : accessor!.IsPublic ? name + "; " : $"protected {name}; ";

    private static string Field(FieldInfo f)
    {
        if (!f.IsLiteral)
            return $"{f.Name} : {ApiNames.Of(f.FieldType)}";
        return $"{f.Name} : {ApiNames.Of(f.FieldType)} = {ApiNames.Constant(f.GetRawConstantValue())}";
    }
}

using System.Reflection;

namespace TorchSharp.Behaviour.Tests;

/// <summary>What differs between the libraries that these tests run against.</summary>
internal static class Library
{
    internal static bool IsStandIn { get; } = typeof(Library).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "TorchSharpFrom").Value == "compat";

    /// <summary>0.99 and before.</summary>
    internal static bool IsOld { get; } = !IsStandIn && typeof(Tensor).Assembly.GetName().Version < new Version(0, 100);

    /// <summary>A gradient, which 0.99 has as a method and 0.107 as a property.</summary>
    internal static Tensor? Gradient(this Tensor tensor)
    {
        MethodInfo get = typeof(Tensor).GetMethod("grad", []) ?? typeof(Tensor).GetProperty("grad")!.GetMethod!;
        return (Tensor?)get.Invoke(tensor, null);
    }
}

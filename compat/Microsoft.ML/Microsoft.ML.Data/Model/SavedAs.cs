using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>The version of a component of these assemblies.</summary>
internal static class SavedAs
{
    public static VersionInfo Version(string modelSignature, string loaderSignature) => Version(modelSignature, loaderSignature, typeof(SavedAs).Assembly);

    public static VersionInfo Version(string modelSignature, string loaderSignature, Assembly assembly)
        => new(modelSignature, 0x00010001, 0x00010001, 0x00010001, assembly.GetName().Name, loaderSignature);
}

using System.Reflection;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.MlNet.Models;

/// <summary>The versions that a model was made with, for its manifest.</summary>
internal static class LibraryVersions
{
    public static IReadOnlyDictionary<string, string> All { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        [".NET"] = Environment.Version.ToString(),
        ["Microsoft.ML"] = Of(typeof(MLContext)),
        ["Microsoft.ML.FeatureMining"] = Of(typeof(LibraryVersions)),
        ["TorchSharp"] = Of(typeof(torch)),
        ["libtorch"] = torch.__version__,
    };

    private static string Of(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version!.ToString();
}

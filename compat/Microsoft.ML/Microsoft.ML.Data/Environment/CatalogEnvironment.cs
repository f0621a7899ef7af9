using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The environment of a catalog.</summary>
internal static class CatalogEnvironment
{
    public static IHostEnvironment GetEnvironment(this IInternalCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.Environment;
    }
}

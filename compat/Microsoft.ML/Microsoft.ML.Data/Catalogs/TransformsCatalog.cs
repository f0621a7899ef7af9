using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where the extension methods that make transforms belong.</summary>
public sealed class TransformsCatalog : IInternalCatalog
{
    internal TransformsCatalog(IHostEnvironment env)
    {
        Environment = env;
        Conversion = new ConversionTransforms(env);
    }

    public ConversionTransforms Conversion { get; }

    IHostEnvironment IInternalCatalog.Environment => Environment;

    internal IHostEnvironment Environment { get; }

    /// <summary>Transforms from one type to another.</summary>
    public sealed class ConversionTransforms : IInternalCatalog
    {
        internal ConversionTransforms(IHostEnvironment env) => Environment = env;

        IHostEnvironment IInternalCatalog.Environment => Environment;

        internal IHostEnvironment Environment { get; }
    }
}

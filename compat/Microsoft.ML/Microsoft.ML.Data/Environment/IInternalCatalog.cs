using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How a catalog's own extensions reach the environment.</summary>
internal interface IInternalCatalog
{
    IHostEnvironment Environment { get; }
}

using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Detects libtorch's out-of-memory errors by message: TorchSharp has no exception type for them.</summary>
internal static class OutOfMemory
{
    public static bool IsMeantBy(Exception exception) => exception is OutOfMemoryException
        || (exception is ExternalException && Array.Exists(
            ["out of memory", "can't allocate memory", "not enough memory"], text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase)));
}

using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Knows libtorch's ways of saying that a device has no more memory; they have no exception of their own.</summary>
internal static class OutOfMemory
{
    public static bool IsMeantBy(Exception exception) => exception is OutOfMemoryException
        || (exception is ExternalException && Array.Exists(
            ["out of memory", "can't allocate memory", "not enough memory"], text => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase)));
}

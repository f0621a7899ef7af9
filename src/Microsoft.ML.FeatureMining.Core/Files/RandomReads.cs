using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Reads of a file at a position, which many threads may make at once.</summary>
internal static class RandomReads
{
    /// <summary>Reads until the bytes are full or the file ends: the system may give fewer bytes at once than it was asked for.</summary>
    /// <returns>The number of bytes that were read.</returns>
    public static int Fill(SafeFileHandle file, Span<byte> bytes, long position)
    {
        int total = 0;
        while (total < bytes.Length && RandomAccess.Read(file, bytes[total..], position + total) is > 0 and int read)
        {
            total += read;
        }

        return total;
    }
}

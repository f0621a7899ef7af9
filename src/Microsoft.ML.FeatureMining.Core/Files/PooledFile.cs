using System.Buffers;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Reads a whole file into a pooled buffer, to avoid large allocations.</summary>
internal static class PooledFile
{
    /// <param name="path">The file.</param>
    /// <param name="use">Receives all bytes of the file; must not keep them.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void Use(string path, Action<ReadOnlySpan<byte>> use)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        // Pipes and devices do not know their length.
        if (!file.CanSeek || file.Length == 0 || file.Length > Array.MaxLength)
        {
            use(File.ReadAllBytes(path));
            return;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)file.Length);
        try
        {
            use(buffer.AsSpan(0, file.ReadAtLeast(buffer.AsSpan(0, (int)file.Length), (int)file.Length, throwOnEndOfStream: false)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

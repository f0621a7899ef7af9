using System.Buffers;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Files that are needed whole, and only for a moment: their bytes lie in lent memory, as large arrays are dear to make.</summary>
internal static class LentFile
{
    /// <param name="path">The file.</param>
    /// <param name="use">Given all of its bytes; not to be kept.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Use(string path, Action<ReadOnlySpan<byte>> use)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        // What is no file on a disk does not know its length.
        if (!file.CanSeek || file.Length == 0 || file.Length > Array.MaxLength)
        {
            use(File.ReadAllBytes(path));
            return;
        }
        byte[] lent = ArrayPool<byte>.Shared.Rent((int)file.Length);
        try
        {
            use(lent.AsSpan(0, file.ReadAtLeast(lent.AsSpan(0, (int)file.Length), (int)file.Length, throwOnEndOfStream: false)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(lent);
        }
    }
}

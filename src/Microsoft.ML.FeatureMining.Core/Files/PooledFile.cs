using System.Buffers;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Reads a whole file into a pooled buffer, to avoid large allocations.</summary>
internal static class PooledFile
{
    /// <param name="path">The file, or what <see cref="TarMember"/> reads.</param>
    /// <param name="use">Receives all bytes of the file; must not keep them.</param>
    /// <exception cref="IOException">The file cannot be read, or is a pipe or a device, which may never end or can be read only once.</exception>
    public static void Use(string path, Action<ReadOnlySpan<byte>> use)
    {
        if (path.Length == 0)
        {
            throw new IOException("The path is empty.");
        }

        if (TarMember.Parse(path) is { } member)
        {
            member.Use(use);
            return;
        }

        // Checked before it is opened: opening a pipe waits until another process writes to it.
        if (Directory.Exists(path) || UnixFile.Of(path) is { IsRegular: false })
        {
            throw new IOException($"'{path}' is a {(Directory.Exists(path) ? "folder" : "pipe or a device")}, not a file.");
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        // Files of some file systems, such as /proc, do not know their length.
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

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Replaces a file atomically: writes a temporary file beside it, flushes it to disk, and renames it. If the process dies before the end, the old file remains.
/// </summary>
internal static class AtomicFile
{
    private const string Unfinished = ".tmp";

    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = TemporaryPath(full);
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Replace(full, temporary);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>A new temporary path beside a file, for a writer that needs several steps and then calls <see cref="Replace"/>.</summary>
    public static string TemporaryPath(string path) => FormattableString.Invariant($"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}{Unfinished}");

    /// <summary>Replaces the file by a finished temporary file. The caller must have flushed it to disk.</summary>
    public static void Replace(string path, string temporary) => File.Move(temporary, path, overwrite: true);

    /// <summary>Removes temporary files left by killed processes. A file that is still open for writing is locked and remains.</summary>
    /// <param name="folder">The folder of the files; it need not exist.</param>
    /// <param name="pattern">The names of the finished files; may have wildcards.</param>
    public static void RemoveAbandoned(string folder, string pattern)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, $"{pattern}.*{Unfinished}") : [])
        {
            try
            {
                using FileStream abandoned = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process is writing it, or has just removed it.
            }
        }
    }
}

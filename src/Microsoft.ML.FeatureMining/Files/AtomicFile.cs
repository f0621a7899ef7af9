namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Replaces a file as a whole: written beside it, flushed to the disk, renamed over it. A process that dies in between leaves the old file.</summary>
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

    /// <summary>A new name beside a file, for a writer that fills it in several steps and then calls <see cref="Replace"/>.</summary>
    public static string TemporaryPath(string path) => FormattableString.Invariant($"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}{Unfinished}");

    /// <summary>Puts a finished temporary file, which is flushed to the disk, in the place of the file.</summary>
    public static void Replace(string path, string temporary) => File.Move(temporary, path, overwrite: true);

    /// <summary>Removes the temporary files that killed processes left. A file that is still open for writing is locked and stays.</summary>
    /// <param name="folder">Where to look; need not exist.</param>
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
                // Another process writes it, or has just removed it.
            }
        }
    }
}

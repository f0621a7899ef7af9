namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// A new folder for temporary files, for this user alone. Dispose deletes it. If the process is killed, the next one that makes such a folder beside it
/// deletes it.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string Prefix = "mlnetfm-scratch-";
    private const int Tries = 10;

    private readonly FolderLock _lock;

    private ScratchFolder(string path, FolderLock held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>The path of a new folder, which is not made yet.</summary>
    /// <param name="parent">The folder that it is in.</param>
    /// <param name="id">A unique number.</param>
    public static string PathOf(string parent, Guid id) => System.IO.Path.Combine(parent, FormattableString.Invariant($"{Prefix}{id:N}"));

    /// <summary>Makes a new folder in the first of these folders that can be written.</summary>
    /// <exception cref="IOException">None can be written.</exception>
    public static ScratchFolder Create(params string[] parents)
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            foreach (string parent in parents)
            {
                if (Directory.Exists(parent) && TryCreate(PathOf(parent, Guid.NewGuid())) is { } folder)
                {
                    return folder;
                }
            }
        }

        throw new IOException($"A folder for temporary files cannot be made in '{string.Join("', '", parents)}'.");
    }

    /// <summary>Makes the folder with that path; null if it cannot be written.</summary>
    public static ScratchFolder? TryCreate(string path)
    {
        try
        {
            foreach (string other in Directory.EnumerateDirectories(System.IO.Path.GetDirectoryName(path)!, $"{Prefix}*"))
            {
                DeleteAbandoned(other);
            }

            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            // Another process may have taken the new folder for an abandoned one.
            return FolderLock.Try(path, "process") is { } held ? new ScratchFolder(path, held) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes a folder, if that is possible.</summary>
    public static void Delete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process deletes it, too.
        }
    }

    public void Dispose() => Delete(Path, _lock);

    private static void DeleteAbandoned(string folder)
    {
        try
        {
            if (FolderLock.Try(folder, "process") is { } held)
            {
                Delete(folder, held);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of another user, or just deleted.
        }
    }

    // Windows does not delete a file that is open. Elsewhere, no other process gets the lock before the folder is gone.
    private static void Delete(string folder, FolderLock held)
    {
        if (OperatingSystem.IsWindows())
        {
            held.Dispose();
        }

        Delete(folder);
        held.Dispose();
    }
}

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
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            // Another process may have taken the new folder for an abandoned one.
            if (FolderLock.Try(path, "process") is not { } held)
            {
                return null;
            }

            ScratchFolder folder = new(path, held);
            DeleteAbandoned(folder);
            return folder;
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

    private static void DeleteAbandoned(ScratchFolder own)
    {
        uint? me = UnixFile.Of(own.Path)?.User;
        try
        {
            foreach (DirectoryInfo other in new DirectoryInfo(System.IO.Path.GetDirectoryName(own.Path)!).EnumerateDirectories($"{Prefix}*"))
            {
                // All users write to the folder for temporary files: a lock in another one's folder, or behind a link, could replace any file.
                if (
                    other.FullName != own.Path
                    && other.LinkTarget is null
                    && UnixFile.Of(other.FullName)?.User == me
                    && FolderLock.Try(other.FullName, "process") is { } held
                )
                {
                    if (held.KeepsOthersOut())
                    {
                        Delete(other.FullName, held);
                    }
                    else
                    {
                        held.Dispose();
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // One was just deleted; the next process looks again.
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

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Replaces a file atomically: writes a temporary file beside it, flushes it to disk, and renames it. If the process dies before the end, the old file remains.
/// The new file keeps the permissions of the old one and, if the process may set them, owner and group. Links are followed. On Linux, a device
/// or a pipe is written to, not replaced.
/// </summary>
internal static class AtomicFile
{
    private const string Unfinished = ".tmp";

    // Between the time of a process and that of its files.
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(10);

    // Of temporary names: a folder may be shared by machines, each with process numbers of its own.
    private static readonly string Machine = string.Concat(Environment.MachineName.Where(char.IsAsciiLetterOrDigit).Take(32));

    /// <exception cref="IOException">The file cannot be written. The message gives the reason and, if there is an old file, says that it is
    /// unchanged.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Target(path);
        UnixFile? old = UnixFile.Of(full);
        if (Directory.Exists(full) || old is { IsWritable: false })
        {
            throw Failed(full, Directory.Exists(full) ? "It is a folder." : "It is read-only.");
        }

        if (old is { IsRegular: false })
        {
            WriteInPlace(full, write);
            return;
        }

        RemoveOfEndedProcesses(Path.GetDirectoryName(full)!, Path.GetFileName(full));
        string temporary = TemporaryPath(full);
        try
        {
            using (FileStream stream = Attempt(full, () => new FileStream(temporary, Options(full))))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Attempt(
                full,
                () =>
                {
                    KeepRights(full, temporary, old);
                    Replace(full, temporary);
                    return true;
                }
            );
        }
        // Other errors of the writer are about what it reads.
        catch (IOException e) when (e.Message.Contains(temporary, StringComparison.Ordinal))
        {
            throw Failed(full, e.Message, e);
        }
        finally
        {
            // Delete fails if the folder is missing.
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>A new temporary path beside a file, for a writer that needs several steps and then calls <see cref="Replace"/>.</summary>
    public static string TemporaryPath(string path) => FormattableString.Invariant($"{path}.{Machine}-{Environment.ProcessId}-{Guid.NewGuid():N}{Unfinished}");

    /// <summary>Replaces the file by a finished temporary file. The caller must have flushed it to disk.</summary>
    public static void Replace(string path, string temporary) => File.Move(temporary, path, overwrite: true);

    /// <summary>Removes temporary files left by killed processes. A file that is still open for writing is locked and remains.</summary>
    /// <param name="folder">The folder of the files; it need not exist.</param>
    /// <param name="pattern">The names of the finished files; may have wildcards.</param>
    /// <param name="isAbandoned">Whether a file that is not locked may be removed; null for all.</param>
    public static void RemoveAbandoned(string folder, string pattern, Func<string, bool>? isAbandoned = null) =>
        DeleteUnlocked(folder, $"{pattern}.*{Unfinished}", isAbandoned);

    /// <summary>Removes temporary files of processes of this machine that have ended.</summary>
    /// <inheritdoc cref="RemoveAbandoned"/>
    public static void RemoveOfEndedProcesses(string folder, string pattern) => RemoveAbandoned(folder, pattern, IsOfEndedProcess);

    /// <summary>Deletes files of processes that were killed. A file that a running process holds open without sharing it stays.</summary>
    /// <param name="folder">The folder; it may be missing.</param>
    /// <param name="pattern">The names, with wildcards.</param>
    /// <param name="isAbandoned">Whether a file may be deleted; null for all.</param>
    public static void DeleteUnlocked(string folder, string pattern, Func<string, bool>? isAbandoned = null)
    {
        EnumerationOptions accessible = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, accessible) : [])
        {
            if (isAbandoned?.Invoke(file) == false)
            {
                continue;
            }

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

    // Another process may be about to rename a file that it has closed. Whether a process of another machine runs is not known. In a container, a new process
    // may have the number of the one before.
    private static bool IsOfEndedProcess(string temporary)
    {
        string[] writer = Path.GetFileNameWithoutExtension(temporary).Split('.')[^1].Split('-');
        if (writer.Length < 2 || writer[0] != Machine || !int.TryParse(writer[1], NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return false;
        }

        try
        {
            using Process process = Process.GetProcessById(id);
            return process.StartTime - File.GetLastWriteTime(temporary) > ClockError;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has just ended, or is another user's.
            return false;
        }
    }

    private static T Attempt<T>(string path, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e.Message, e);
        }
    }

    // A link stays; the file that it leads to is replaced, or created.
    private static string Target(string path) =>
        new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(path);

    // Until it is complete, a file that replaces another is for its owner alone: the old one may be secret.
    private static FileStreamOptions Options(string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows() && File.Exists(path))
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    private static void KeepRights(string path, string temporary, UnixFile? old)
    {
        old?.GiveOwnerTo(temporary);
        if (!OperatingSystem.IsWindows() && File.Exists(path))
        {
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
        }
    }

    // The content is complete before the first byte is written: a pipe cannot be rewound, and a writer may fail.
    private static void WriteInPlace(string path, Action<Stream> write)
    {
        using ScratchFolder scratch = ScratchFolder.Create(Path.GetTempPath(), Path.GetDirectoryName(path)!);
        using FileStream content = new(Path.Combine(scratch.Path, "content"), FileMode.CreateNew, FileAccess.ReadWrite);
        write(content);
        content.Position = 0;
        using FileStream target = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        content.CopyTo(target);
    }

    private static IOException Failed(string path, string reason, Exception? cause = null) =>
        new($"'{path}' cannot be written. {(File.Exists(path) ? "The old file is unchanged. " : "")}{reason}", cause);
}

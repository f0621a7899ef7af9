using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Locks a folder against other processes and other users in this one. The operating system releases the lock when the process ends, even if it is killed, so a
/// stale lock file blocks nobody.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly FileStream _lock;

    /// <param name="folder">An existing folder. The files <c>lock</c> and <c>owner</c> are created in it.</param>
    /// <param name="user">What uses the folder, for the error message: "run" or "sweep".</param>
    /// <exception cref="IOException">The folder is locked; the message names the process that locked it.</exception>
    public FolderLock(string folder, string user)
    {
        // The owner's name is in a separate file, because a locked file cannot be read on Windows.
        string owner = Path.Combine(folder, "owner");
        try
        {
            _lock = Open(Path.Combine(folder, "lock"));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"The {user} in '{folder}' is already in use{Name(owner)}. Wait until that process ends, or use another folder.", e);
        }

        try
        {
            using Process process = Process.GetCurrentProcess();
            File.WriteAllText(owner, string.Create(CultureInfo.InvariantCulture, $"process {process.Id} ({process.ProcessName}) on {Environment.MachineName}"));
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether other processes of this machine are kept out: not on a file system without locks, nor if .NET was told to use none
    /// (DOTNET_SYSTEM_IO_DISABLEFILELOCKING). Some network file systems have locks that other machines do not see, which this cannot tell.
    /// </summary>
    public bool KeepsOthersOut()
    {
        try
        {
            // Where there are no locks, .NET opens the file again without an error.
            Open(_lock.Name).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Locks a folder, and waits while another process has it.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="user">What uses the folder, for the error message.</param>
    /// <param name="limit">The longest time to wait.</param>
    /// <exception cref="IOException">The folder was locked all the time; the message names the process that locked it.</exception>
    public static FolderLock Wait(string folder, string user, TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FolderLock(folder, user);
            }
            catch (IOException) when (watch.Elapsed < limit)
            {
                Thread.Sleep(Pause);
            }
        }
    }

    /// <summary>Locks an existing folder; null if another process has it.</summary>
    public static FolderLock? Try(string folder, string user)
    {
        try
        {
            return new FolderLock(folder, user);
        }
        catch (IOException e) when (e.InnerException is IOException)
        {
            return null;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Open(string file) => new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static string Name(string owner)
    {
        try
        {
            return $" by {File.ReadAllText(owner)}";
        }
        catch (IOException)
        {
            return "";
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Locks a folder against other processes and other users in this one. The operating system releases the lock when the process ends, even if it is killed, so a
/// stale lock file blocks nobody.
/// </summary>
internal sealed class FolderLock : IDisposable
{
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
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"The {user} in '{folder}' is already in use{Name(owner)}. Wait until that process ends, or use another folder.", e);
        }

        using Process process = Process.GetCurrentProcess();
        File.WriteAllText(owner, string.Create(CultureInfo.InvariantCulture, $"process {process.Id} ({process.ProcessName}) on {Environment.MachineName}"));
    }

    public void Dispose() => _lock.Dispose();

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

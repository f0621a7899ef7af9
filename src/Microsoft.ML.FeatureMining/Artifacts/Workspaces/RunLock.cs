using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

/// <summary>
/// Keeps a folder for one run at a time. The operating system lets go of the lock when the process ends, however it ends, so a stale one stands in nobody's way.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _lock;

    /// <exception cref="IOException">Another run has the folder; the message names its process.</exception>
    public RunLock(string folder)
    {
        // The owner's name has a file of its own: what is locked cannot be read everywhere.
        string owner = Path.Combine(folder, "owner");
        try
        {
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"The run in '{folder}' is under way already{Name(owner)}.", e);
        }

        using Process process = Process.GetCurrentProcess();
        File.WriteAllText(owner, string.Create(CultureInfo.InvariantCulture, $"process {process.Id} ({process.ProcessName}) on {Environment.MachineName}"));
    }

    public void Dispose() => _lock.Dispose();

    private static string Name(string owner)
    {
        try
        {
            return $", in {File.ReadAllText(owner)}";
        }
        catch (IOException)
        {
            return "";
        }
    }
}

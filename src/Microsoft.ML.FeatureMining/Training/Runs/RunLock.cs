using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Training.Runs;

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

/// <summary>
/// Holds the end of a process that is told to terminate (SIGTERM, SIGINT) until a checkpoint is written, for some seconds at most. What happens then is left to
/// the program, and to the system where the program has no opinion.
/// </summary>
internal sealed class TerminationSignal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly PosixSignalRegistration[] _registrations;
    private readonly ManualResetEventSlim _answered = new(initialState: true);
    private volatile bool _disposed;

    public TerminationSignal() => _registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Wait), PosixSignalRegistration.Create(PosixSignal.SIGINT, Wait)];

    /// <summary>Whether a signal has come and waits for the checkpoint.</summary>
    public bool IsWaiting => !_answered.IsSet;

    /// <summary>The checkpoint is written, or cannot be.</summary>
    public void Answer() => _answered.Set();

    public void Dispose()
    {
        _disposed = true;
        _answered.Set();
        Array.ForEach(_registrations, registration => registration.Dispose());
    }

    private void Wait(PosixSignalContext context)
    {
        if (!_disposed)
        {
            _answered.Reset();
            _answered.Wait(Patience);
        }
    }
}

using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

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

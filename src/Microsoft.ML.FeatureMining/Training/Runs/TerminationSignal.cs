using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>
/// Delays SIGTERM, SIGINT and SIGHUP until a checkpoint is written, for 20 seconds at most. Then the program's own handlers run, or the process ends.
/// </summary>
internal sealed class TerminationSignal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly PosixSignalRegistration[] _registrations;
    private readonly ManualResetEventSlim _answered = new(initialState: true);
    private volatile bool _disposed;

    public TerminationSignal() =>
        _registrations = [
            .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Wait)),
        ];

    /// <summary>Whether a signal waits for the checkpoint.</summary>
    public bool IsWaiting => !_answered.IsSet;

    /// <summary>Ends the wait: the checkpoint is written, or cannot be.</summary>
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

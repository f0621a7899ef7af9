namespace Samples;

/// <summary>Turns the first Ctrl-C into a cancellation; a second one ends the process at once.</summary>
internal static class CtrlC
{
    public static CancellationTokenSource Source()
    {
        CancellationTokenSource source = new();
        Console.CancelKeyPress += (_, pressed) =>
        {
            if (!source.IsCancellationRequested)
            {
                pressed.Cancel = true;
                source.Cancel();
                Console.Error.WriteLine("Stopping after this step; press again to end at once.");
            }
        };
        return source;
    }
}

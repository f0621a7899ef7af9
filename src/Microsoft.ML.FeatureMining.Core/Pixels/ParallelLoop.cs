using System.Runtime.ExceptionServices;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary><see cref="Parallel.For(int, int, Action{int})"/> that rethrows the first exception unwrapped.</summary>
internal static class ParallelLoop
{
    /// <param name="count">Calls with 0 to <paramref name="count"/> - 1, on all cores.</param>
    /// <param name="action">The body of the loop.</param>
    public static void For(int count, Action<int> action) => Unwrap(() => Parallel.For(0, count, action));

    /// <param name="count">Calls with 0 to <paramref name="count"/> - 1, on all cores.</param>
    /// <param name="start">Creates the state of a thread.</param>
    /// <param name="action">The body of the loop: index and state to the new state.</param>
    /// <param name="end">Receives the last state of each thread.</param>
    public static void For<T>(int count, Func<T> start, Func<int, T, T> action, Action<T> end) =>
        Unwrap(() => Parallel.For(0, count, start, (i, _, state) => action(i, state), end));

    private static void Unwrap(Action loop)
    {
        try
        {
            loop();
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

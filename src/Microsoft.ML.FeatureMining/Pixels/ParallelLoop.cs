using System.Runtime.ExceptionServices;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary><see cref="Parallel.For(int, int, Action{int})"/> that rethrows the first exception unwrapped.</summary>
internal static class ParallelLoop
{
    /// <param name="count">Calls with 0 to <paramref name="count"/> - 1, on all cores.</param>
    /// <param name="action">The body of the loop.</param>
    public static void For(int count, Action<int> action)
    {
        try
        {
            Parallel.For(0, count, action);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

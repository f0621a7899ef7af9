using System.Runtime.ExceptionServices;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Parallel.For whose exceptions are those that were thrown.</summary>
internal static class ParallelLoop
{
    public static void For(int count, Action<int> act)
    {
        try
        {
            Parallel.For(0, count, act);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

using System.Diagnostics;
using Microsoft.ML.FeatureMining.Native;

namespace Benchmarks;

/// <summary>Loads all batches of a turn and returns the mean time per batch. Nothing is loaded between turns.</summary>
internal abstract class LoaderTurn : Contestant
{
    protected LoaderTurn(string name)
        : base(name)
    {
        // As a Fit does.
        NativeHeap.KeepFreed();
    }

    public override void Dispose() { }

    protected abstract void Load(int batches);

    protected override double[] Run(int steps)
    {
        long began = Stopwatch.GetTimestamp();
        Load(steps);
        return [Stopwatch.GetElapsedTime(began).TotalSeconds / steps];
    }
}

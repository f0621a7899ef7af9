using System.Diagnostics;

namespace Benchmarks;

/// <summary>A participant of an interleaved benchmark: runs a number of steps and returns the duration of each.</summary>
internal abstract class Contestant(string name) : IDisposable
{
    public string Name { get; } = name;

    public List<double> Seconds { get; } = [];

    public void TakeTurn(int steps, bool counts)
    {
        double[] seconds = Measure(steps);
        if (counts)
        {
            Seconds.AddRange(seconds);
        }
    }

    public double[] Measure(int steps) => Run(steps);

    public abstract void Dispose();

    /// <summary>The seconds of each of some steps.</summary>
    protected static double[] TimeEach(int steps, Action step) =>
        [
            .. Enumerable
                .Range(0, steps)
                .Select(_ =>
                {
                    long began = Stopwatch.GetTimestamp();
                    step();
                    return Stopwatch.GetElapsedTime(began).TotalSeconds;
                }),
        ];

    protected abstract double[] Run(int steps);
}

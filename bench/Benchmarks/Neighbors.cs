using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>
/// A training step beside busy processes, with OpenMP threads that sleep while they wait, as this library sets them, and with those that spin, libgomp's default.
/// </summary>
internal static class Neighbors
{
    private static readonly Dictionary<string, string> Sleeping = [];

    // libgomp's own default; a user's setting is kept by the library.
    private static readonly Dictionary<string, string> Spinning = new() { ["GOMP_SPINCOUNT"] = "300000" };

    private static readonly Dictionary<string, string> None = [];

    public static void Run(string network, int side, int batch, int threads, int rounds, int steps)
    {
        Console.WriteLine($"{network}, {side} pixels, batch {batch}, {threads} threads: seconds per step, n = {rounds * steps} each");
        Console.WriteLine($"{"busy processes", -20}{"sleeping", 10}{"spinning", 10}{"ratio", 8}");
        for (int busy = 0; busy <= 2; busy++)
        {
            Process[] neighbors = [.. Enumerable.Range(0, busy).Select(_ => Child.Start(None, "spin"))];
            List<double> sleeping = [],
                spinning = [];
            for (int round = 0; round < rounds; round++)
            {
                sleeping.AddRange(Measure(Sleeping));
                spinning.AddRange(Measure(Spinning));
            }

            foreach (Process neighbor in neighbors)
            {
                neighbor.Kill();
                neighbor.Dispose();
            }

            (double ours, double theirs) = (Report.Quantile(sleeping, 0.5), Report.Quantile(spinning, 0.5));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{busy, -20}{ours, 10:f4}{theirs, 10:f4}{ours / theirs, 8:f2}"));
        }

        IEnumerable<double> Measure(Dictionary<string, string> environment) =>
            Child
                .Run(environment, "steps", "--network", network, "--side", $"{side}", "--batch", $"{batch}", "--threads", $"{threads}", "--steps", $"{steps}")
                .Split(' ')
                .Select(text => double.Parse(text, CultureInfo.InvariantCulture));
    }

    /// <summary>Uses one core until the process is killed.</summary>
    public static void Spin()
    {
        while (Environment.TickCount64 > 0)
        {
            Thread.SpinWait(1_000_000);
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>
/// A training step beside busy processes, with OpenMP threads that spin shortly while they wait and then sleep, as this library sets them; that sleep at once;
/// and that spin, libgomp's default.
/// </summary>
internal static class Neighbors
{
    // A user's settings are kept by the library. 300,000 is libgomp's default.
    private static readonly (string Name, Dictionary<string, string> Environment)[] Policies =
    [
        ("ours", []),
        ("sleeping", new() { ["OMP_WAIT_POLICY"] = "PASSIVE" }),
        ("spinning", new() { ["GOMP_SPINCOUNT"] = "300000" }),
    ];

    public static void Run(string network, int side, int batch, int threads, int rounds, int steps)
    {
        Console.WriteLine($"{network}, {side} pixels, batch {batch}, {threads} threads: median seconds per step, n = {rounds * steps} each");
        Console.WriteLine($"{"busy processes", -20}{string.Concat(Policies.Select(policy => $"{policy.Name, 10}"))}");
        for (int busy = 0; busy <= 2; busy++)
        {
            Process[] neighbors = [.. Enumerable.Range(0, busy).Select(_ => Child.Start("spin"))];
            List<double>[] seconds = [.. Policies.Select(_ => new List<double>())];
            for (int round = 0; round < rounds; round++)
            {
                foreach ((int index, (_, Dictionary<string, string> environment)) in Policies.Index())
                {
                    seconds[index].AddRange(Measure(environment));
                }
            }

            foreach (Process neighbor in neighbors)
            {
                neighbor.Kill();
                neighbor.Dispose();
            }

            IEnumerable<string> medians = seconds.Select(values => string.Create(CultureInfo.InvariantCulture, $"{Report.Quantile(values, 0.5), 10:f4}"));
            Console.WriteLine($"{busy, -20}{string.Concat(medians)}");
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

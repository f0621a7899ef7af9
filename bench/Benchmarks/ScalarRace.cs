using System.Globalization;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Counts how often a TorchSharp operation with a number fails during garbage collections: the Scalar may be finalized, and its memory freed, before libtorch
/// reads the number. Compares with the same operations of <see cref="TensorMath"/>. Run it also with GLIBC_TUNABLES=glibc.malloc.tcache_count=0 and
/// MALLOC_ARENA_MAX=1, so that other threads reuse freed memory sooner.
/// </summary>
internal static class ScalarRace
{
    private static readonly (string Name, float Expected, Func<Tensor, Tensor, Tensor> TorchSharps, Func<Tensor, Tensor, Tensor> Ours)[] Operations =
    [
        ("x.add_(y)", 1, (x, y) => x.add_(y), (x, y) => x.Add_(y)),
        ("y * 0.5", 0.5f, (_, y) => y * 0.5, (_, y) => y.Mul(0.5)),
        ("x.add_(y, alpha: -0.1)", -0.1f, (x, y) => x.add_(y, alpha: -0.1), (x, y) => x.Add_(y, -0.1)),
    ];

    public static void Run(double seconds)
    {
        set_num_threads(1);
        using CancellationTokenSource stop = new();
        Thread[] disturbers = [.. Enumerable.Range(0, 6).Select(i => new Thread(() => Disturb(collects: i < 2, stop.Token)) { IsBackground = true })];
        Array.ForEach(disturbers, thread => thread.Start());
        foreach ((string name, float expected, Func<Tensor, Tensor, Tensor> torchSharps, Func<Tensor, Tensor, Tensor> ours) in Operations)
        {
            Measure($"TorchSharp  {name}", expected, torchSharps, seconds);
            Measure($"TensorMath  {name}", expected, ours, seconds);
        }

        stop.Cancel();
        Array.ForEach(disturbers, thread => thread.Join());
    }

    // Creates garbage, and numbers that reuse freed memory.
    private static void Disturb(bool collects, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < (collects ? 2 : 50); i++)
            {
                using Scalar number = (7.0 + i).ToScalar();
                GC.KeepAlive(new byte[200]);
            }

            if (collects)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        }
    }

    private static void Measure(string name, float expected, Func<Tensor, Tensor, Tensor> operation, double seconds)
    {
        long operations = 0,
            wrong = 0,
            errors = 0;
        DateTime end = DateTime.UtcNow.AddSeconds(seconds);
        Thread[] workers =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ => new Thread(() =>
                {
                    using Tensor y = ones(4);
                    while (DateTime.UtcNow < end)
                    {
                        using DisposeScope scope = NewDisposeScope();
                        for (int i = 0; i < 100; i++)
                        {
                            try
                            {
                                Interlocked.Add(ref wrong, operation(zeros(4), y).data<float>()[0] == expected ? 0 : 1);
                            }
                            catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or InvalidOperationException)
                            {
                                Interlocked.Increment(ref errors);
                            }
                        }

                        Interlocked.Add(ref operations, 100);
                    }
                })),
        ];
        Array.ForEach(workers, thread => thread.Start());
        Array.ForEach(workers, thread => thread.Join());
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name, -36}{operations, 12} operations{wrong, 6} wrong{errors, 6} errors{(wrong + errors) * 1e6 / operations, 8:f2} per million"
            )
        );
    }
}

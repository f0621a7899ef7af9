using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Fuzz.Targets;
using SharpFuzz;

namespace Fuzz;

/// <summary>Fuzzing: <c>Fuzz TARGET</c> under afl-fuzz (run.sh), <c>Fuzz seeds TARGET FOLDER</c>, <c>Fuzz replay TARGET FOLDER</c>.</summary>
internal static class Program
{
    private const int CoverageBytes = 1 << 16;

    public static IReadOnlyList<FuzzTarget> Targets { get; } =
    [
        new ImageTarget(),
        new SafetensorsTarget(),
        new PyTorchTarget(),
        new OnnxTarget(),
        new ManifestTarget(),
        new DetectorManifestTarget(),
        new ModelZipTarget(),
        new CheckpointTarget(),
        new ListTarget(),
        new VocTarget(),
        new NewickTarget(),
        new TarTarget(),
        new ShardTarget(),
    ];

    public static unsafe int Main(string[] arguments)
    {
        // Instrumented code writes there, also before afl-fuzz gives its own.
        SharpFuzz.Common.Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(CoverageBytes);
        switch (arguments)
        {
            case ["list"]:
                Console.WriteLine(string.Join('\n', Targets.Select(target => target.Name)));
                return 0;
            case ["seeds", string name, string folder]:
                WriteSeeds(Find(name), folder);
                return 0;
            case ["replay", string name, string folder]:
                return Replay(Find(name), folder);
            case [string name]:
                Fuzz(Find(name));
                return 0;
            default:
                Console.Error.WriteLine("usage: Fuzz list | Fuzz seeds TARGET FOLDER | Fuzz replay TARGET FOLDER | Fuzz TARGET (under afl-fuzz)");
                return 2;
        }
    }

    private static FuzzTarget Find(string name) =>
        Targets.FirstOrDefault(target => target.Name == name) ?? throw new ArgumentException($"There is no target '{name}'.");

    private static void Fuzz(FuzzTarget target)
    {
        // What is loaded once must not look like new coverage.
        foreach (byte[] seed in target.Seeds())
        {
            target.Run(seed);
        }

        Fuzzer.Run(stream =>
        {
            using MemoryStream input = new();
            stream.CopyTo(input);
            target.Run(input.ToArray());
        });
    }

    private static void WriteSeeds(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(folder);
        int number = 0;
        foreach (byte[] seed in target.Seeds())
        {
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{number++:d2}")), seed);
        }
    }

    private static int Replay(FuzzTarget target, string folder)
    {
        int faults = 0;
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            long began = Stopwatch.GetTimestamp();
            string? fault = null;
            try
            {
                target.Run(File.ReadAllBytes(file));
            }
            catch (Exception e)
            {
                fault = e.ToString();
            }

            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (fault is not null || seconds > 2)
            {
                faults++;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {seconds:f2} s {fault}"));
            }
        }

        Console.WriteLine($"{target.Name}: {faults} faults");
        return faults == 0 ? 0 : 1;
    }
}

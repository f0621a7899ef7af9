using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>The peak working set of a process of its own, in MiB.</summary>
internal static class PeakMemory
{
    /// <summary>Runs a command line of this program that ends with <see cref="Print"/>.</summary>
    public static double Of(params string[] arguments) => double.Parse(Child.Run(arguments), CultureInfo.InvariantCulture);

    /// <summary>Prints that of this process.</summary>
    public static void Print() => Console.WriteLine(Mebibytes);

    public static long Mebibytes
    {
        get
        {
            using Process process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64 >> 20;
        }
    }
}

/// <summary>The peak working set of scoring.</summary>
internal static class ScoringMemory
{
    private const int Steps = 5;

    /// <param name="contestant">The name of a contestant of <c>onnx</c>.</param>
    /// <param name="network">The key of the backbone.</param>
    /// <param name="side">The image size in pixels.</param>
    /// <param name="batch">The batch size.</param>
    /// <param name="threads">Threads within an operation.</param>
    public static double Of(string contestant, string network, int side, int batch, int threads)
    {
        if (contestant.StartsWith(PythonPeer.DefaultName, StringComparison.Ordinal))
        {
            using PythonPeer peer = PythonPeer.Network("score-bytes", network, side, batch, threads, "cpu", "channels_last");
            peer.TakeTurn(Steps, counts: false);
            return peer.PeakMebibytes();
        }

        string model = Path.GetTempFileName();
        try
        {
            // Exported here, so that the process has no libtorch.
            OnnxStep.Export(network, side, model);
            return PeakMemory.Of([
                "scoring-memory",
                "--one",
                contestant,
                "--model",
                model,
                "--network",
                network,
                "--side",
                $"{side}",
                "--batch",
                $"{batch}",
                "--threads",
                $"{threads}",
            ]);
        }
        finally
        {
            File.Delete(model);
        }
    }

    /// <summary>Runs some steps in this process.</summary>
    public static void Print(Contestant contestant)
    {
        using (contestant)
        {
            contestant.TakeTurn(Steps, counts: false);
            PeakMemory.Print();
        }
    }
}

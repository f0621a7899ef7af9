using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>The same work in PyTorch, in a separate process that waits for its turns.</summary>
internal sealed class PythonPeer : Contestant
{
    private readonly Process _process;

    public const string DefaultName = "PyTorch";

    public PythonPeer(string script, params object[] arguments)
        : this(DefaultName, script, arguments) { }

    private PythonPeer(string name, string script, object[] arguments)
        : base(name)
    {
        string[] all =
        [
            Path.Combine(AppContext.BaseDirectory, script),
            .. arguments.Select(argument => Convert.ToString(argument, CultureInfo.InvariantCulture)!),
        ];
        _process = Process.Start(
            new ProcessStartInfo(Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3", all)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        Version = ReadLine();
    }

    /// <summary>Scores bytes in the memory format channels_last: normalization, network, softmax.</summary>
    public static PythonPeer Scoring(string network, int side, int batch, int threads) =>
        Network("score-bytes", network, side, batch, threads, "cpu", "channels_last");

    public string Version { get; }

    /// <summary>A network in PyTorch: <c>train</c> or <c>score</c>; variant <c>default</c>, <c>channels_last</c> or <c>bfloat16</c>.</summary>
    public static PythonPeer Network(string mode, string network, int side, int batch, int threads, string device, string variant = "default") =>
        new(variant == "default" ? DefaultName : $"{DefaultName} {variant}", "peer.py", [mode, network, side, batch, threads, device, variant]);

    /// <summary>The peak working set of the process so far, in MiB.</summary>
    public double PeakMebibytes()
    {
        _process.StandardInput.WriteLine("memory");
        _process.StandardInput.Flush();
        return double.Parse(ReadLine(), CultureInfo.InvariantCulture);
    }

    public override void Dispose()
    {
        _process.StandardInput.WriteLine("quit");
        _process.WaitForExit();
        _process.Dispose();
    }

    protected override double[] Run(int steps)
    {
        _process.StandardInput.WriteLine($"go {steps}");
        _process.StandardInput.Flush();
        return [.. ReadLine().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
    }

    private string ReadLine() =>
        _process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException("The PyTorch process has exited. Install torch and torchvision for python3 (Debian: python3-torchvision).");
}

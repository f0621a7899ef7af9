using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Benchmarks;

/// <summary>
/// A contestant in a process of its own, which waits for its turns: it reads "go N", runs N steps and prints the seconds of each; for "memory" it prints its peak
/// working set in MiB; for "signal" it sends itself SIGUSR1, for gpu/calls.c; "quit" ends it. First it prints its version.
/// </summary>
internal class ProcessContestant : Contestant
{
    private const int UserSignal = 10;

    private readonly Process _process;

    protected ProcessContestant(string name, ProcessStartInfo start)
        : base(name)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        Version = ReadLine();
    }

    public string Version { get; }

    /// <summary>A contestant of this program: libgomp keeps threads for each thread that uses libtorch, and lets them sleep if there are more than cores.</summary>
    public static ProcessContestant Ours(string name, params string[] arguments) => new(name, Child.StartInfo(["serve", .. arguments]));

    /// <summary>The other side: serves a contestant on the standard streams of this process.</summary>
    public static void Serve(Contestant contestant)
    {
        Console.WriteLine(contestant.Name);
        while (Console.ReadLine() is { } line and not "quit")
        {
            if (line == "signal")
            {
                _ = kill(Environment.ProcessId, UserSignal);
                continue;
            }

            Console.WriteLine(
                line == "memory"
                    ? PeakMemory.Mebibytes.ToString(CultureInfo.InvariantCulture)
                    : string.Join(
                        ' ',
                        contestant
                            .Measure(int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))
                            .Select(seconds => seconds.ToString("f6", CultureInfo.InvariantCulture))
                    )
            );
        }
    }

    /// <summary>The peak working set of the process so far, in MiB.</summary>
    public double PeakMebibytes()
    {
        Write("memory");
        return double.Parse(ReadLine(), CultureInfo.InvariantCulture);
    }

    public override void Dispose()
    {
        Write("quit");
        _process.WaitForExit();
        _process.Dispose();
    }

    protected override double[] Run(int steps)
    {
        Write($"go {steps}");
        return [.. ReadLine().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);

    private void Write(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    private string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The process of '{Name}' has exited.");
}

/// <summary>The same work in PyTorch.</summary>
internal sealed class PythonPeer : ProcessContestant
{
    public const string DefaultName = "PyTorch";

    public PythonPeer(string script, params object[] arguments)
        : this(DefaultName, script, arguments) { }

    private PythonPeer(string name, string script, object[] arguments)
        : base(
            name,
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3",
                [Path.Combine(AppContext.BaseDirectory, script), .. arguments.Select(argument => Convert.ToString(argument, CultureInfo.InvariantCulture)!)]
            )
        ) { }

    /// <summary>A network: mode <c>train</c>, <c>score</c> or <c>score-bytes</c>; variant <c>default</c>, <c>channels_last</c> or <c>bfloat16</c>.</summary>
    public static PythonPeer Network(string mode, string network, int side, int batch, int threads, string device, string variant) =>
        new(variant == "default" ? DefaultName : $"{DefaultName} {variant}", "peer.py", [mode, network, side, batch, threads, device, variant]);
}

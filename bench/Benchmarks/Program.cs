using System.CommandLine;
using System.Diagnostics;
using Benchmarks;
using TorchSharp;
using static TorchSharp.torch;

Option<string[]> networks = new("--network") { Description = "Keys of backbones.", DefaultValueFactory = _ => ["cifar-resnet-20", "cifar-resnet-56"], AllowMultipleArgumentsPerToken = true };
Option<int> side = new("--side") { Description = "Pixels a side of an image.", DefaultValueFactory = _ => 32 };
Option<int> batch = new("--batch") { Description = "Images a step.", DefaultValueFactory = _ => 128 };
Option<int> threads = new("--threads") { Description = "Threads within an operation, ours and PyTorch's.", DefaultValueFactory = _ => 2 };
Option<int> rounds = new("--rounds") { Description = "Turns that each contestant takes; the first is not counted.", DefaultValueFactory = _ => 12 };
Option<int> steps = new("--steps") { Description = "Steps a turn.", DefaultValueFactory = _ => 5 };

Option<string> device = new("--device") { Description = "cpu or cuda. On a GPU steps are queued, and a turn is timed as a whole.", DefaultValueFactory = _ => "cpu" };
device.AcceptOnlyFromAmong("cpu", "cuda");

Command train = new("train", "A training step beside PyTorch's and a plain TorchSharp loop's.") { networks, side, batch, threads, rounds, steps, device };
train.SetAction(parsed => Run(parsed, network =>
[
    new PythonPeer("peer.py", "train", network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(device)!),
    new TorchSharpLoop(network, parsed.GetValue(side), parsed.GetValue(batch), torch.device(parsed.GetValue(device)!)),
    new TrainingStep("ours", network, parsed.GetValue(side), parsed.GetValue(batch), torch.device(parsed.GetValue(device)!)),
]));
Command score = new("score", "Scoring beside PyTorch's eval loop.") { networks, side, batch, threads, rounds, steps };
score.SetAction(parsed => Run(parsed, network =>
[
    new PythonPeer("peer.py", "score", network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads), "cpu"),
    new ScoringStep("ours", network, parsed.GetValue(side), parsed.GetValue(batch)),
]));
Option<string[]> strategies = new("--strategy") { Description = "Keys of strategies.", DefaultValueFactory = _ => StrategyCosts.Keys, AllowMultipleArgumentsPerToken = true };
Command cost = new("cost", "What each strategy adds to a plain training step: time, taking turns, and the largest working set of a process of its own.") { networks, strategies, side, batch, threads, rounds, steps };
cost.SetAction(parsed => Run(parsed, network =>
    [.. parsed.GetValue(strategies)!.Prepend(StrategyCosts.Plain).Select(key => new TrainingStep(key, network, parsed.GetValue(side), parsed.GetValue(batch), CPU, StrategyCosts.Make(key)))],
    (network, key) => StrategyCosts.MeasureMemory(key, network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads))));
Option<string> one = new("--one") { Description = "The strategy.", DefaultValueFactory = _ => StrategyCosts.Plain };
Command memory = new("memory", "Takes some steps with one strategy and tells the largest working set, in MiB.") { networks, one, side, batch, threads };
memory.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    using TrainingStep step = new(parsed.GetValue(one)!, parsed.GetValue(networks)![0], parsed.GetValue(side), parsed.GetValue(batch), CPU, StrategyCosts.Make(parsed.GetValue(one)!));
    step.TakeTurn(5, counts: false);
    Console.WriteLine(Process.GetCurrentProcess().PeakWorkingSet64 >> 20);
});
Option<DirectoryInfo?> images = new("--images") { Description = "A folder of JPEGs a class; without it, CIFAR batches from memory." };
Command load = new("load", "Loading and augmenting batches beside torchvision, Pillow and a DataLoader; threads are its workers.") { images, batch, threads, rounds, steps };
load.SetAction(parsed =>
{
    (int size, int workers, string? folder) = (parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(images)?.FullName);
    string what = folder is null ? "CIFAR batches: crop, flip, normalize" : "JPEG files: decode, random resized crop 224, flip, normalize";
    set_num_threads(workers);
    TakeTurns(parsed, $"{what}, batch {size}, {workers} threads", folder is null
        ? [new PythonPeer("loader_peer.py", "cifar", size, workers), new CifarBatches(size)]
        : [new PythonPeer("loader_peer.py", "jpeg", size, workers, folder), new JpegBatches(size, workers, folder), new CachedBatches(size, folder)]);
});
Option<FileInfo> trace = new("--trace") { Description = "Where the trace goes.", DefaultValueFactory = _ => new FileInfo("overlap.json") };
Command overlap = new("overlap", "How decoding of the next batches and the training step lie beside each other: a trace for chrome://tracing or ui.perfetto.dev, and what steps waited.") { images, networks, side, batch, threads, trace };
overlap.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    OverlapTrace.Run(parsed.GetValue(images)!.FullName, parsed.GetValue(networks)![0], parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(trace)!.FullName);
});
Command waits = new("waits", "How long a device waits for batches that are decoded from files, be it faster than the loader or slower.") { images, side, batch, threads };
waits.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    DeviceWaits.Run(parsed.GetValue(images)!.FullName, parsed.GetValue(side), parsed.GetValue(batch));
});
Option<double> seconds = new("--seconds") { Description = "For each operation.", DefaultValueFactory = _ => 30 };
Command numbers = new("numbers", "How often operations with a number go wrong while garbage is collected: TorchSharp's own, and this library's.") { seconds };
numbers.SetAction(parsed => NumberRace.Run(parsed.GetValue(seconds)));
return new RootCommand("Measures the engine beside PyTorch, interleaved in one run: ratios of medians, not seconds, are what counts.") { train, score, cost, memory, load, overlap, waits, numbers }.Parse(args).Invoke();

void Run(ParseResult parsed, Func<string, Contestant[]> contestants, Func<string, string, double>? memoryOf = null)
{
    set_num_threads(parsed.GetValue(threads));
    foreach (string network in parsed.GetValue(networks)!)
    {
        TakeTurns(parsed, $"{network}, {parsed.GetValue(side)} pixels, batch {parsed.GetValue(batch)}, {parsed.GetValue(threads)} threads", contestants(network), key => memoryOf?.Invoke(network, key));
    }
}

void TakeTurns(ParseResult parsed, string title, Contestant[] field, Func<string, double?>? memoryOf = null)
{
    for (int round = 0; round <= parsed.GetValue(rounds); round++)
    {
        foreach (Contestant contestant in field)
        {
            contestant.TakeTurn(parsed.GetValue(steps), counts: round > 0);
        }
    }

    string[] names = [.. field.Select(contestant => contestant.Name)];
    Report.Write(field[0] is PythonPeer peer ? $"{title}, PyTorch {peer.Version}" : title, field);
    foreach (Contestant contestant in field)
    {
        contestant.Dispose();
    }

    Report.WriteMemory(names, memoryOf);
}

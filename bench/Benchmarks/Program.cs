using System.CommandLine;
using Benchmarks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

Option<string[]> networks = new("--network")
{
    Description = "The keys of the backbones.",
    DefaultValueFactory = _ => ["cifar-resnet-20", "cifar-resnet-56"],
    AllowMultipleArgumentsPerToken = true,
};
Option<int> side = new("--side") { Description = "The image size in pixels.", DefaultValueFactory = _ => 32 };
Option<int> batch = new("--batch") { Description = "The batch size.", DefaultValueFactory = _ => 128 };
Option<int> threads = new("--threads")
{
    Description = "The number of threads within an operation, for this library and for PyTorch.",
    DefaultValueFactory = _ => 2,
};
Option<int> rounds = new("--rounds") { Description = "The number of turns of each contestant; the first is a warm-up.", DefaultValueFactory = _ => 12 };
Option<int> steps = new("--steps") { Description = "The number of steps per turn.", DefaultValueFactory = _ => 5 };

Option<string> device = new("--device")
{
    Description = "cpu or cuda. On a GPU, steps are asynchronous, so a turn is timed as a whole.",
    DefaultValueFactory = _ => "cpu",
};
device.AcceptOnlyFromAmong("cpu", "cuda");

Option<bool> bfloat16 = new("--bfloat16") { Description = "Also compares mixed precision: PyTorch's autocast, and ours." };
Option<string[]> only = new("--only") { Description = "Only these contestants, compared with the first.", AllowMultipleArgumentsPerToken = true };
only.AcceptOnlyFromAmong("default", "channels_last", "loop", "ours", "bfloat16", "ours-bfloat16");

Command train = new("train", "Compares a training step with PyTorch and with a plain TorchSharp loop.")
{
    networks,
    side,
    batch,
    threads,
    rounds,
    steps,
    device,
    bfloat16,
    only,
};
train.SetAction(parsed =>
    Run(
        parsed,
        network =>
        {
            (string Key, Func<Contestant> Start)[] all =
            [
                ("default", () => Peer(parsed, "train", network, "default")),
                ("channels_last", () => Peer(parsed, "train", network, "channels_last")),
                ("loop", () => Ours(parsed, "TorchSharp loop", network, "--what", "loop")),
                ("ours", () => Ours(parsed, "ours", network)),
                ("bfloat16", () => Peer(parsed, "train", network, "bfloat16")),
                ("ours-bfloat16", () => Ours(parsed, "ours bfloat16", network, "--bfloat16")),
            ];
            string[] keys = parsed.GetValue(only) is { Length: > 0 } some
                ? some
                : [.. all.Select(entry => entry.Key).Where(key => parsed.GetValue(bfloat16) || !key.EndsWith("bfloat16", StringComparison.Ordinal))];
            return [.. keys.AsParallel().AsOrdered().WithDegreeOfParallelism(keys.Length).Select(key => all.Single(entry => entry.Key == key).Start())];
        }
    )
);
Command score = new("score", "Compares scoring with PyTorch.") { networks, side, batch, threads, rounds, steps, device };
score.SetAction(parsed =>
    Run(
        parsed,
        network =>
            [Peer(parsed, "score", network, "default"), Peer(parsed, "score", network, "channels_last"), Ours(parsed, "ours", network, "--what", "score")]
    )
);
Command onnx = new(
    "onnx",
    "Compares scoring with ONNX Runtime on the exported model, and with PyTorch: one image, and batches of 64; time, interleaved, and the peak working set of "
        + "a separate process."
)
{
    networks,
    side,
    threads,
    rounds,
    steps,
};
onnx.SetAction(parsed =>
{
    (int size, int count) = (parsed.GetValue(side), parsed.GetValue(threads));
    set_num_threads(count);
    foreach (string network in parsed.GetValue(networks)!)
    {
        foreach (int images in new[] { 1, 64 })
        {
            TakeTurns(
                parsed,
                $"{network}, {size} pixels, batch {images}, {count} threads",
                [
                    new ScoringStep("ours", network, size, images, CPU),
                    OnnxStep.Of(network, size, images, count),
                    PythonPeer.Network("score-bytes", network, size, images, count, "cpu", "channels_last"),
                ],
                contestant => ScoringMemory.Of(contestant, network, size, images, count)
            );
        }
    }
});
Command engine = new("engine", "Compares ML.NET's PredictionEngine on one JPEG in memory with the decoding and the network alone.")
{
    networks,
    side,
    threads,
    rounds,
    steps,
};
engine.SetAction(parsed =>
{
    (int size, int count) = (parsed.GetValue(side), parsed.GetValue(threads));
    set_num_threads(count);
    foreach (string network in parsed.GetValue(networks)!)
    {
        TakeTurns(parsed, $"{network}, {size} pixels, {count} threads", OneImage.Both(network, size));
    }
});
Option<string> contestant = new("--one") { Description = "ours, or ONNX Runtime.", Required = true };
Option<string> exported = new("--model") { Description = "The exported model.", Required = true };
Command scoringMemory = new("scoring-memory", "Runs some steps of scoring and prints the peak working set in MiB.")
{
    contestant,
    exported,
    networks,
    side,
    batch,
    threads,
};
scoringMemory.SetAction(parsed =>
{
    (int size, int count, int ofThreads) = (parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads));
    if (parsed.GetValue(contestant) == OnnxStep.DefaultName)
    {
        ScoringMemory.Print(new OnnxStep(parsed.GetValue(exported)!, size, count, ofThreads));
        return;
    }

    set_num_threads(ofThreads);
    ScoringMemory.Print(new ScoringStep("ours", parsed.GetValue(networks)![0], size, count, CPU));
});
Option<string[]> strategies = new("--strategy")
{
    Description = "The keys of the strategies.",
    DefaultValueFactory = _ => StrategyCosts.Keys,
    AllowMultipleArgumentsPerToken = true,
};
Command cost = new(
    "cost",
    "Measures the cost of each strategy relative to a plain training step: time, interleaved, and the peak working set of a separate process."
)
{
    networks,
    strategies,
    side,
    batch,
    threads,
    rounds,
    steps,
    device,
};
cost.SetAction(parsed =>
    Run(
        parsed,
        network => [.. parsed.GetValue(strategies)!.Prepend(StrategyCosts.Plain).Select(key => Ours(parsed, key, network, "--one", key))],
        parsed.GetValue(device) == "cpu"
            ? (network, key) => StrategyCosts.MeasureMemory(key, network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads))
            : null
    )
);
Option<string> one = new("--one") { Description = "The strategy.", DefaultValueFactory = _ => StrategyCosts.Plain };
Command memory = new("memory", "Runs some steps with one strategy and prints the peak working set in MiB.") { networks, one, side, batch, threads, bfloat16 };
memory.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    using TrainingStep step = new(
        parsed.GetValue(one)!,
        parsed.GetValue(networks)![0],
        parsed.GetValue(side),
        parsed.GetValue(batch),
        CPU,
        PrecisionOf(parsed),
        StrategyCosts.Make(parsed.GetValue(one)!)
    );
    step.TakeTurn(5, counts: false);
    PeakMemory.Print();
});
Option<DirectoryInfo?> images = new("--images") { Description = "A folder with one subfolder of JPEGs per class. Without it, CIFAR batches from memory." };
Command load = new("load", "Compares loading and augmenting of batches with torchvision, Pillow and a DataLoader; threads are its workers.")
{
    images,
    batch,
    threads,
    rounds,
    steps,
};
load.SetAction(parsed =>
{
    (int size, int workers, string? folder) = (parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(images)?.FullName);
    string what = folder is null ? "CIFAR batches: crop, flip, normalize" : "JPEG files: decode, random resized crop 224, flip, normalize";
    set_num_threads(workers);
    TakeTurns(
        parsed,
        $"{what}, batch {size}, {workers} threads",
        folder is null
            ? [new PythonPeer("loader_peer.py", "cifar", size, workers), new CifarBatches(size)]
            : [new PythonPeer("loader_peer.py", "jpeg", size, workers, folder), new JpegBatches(size, workers, folder), new CachedBatches(size, folder)]
    );
});
Option<FileInfo> trace = new("--trace") { Description = "The trace file to write.", DefaultValueFactory = _ => new FileInfo("overlap.json") };
Command overlap = new(
    "overlap",
    "Traces the overlap of decoding and training steps, for chrome://tracing or ui.perfetto.dev, and prints the time that steps wait for batches."
)
{
    images,
    networks,
    side,
    batch,
    threads,
    trace,
};
overlap.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    OverlapTrace.Run(
        parsed.GetValue(images)!.FullName,
        parsed.GetValue(networks)![0],
        parsed.GetValue(side),
        parsed.GetValue(batch),
        parsed.GetValue(trace)!.FullName
    );
});
Command waits = new("waits", "Measures how long a device waits for batches that are decoded from files, if it is faster or slower than the loader.")
{
    images,
    side,
    batch,
    threads,
};
waits.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    DeviceWaits.Run(parsed.GetValue(images)!.FullName, parsed.GetValue(side), parsed.GetValue(batch));
});
Option<string> what = new("--what") { Description = "step, loop (of TorchSharp) or score.", DefaultValueFactory = _ => "step" };
Command serve = new("serve", "A contestant that waits for its turns.") { what, one, networks, side, batch, threads, device, bfloat16 };
serve.SetAction(parsed =>
{
    using Contestant contestant = Here(parsed);
    ProcessContestant.Serve(contestant);
});
Command oursAlone = new("steps", "Prints the seconds of each of some steps of ours.") { what, one, networks, side, batch, threads, device, bfloat16, steps };
oursAlone.SetAction(parsed =>
{
    using Contestant contestant = Here(parsed);
    contestant.Measure(2);
    Console.Write(
        string.Join(' ', contestant.Measure(parsed.GetValue(steps)).Select(value => value.ToString("f6", System.Globalization.CultureInfo.InvariantCulture)))
    );
});
Option<int> count = new("--images") { Description = "The number of images.", DefaultValueFactory = _ => 50_000 };
Command epochs = new("epochs", "Prints the seconds of whole epochs of ours: loader, augmentation, steps and metrics.")
{
    networks,
    count,
    side,
    batch,
    threads,
    device,
    bfloat16,
};
epochs.SetAction(parsed =>
{
    set_num_threads(parsed.GetValue(threads));
    foreach (string network in parsed.GetValue(networks)!)
    {
        Epochs.Run(network, parsed.GetValue(count), parsed.GetValue(side), parsed.GetValue(batch), torch.device(parsed.GetValue(device)!), PrecisionOf(parsed));
    }
});
Command spin = new("spin", "Uses one core.");
spin.SetAction(_ => Neighbors.Spin());
Command neighbors = new("neighbors", "Measures a training step beside 0, 1 and 2 busy processes, with OpenMP threads that sleep or spin while they wait.")
{
    networks,
    side,
    batch,
    threads,
    rounds,
    steps,
};
neighbors.SetAction(parsed =>
{
    foreach (string network in parsed.GetValue(networks)!)
    {
        Neighbors.Run(network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(rounds), parsed.GetValue(steps));
    }
});
Option<string> axis = new("--axis") { Description = "images, classes, pixels or layers; all by default.", DefaultValueFactory = _ => "" };
Option<int?> value = new("--value") { Description = "Measures one point in this process." };
Command growth = new("growth", "Measures how time and memory grow with the number of images, classes, pixels and layers; prints CSV.") { axis, value, threads };
growth.SetAction(parsed =>
{
    if (parsed.GetValue(value) is { } point)
    {
        set_num_threads(parsed.GetValue(threads));
        Console.WriteLine(Growth.One(parsed.GetValue(axis)!, point));
    }
    else
    {
        Growth.Run(parsed.GetValue(axis)!, parsed.GetValue(threads));
    }
});
Option<double> seconds = new("--seconds") { Description = "The duration per operation.", DefaultValueFactory = _ => 30 };
Command numbers = new("numbers", "Counts how often operations with a Scalar fail during garbage collections, with TorchSharp and with this library.")
{
    seconds,
};
numbers.SetAction(parsed => ScalarRace.Run(parsed.GetValue(seconds)));
return new RootCommand("Compares the engine with PyTorch, interleaved in one run. Compare the ratios of medians, not the seconds.")
{
    train,
    score,
    onnx,
    engine,
    cost,
    memory,
    scoringMemory,
    load,
    overlap,
    waits,
    numbers,
    serve,
    oursAlone,
    epochs,
    spin,
    neighbors,
    growth,
}
    .Parse(args)
    .Invoke();

Precision PrecisionOf(ParseResult parsed) => parsed.GetValue(bfloat16) ? Precision.BFloat16 : Precision.Float32;

Contestant Here(ParseResult parsed)
{
    set_num_threads(parsed.GetValue(threads));
    (string network, int size, int images) = (parsed.GetValue(networks)![0], parsed.GetValue(side), parsed.GetValue(batch));
    Device where = torch.device(parsed.GetValue(device)!);
    return parsed.GetValue(what) switch
    {
        "loop" => new TorchSharpLoop(network, size, images, where),
        "score" => new ScoringStep("ours", network, size, images, where),
        _ => new TrainingStep("ours", network, size, images, where, PrecisionOf(parsed), StrategyCosts.Make(parsed.GetValue(one)!)),
    };
}

ProcessContestant Ours(ParseResult parsed, string name, string network, params string[] arguments) =>
    ProcessContestant.Ours(
        name,
        [
            "--network",
            network,
            "--side",
            $"{parsed.GetValue(side)}",
            "--batch",
            $"{parsed.GetValue(batch)}",
            "--threads",
            $"{parsed.GetValue(threads)}",
            "--device",
            parsed.GetValue(device) ?? "cpu",
            .. arguments,
        ]
    );

PythonPeer Peer(ParseResult parsed, string mode, string network, string variant) =>
    PythonPeer.Network(mode, network, parsed.GetValue(side), parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(device)!, variant);

void Run(ParseResult parsed, Func<string, Contestant[]> contestants, Func<string, string, double>? memoryOf = null)
{
    set_num_threads(parsed.GetValue(threads));
    foreach (string network in parsed.GetValue(networks)!)
    {
        TakeTurns(
            parsed,
            $"{network}, {parsed.GetValue(side)} pixels, batch {parsed.GetValue(batch)}, {parsed.GetValue(threads)} threads",
            contestants(network),
            key => memoryOf?.Invoke(network, key)
        );
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

using System.CommandLine;
using Benchmarks;
using Microsoft.ML.FeatureMining.Strategies;
using static TorchSharp.torch;

Option<int[]> depths = new("--depth") { Description = "CIFAR ResNet depths.", DefaultValueFactory = _ => [20, 56], AllowMultipleArgumentsPerToken = true };
Option<int> batch = new("--batch") { Description = "Images a step.", DefaultValueFactory = _ => 128 };
Option<int> threads = new("--threads") { Description = "Threads within an operation, ours and PyTorch's.", DefaultValueFactory = _ => 2 };
Option<int> rounds = new("--rounds") { Description = "Turns that each contestant takes; the first is not counted.", DefaultValueFactory = _ => 12 };
Option<int> steps = new("--steps") { Description = "Steps a turn.", DefaultValueFactory = _ => 5 };

Command train = new("train", "A training step beside PyTorch's, and the cost of Feature Mining.") { depths, batch, threads, rounds, steps };
train.SetAction(parsed => Run(parsed, depth =>
[
    new PythonPeer("peer.py", "train", depth, parsed.GetValue(batch), parsed.GetValue(threads)),
    new TrainingStep("ours", depth, parsed.GetValue(batch), []),
    new TrainingStep("ours + FM, 1 stage", depth, parsed.GetValue(batch), [new FeatureMining { Stages = 1 }]),
    new TrainingStep("ours + FM, 2 stages", depth, parsed.GetValue(batch), [new FeatureMining { Stages = 2 }]),
]));
Command score = new("score", "Scoring beside PyTorch's eval loop.") { depths, batch, threads, rounds, steps };
score.SetAction(parsed => Run(parsed, depth =>
[
    new PythonPeer("peer.py", "score", depth, parsed.GetValue(batch), parsed.GetValue(threads)),
    new ScoringStep("ours", depth, parsed.GetValue(batch)),
]));
Option<DirectoryInfo?> images = new("--images") { Description = "A folder of JPEGs a class; without it, CIFAR batches from memory." };
Command load = new("load", "Loading and augmenting batches beside torchvision, Pillow and a DataLoader; threads are its workers.") { images, batch, threads, rounds, steps };
load.SetAction(parsed =>
{
    (int size, int workers, string? folder) = (parsed.GetValue(batch), parsed.GetValue(threads), parsed.GetValue(images)?.FullName);
    string what = folder is null ? "CIFAR batches: crop, flip, normalize" : "JPEG files: decode, random resized crop 224, flip, normalize";
    set_num_threads(workers);
    TakeTurns(parsed, $"{what}, batch {size}, {workers} threads", folder is null
        ? [new PythonPeer("loader_peer.py", "cifar", size, workers), new CifarBatches(size)]
        : [new PythonPeer("loader_peer.py", "jpeg", size, workers, folder), new JpegBatches(size, workers, folder)]);
});
return new RootCommand("Measures the engine beside PyTorch, interleaved in one run: ratios of medians, not seconds, are what counts.") { train, score, load }.Parse(args).Invoke();

void Run(ParseResult parsed, Func<int, Contestant[]> contestants)
{
    set_num_threads(parsed.GetValue(threads));
    foreach (int depth in parsed.GetValue(depths)!)
    {
        TakeTurns(parsed, $"cifar-resnet-{depth}, batch {parsed.GetValue(batch)}, {parsed.GetValue(threads)} threads", contestants(depth));
    }
}

void TakeTurns(ParseResult parsed, string title, Contestant[] field)
{
    for (int round = 0; round <= parsed.GetValue(rounds); round++)
    {
        foreach (Contestant contestant in field)
        {
            contestant.TakeTurn(parsed.GetValue(steps), counts: round > 0);
        }
    }

    Report.Write($"{title}, PyTorch {((PythonPeer)field[0]).Version}", field);
    foreach (Contestant contestant in field)
    {
        contestant.Dispose();
    }
}

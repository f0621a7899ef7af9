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
    new PythonPeer("train", depth, parsed.GetValue(batch), parsed.GetValue(threads)),
    new TrainingStep("ours", depth, parsed.GetValue(batch), []),
    new TrainingStep("ours + FM, 1 stage", depth, parsed.GetValue(batch), [new FeatureMining { Stages = 1 }]),
    new TrainingStep("ours + FM, 2 stages", depth, parsed.GetValue(batch), [new FeatureMining { Stages = 2 }]),
]));
Command score = new("score", "Scoring beside PyTorch's eval loop.") { depths, batch, threads, rounds, steps };
score.SetAction(parsed => Run(parsed, depth =>
[
    new PythonPeer("score", depth, parsed.GetValue(batch), parsed.GetValue(threads)),
    new ScoringStep("ours", depth, parsed.GetValue(batch)),
]));
return new RootCommand("Measures the engine beside PyTorch, interleaved in one run: ratios of medians, not seconds, are what counts.") { train, score }.Parse(args).Invoke();

void Run(ParseResult parsed, Func<int, Contestant[]> contestants)
{
    set_num_threads(parsed.GetValue(threads));
    foreach (int depth in parsed.GetValue(depths)!)
    {
        Contestant[] field = contestants(depth);
        for (int round = 0; round <= parsed.GetValue(rounds); round++)
        {
            foreach (Contestant contestant in field)
            {
                contestant.TakeTurn(parsed.GetValue(steps), counts: round > 0);
            }
        }

        Report.Write(depth, parsed.GetValue(batch), parsed.GetValue(threads), ((PythonPeer)field[0]).Version, field);
        foreach (Contestant contestant in field)
        {
            contestant.Dispose();
        }
    }
}

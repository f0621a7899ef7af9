using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Runs a single training step of a network with a strategy, without the training loop, so that tests can inspect each part.</summary>
internal sealed class StrategyBench : IDisposable
{
    public static readonly ImageShape Input = new(3, 16, 16);

    private readonly DisposeScope _scope = NewDisposeScope();

    public StrategyBench(TrainingStrategy strategy, long seed = 7, string backbone = "cifar-resnet-8", int classes = 10)
    {
        Network = NetworkFactory.Create(backbone, Input.Channels, classes);
        Network.train();
        Context = new StrategyContext(strategy.Key, Shapes(), classes, CPU, new RandomStream(seed, strategy.Key));
        try
        {
            Run = strategy.Start(Context);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ImageNetwork Network { get; }

    public StrategyContext Context { get; }

    public StrategyRun Run { get; }

    public ClassificationLoss Criterion { get; init; } = new CrossEntropyLoss();

    /// <summary>The loss terms for a batch, the features of the kept stages, and the logits.</summary>
    public (LossLedger Ledger, Tensor?[] Features, Tensor Logits) Step(Tensor images, Tensor targets)
    {
        List<Tensor?> stages = [];
        Tensor features = Network.Backbone.Stem(images);
        for (int stage = 0; stage < Network.Backbone.StageChannels.Count; stage++)
        {
            features = Network.Backbone.Stage(stage, features);
            stages.Add(Context.KeptStages.Contains(stage) ? features : null);
        }

        Tensor pooled = ImageNetwork.Pool(features);
        Tensor logits = Network.Head.call(pooled);
        LossLedger ledger = new();
        ledger.Add("criterion", Criterion.Compute(logits, targets));
        Run.AddLosses(
            new ForwardPass(new Batch(images, targets), [.. stages], pooled, logits, Criterion, logitsOf: LogitsOf),
            ledger,
            new TrainingClock(0, 1, 0, 1)
        );
        return (ledger, [.. stages], logits);
    }

    private Tensor LogitsOf(Tensor images) => Network.Head.call(ImageNetwork.Pool(Network.Backbone.call(images)));

    public static Tensor Targets(IEnumerable<long> labels, int classes = 10) => nn.functional.one_hot(tensor(labels.ToArray()), classes).to(ScalarType.Float32);

    public void Dispose()
    {
        Network.Dispose();
        foreach ((_, nn.Module module) in Context.Modules)
        {
            module.Dispose();
        }

        _scope.Dispose();
    }

    private List<StageShape> Shapes() =>
        [.. Network.Backbone.StageChannels.Select((channels, i) => new StageShape(channels, Input.Height >> i, Input.Width >> i))];
}

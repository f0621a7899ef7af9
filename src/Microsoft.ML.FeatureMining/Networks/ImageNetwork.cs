using Microsoft.ML.FeatureMining.Networks.Heads;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Backbone and head: from normalized images [N,C,H,W] to logits [N,K]. A network with exits gives the mean of the head's logits and theirs.</summary>
internal sealed class ImageNetwork : nn.Module<Tensor, Tensor>
{
    private readonly Backbone backbone;
    private readonly HeadModule head;
    private readonly List<Exit> _exits = [];

    /// <summary>Joins a backbone and a head; the network owns both from here on.</summary>
    /// <exception cref="ArgumentException">Both have a parameter or a buffer of one name.</exception>
    public ImageNetwork(Backbone backbone, HeadModule head)
        : base(nameof(ImageNetwork))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(head);
        this.backbone = backbone;
        this.head = head;
        RegisterComponents();
        if (NamedState().GroupBy(entry => entry.Name).FirstOrDefault(entries => entries.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"{backbone.GetType()} and {head.GetType()} both have a tensor '{twice.Key}', and a model keeps them side by side. Rename one.");
        }
    }

    /// <summary>The part before pooling.</summary>
    public Backbone Backbone => backbone;

    /// <summary>The classifier.</summary>
    public HeadModule Head => head;

    /// <summary>Features [N,C,h,w] to [N,C]: the mean over all positions.</summary>
    public static Tensor Pool(Tensor features) => features.mean(new long[] { 2, 3 });

    /// <inheritdoc/>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> logits = [];
        Tensor features = backbone.Stem(images);
        for (int stage = 0; stage < backbone.StageChannels.Count; stage++)
        {
            features = backbone.Stage(stage, features);
            logits.AddRange(_exits.Where(exit => exit.Stage == stage).Select(exit => exit.call(exit.Embed(features))));
        }

        logits.Add(head.call(head.Embed(features)));
        return (logits.Count == 1 ? logits[0] : stack(logits).mean(new long[] { 0 })).MoveToOuterDisposeScope();
    }

    public IReadOnlyList<Exit> Exits => _exits;

    /// <summary>From each stage to the next, as its exits bridge them; null where it has none.</summary>
    public IReadOnlyList<StageStride>? ExitStrides { get; private set; }

    /// <summary>Gives each stage but the last an exit, which from here on is a part of the network.</summary>
    /// <exception cref="InvalidDataException">The strides are not those between the stages.</exception>
    public IReadOnlyList<Exit> AddExits(IReadOnlyList<StageStride> strides, int classes)
    {
        if (ExitStrides is not null || strides.Count != backbone.StageChannels.Count - 1)
        {
            throw new InvalidDataException($"A network of {backbone.StageChannels.Count} stages takes {backbone.StageChannels.Count - 1} exits, once; these are {strides.Count}.");
        }

        ExitStrides = strides;
        _exits.AddRange(Exit.All(backbone.StageChannels, strides, classes));
        _exits.ForEach(exit => register_module($"exit{exit.Stage}", exit));
        return _exits;
    }

    /// <summary>Freezes every BatchNorm of the backbone: it normalizes by its running statistics and does not update them. <c>train()</c> undoes it.</summary>
    public void FreezeBatchNorm()
    {
        foreach (BatchNorm norm in backbone.modules().OfType<BatchNorm>())
        {
            norm.eval();
        }
    }

    /// <summary>Parameters and buffers under PyTorch's names: those of the backbone and of the head, side by side, and those of the exits.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() =>
        [.. Named(backbone), .. Named(head), .. _exits.SelectMany(exit => Named(exit).Select(entry => ($"exits.{exit.Stage}.{entry.Item1}", entry.Item2)))];

    private static IEnumerable<(string, Tensor)> Named(nn.Module module) => module.state_dict().Select(entry => (entry.Key, entry.Value));
}

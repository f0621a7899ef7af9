using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>A network with named parameters and buffers.</summary>
internal interface INamedState
{
    /// <summary>All parameters and buffers (not copies), each with a unique name, always in the same order.</summary>
    IEnumerable<(string Name, Tensor Value)> NamedState();
}

/// <summary>
/// Backbone and head: from normalized images [N,C,H,W] to logits [N,K]. With exits, the output is the mean of the logits of the head and the exits.
/// </summary>
internal sealed class ImageNetwork : nn.Module<Tensor, Tensor>, INamedState
{
    private readonly Backbone backbone;
    private readonly HeadModule head;
    private readonly List<Exit> _exits = [];

    /// <summary>Creates a network from a backbone and a head, and takes ownership of both.</summary>
    /// <exception cref="ArgumentException">Both have a parameter or a buffer with the same name, or the head uses more stages than there are.</exception>
    public ImageNetwork(Backbone backbone, HeadModule head)
        : base(nameof(ImageNetwork))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(head);
        if (head.Stages < 1 || head.Stages > backbone.StageChannels.Count)
        {
            throw new ArgumentException(
                $"{head.GetType()} uses {head.Stages} stages, and {backbone.GetType()} has {backbone.StageChannels.Count}; {nameof(HeadModule.Stages)} must be 1 to "
                    + $"{backbone.StageChannels.Count}."
            );
        }

        this.backbone = backbone;
        this.head = head;
        RegisterComponents();
        if (NamedState().GroupBy(entry => entry.Name).FirstOrDefault(entries => entries.Count() > 1) is { } twice)
        {
            throw new ArgumentException(
                $"{backbone.GetType()} and {head.GetType()} both have a tensor named '{twice.Key}'. Names must be unique in a model; " + $"rename one of them."
            );
        }
    }

    /// <summary>The network before pooling.</summary>
    public Backbone Backbone => backbone;

    /// <summary>The classifier.</summary>
    public HeadModule Head => head;

    /// <summary>Global average pooling: from features [N,C,h,w] to [N,C].</summary>
    public static Tensor Pool(Tensor features) => features.mean(new long[] { 2, 3 });

    /// <inheritdoc/>
    public override Tensor forward(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return Classify(backbone.LastStages(images, _exits.Count > 0 ? backbone.StageChannels.Count : head.Stages)).MoveToOuterDisposeScope();
    }

    /// <summary>From the features of the stages to logits [N,K].</summary>
    /// <param name="stages">Those that the head uses, or all; with exits, all.</param>
    public Tensor Classify(IReadOnlyList<Tensor> stages)
    {
        List<Tensor> logits = [.. _exits.Select(exit => exit.call(exit.Embed(stages[exit.Stage])))];
        logits.Add(head.call(head.Embed([.. stages.TakeLast(head.Stages)])));
        return logits.Count == 1 ? logits[0] : stack(logits).mean(new long[] { 0 });
    }

    /// <summary>Adds the network in evaluation mode to an ONNX graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="images">Normalized images [N,C,H,W], with their shape.</param>
    /// <returns>The logits [N,K].</returns>
    /// <exception cref="NotSupportedException">A module cannot be exported; the message names it.</exception>
    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue images)
    {
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<long[]> shapes = backbone.StageShapes(zeros([1, .. images.Shape!.Skip(1)], ScalarType.Float32, CPU));
        List<OnnxValue> outputs = [];
        OnnxValue features = backbone.ExportStem(graph, images);
        for (int stage = 0; stage < shapes.Count; stage++)
        {
            features = backbone.ExportStage(graph, stage, features) with { Shape = [-1, .. shapes[stage].Skip(1)] };
            outputs.Add(features);
        }

        IEnumerable<OnnxValue> logits = _exits.Select(exit => exit.Export(graph, outputs[exit.Stage]));
        return graph.Mean([.. logits, head.Export(graph, [.. outputs.TakeLast(head.Stages)])]);
    }

    public IReadOnlyList<Exit> Exits => _exits;

    /// <summary>The stride from each stage to the next, for the exits; null if there are no exits.</summary>
    public IReadOnlyList<StageStride>? ExitStrides { get; private set; }

    /// <summary>Adds an exit to each stage except the last. The exits become part of the network.</summary>
    /// <exception cref="InvalidDataException">The number of strides is wrong, or the network already has exits.</exception>
    public IReadOnlyList<Exit> AddExits(IReadOnlyList<StageStride> strides, int classes)
    {
        if (ExitStrides is not null || strides.Count != backbone.StageChannels.Count - 1)
        {
            throw new InvalidDataException(
                ExitStrides is not null
                    ? "The network already has exits."
                    : $"A network with {backbone.StageChannels.Count} stages has {backbone.StageChannels.Count - 1} exits, but {strides.Count} are given."
            );
        }

        ExitStrides = strides;
        _exits.AddRange(Exit.All(backbone.StageChannels, strides, classes));
        _exits.ForEach(exit => register_module($"exit{exit.Stage}", exit));
        return _exits;
    }

    /// <summary>The parameters and buffers of the backbone, the head and the exits under PyTorch's names.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() =>
        [.. Named(backbone), .. Named(head), .. _exits.SelectMany(exit => Named(exit).Select(entry => ($"exits.{exit.Stage}.{entry.Item1}", entry.Item2)))];

    private static IEnumerable<(string, Tensor)> Named(nn.Module module) => module.state_dict().Select(entry => (entry.Key, entry.Value));
}

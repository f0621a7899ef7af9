using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// A network without its classifier: a stem and stages. Strategies can access the output of each stage. Submodules have PyTorch's state_dict names, so weights
/// of torchvision and timm load unchanged.
/// </summary>
/// <remarks>
/// <para>To train your own backbone, derive from this class and register it under a key with <see cref="BackboneCatalog.Register"/>. Trainer options and saved
/// models refer to it by this key. Call <c>RegisterComponents()</c> at the end of the constructor. Keep tensors that are not parameters in buffers
/// (<c>register_buffer</c>): only parameters and buffers are saved and stay alive with the network. The constructor must create the same modules each time: Fit
/// creates the network several times and copies weights.</para>
/// <para>Layers that use random numbers during training should derive from <see cref="Layers.RandomLayer"/>, as <see cref="Layers.StreamDropout"/> does.
/// TorchSharp's layers, such as <c>nn.Dropout</c>, work too, but they use the global generator of the process, so that results are not reproducible.</para>
/// </remarks>
public abstract class Backbone : nn.Module<Tensor, Tensor>
{
    /// <param name="name">The name of the module.</param>
    protected Backbone(string name)
        : base(name) { }

    /// <summary>The number of output channels of each stage, in order. Its count is the number of stages.</summary>
    public abstract IReadOnlyList<int> StageChannels { get; }

    /// <summary>Computes the input of the first stage from normalized images [N,C,H,W].</summary>
    public abstract Tensor Stem(Tensor images);

    /// <summary>
    /// Computes the output of stage <paramref name="index"/>, [N,StageChannels[index],h,w], from the output of the stage before it (of the stem for 0).
    /// </summary>
    public abstract Tensor Stage(int index, Tensor input);

    /// <summary>Adds what <see cref="Stem"/> computes in evaluation mode to an ONNX graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="images">Normalized images [N,C,H,W].</param>
    /// <returns>The input of the first stage.</returns>
    /// <exception cref="NotSupportedException">The backbone does not override this method, so it cannot be exported to ONNX.</exception>
    public virtual OnnxValue ExportStem(OnnxGraphBuilder graph, OnnxValue images) => throw NotExported();

    /// <summary>Adds what <see cref="Stage"/> computes in evaluation mode to an ONNX graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="index">The stage, from 0.</param>
    /// <param name="input">The output of the stage before it, or of the stem.</param>
    /// <returns>The output of the stage, [N,StageChannels[index],h,w].</returns>
    /// <exception cref="NotSupportedException">The backbone does not override this method, so it cannot be exported to ONNX.</exception>
    public virtual OnnxValue ExportStage(OnnxGraphBuilder graph, int index, OnnxValue input) => throw NotExported();

    /// <summary>
    /// The modules of the stem, then the modules of each stage: one group more than stages. <see cref="Training.FineTuning.FrozenStages"/> freezes the first
    /// groups, and <see cref="Training.FineTuning.LayerDecay"/> gives each group its learning rate.
    /// </summary>
    /// <exception cref="NotSupportedException">The backbone does not override this property, so its stages cannot be frozen.</exception>
    protected internal virtual IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups =>
        throw new NotSupportedException(
            $"FrozenStages and LayerDecay are not supported by {GetType()}, because it does not say which modules belong to which stage. "
                + $"Override {nameof(LayerGroups)}."
        );

    /// <summary>The head of the network if the trainer's options do not set one.</summary>
    protected internal virtual Head DefaultHead => new LinearHead();

    /// <summary>
    /// The state_dict name of the fully connected layer in PyTorch's model of this family, which a linear head uses to save and load it. Dots separate nested
    /// modules.
    /// </summary>
    protected internal virtual string ClassifierName => "fc";

    /// <summary>
    /// Converts the name of a tensor in a file of initial weights to this network's state_dict name, for files of another library that names its layers
    /// differently. Names that it does not know are returned unchanged.
    /// </summary>
    protected internal virtual string MapWeightName(string name) => name;

    /// <summary>The dropout probability before the fully connected layer, in [0, 1).</summary>
    protected internal virtual double ClassifierDropout => 0;

    /// <summary>
    /// Initializes the weights. By default, kernels of Conv2d are drawn from N(0, 2 / (out * kh * kw)) (He et al. 2015, fan out) and Linear layers uniformly
    /// from +-1/sqrt(in). Other modules and parameters keep the values of their constructors. Override it for other distributions.
    /// </summary>
    /// <param name="random">The random stream for initial weights.</param>
    protected internal virtual void InitializeWeights(RandomStream random) => WeightInitializer.Initialize(this, random);

    /// <summary>Freezes the parameters of the stem and the first stages. <see cref="SetFrozenToEval"/> also freezes their running statistics.</summary>
    internal void Freeze(int stages)
    {
        foreach (Parameter parameter in StemAndStages(stages).SelectMany(module => module.parameters()))
        {
            parameter.requires_grad = false;
        }
    }

    /// <summary>Sets the stem and the first stages to evaluation mode: frozen BatchNorm, no dropout. Call it again after each <c>train()</c>.</summary>
    internal void SetFrozenToEval(int stages)
    {
        foreach (nn.Module module in StemAndStages(stages))
        {
            module.eval();
        }
    }

    /// <summary>Freezes every BatchNorm: it uses its running statistics and does not update them. Call it again after each <c>train()</c>.</summary>
    internal void FreezeBatchNorm()
    {
        foreach (BatchNorm norm in modules().OfType<BatchNorm>())
        {
            norm.eval();
        }
    }

    /// <summary>Runs the stem and all stages; returns the features before pooling.</summary>
    public sealed override Tensor forward(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return LastStages(images, 1)[0];
    }

    /// <summary>Runs the stem and all stages; returns the features of the last ones, first to last.</summary>
    internal IReadOnlyList<Tensor> LastStages(Tensor images, int count)
    {
        List<Tensor> last = [];
        Tensor features = Stem(images);
        for (int stage = 0; stage < StageChannels.Count; stage++)
        {
            features = Stage(stage, features);
            if (stage >= StageChannels.Count - count)
            {
                last.Add(features);
            }
        }

        return last;
    }

    /// <summary>The shape [N,C,h,w] of each stage's output.</summary>
    /// <exception cref="ArgumentException">The output of a stage does not match <see cref="StageChannels"/>.</exception>
    internal IReadOnlyList<long[]> StageShapes(Tensor images)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        List<long[]> shapes = [];
        Tensor features = Stem(images);
        for (int stage = 0; stage < StageChannels.Count; stage++)
        {
            features = Stage(stage, features);
            if (features.ndim != 4 || features.shape[0] != images.shape[0] || features.shape[1] != StageChannels[stage])
            {
                throw new ArgumentException(
                    $"Stage {stage} of {GetType()} returns [{string.Join(',', features.shape)}] for images "
                        + $"[{string.Join(',', images.shape)}]; its {nameof(StageChannels)} require [N,{StageChannels[stage]},h,w]."
                );
            }

            shapes.Add(features.shape);
        }

        return shapes;
    }

    private NotSupportedException NotExported() =>
        OnnxError.CannotExport(this, "", $"Override {nameof(ExportStem)} and {nameof(ExportStage)}, which add to the graph what Stem and Stage compute.");

    private IEnumerable<nn.Module> StemAndStages(int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stages, StageChannels.Count);
        return LayerGroups.Count == StageChannels.Count + 1
            ? LayerGroups.Take(stages + 1).SelectMany(group => group)
            : throw new NotSupportedException(
                $"{GetType()} has {StageChannels.Count} stages and {LayerGroups.Count} {nameof(LayerGroups)}; it needs one "
                    + $"group for the stem and one per stage."
            );
    }
}

/// <summary>The stride of a stage: the ratio of its input size to its output size.</summary>
/// <param name="Rows">At least 1.</param>
/// <param name="Columns">At least 1.</param>
internal readonly record struct StageStride(int Rows, int Columns)
{
    /// <summary>The largest stride that a model file may have.</summary>
    public const int Max = 64;
}

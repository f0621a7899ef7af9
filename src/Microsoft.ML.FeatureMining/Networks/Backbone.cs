using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// A network without its classifier: a stem, and stages that a training strategy can address. Submodules carry PyTorch's state_dict names, so torchvision's and timm's weights load as they are.
/// </summary>
/// <remarks>
/// <para>To train a backbone of your own, derive from this class and give it a key with <see cref="BackboneCatalog.Register"/>; the trainer's options and saved models name it by that key. Call
/// <c>RegisterComponents()</c> at the end of the constructor, and keep tensors that are no parameters in buffers (<c>register_buffer</c>): only parameters and buffers are saved, and live as long as
/// the network. A constructor must make the same modules each time: a Fit makes the network several times and copies weights between them.</para>
/// <para>Layers that draw random numbers while training derive from <see cref="Layers.RandomLayer"/> (<see cref="Layers.StreamDropout"/> is one); TorchSharp's own, such as <c>nn.Dropout</c>, work too, but
/// draw from the generator of the whole process, so that the same seed does not give the same weights.</para>
/// </remarks>
public abstract class Backbone : nn.Module<Tensor, Tensor>
{
    /// <param name="name">The name of the module.</param>
    protected Backbone(string name)
        : base(name)
    {
    }

    /// <summary>Channels of each stage's output, first to last; their number is the number of stages.</summary>
    public abstract IReadOnlyList<int> StageChannels { get; }

    /// <summary>From normalized images [N,C,H,W] to the input of the first stage.</summary>
    public abstract Tensor Stem(Tensor images);

    /// <summary>From the output of stage <paramref name="index"/> - 1 (of the stem for 0) to the output of stage <paramref name="index"/>, [N,StageChannels[index],h,w].</summary>
    public abstract Tensor Stage(int index, Tensor input);

    /// <summary>The modules of the stem, then those of each stage: one more group than there are stages. <see cref="Training.FineTuning.FrozenStages"/> freezes the first of them.</summary>
    /// <exception cref="NotSupportedException">The backbone does not override it: it cannot be frozen stage by stage.</exception>
    protected internal virtual IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups =>
        throw new NotSupportedException($"FrozenStages needs to know which modules belong to which stage: override {nameof(LayerGroups)} in {GetType()}.");

    /// <summary>The head that the network gets if the trainer's options name none.</summary>
    protected internal virtual Head DefaultHead => new LinearHead();

    /// <summary>The state_dict name of the fully connected layer in PyTorch's model of this family, under which a linear head saves and loads it; dots separate nested modules.</summary>
    protected internal virtual string ClassifierName => "fc";

    /// <summary>The dropout probability before that layer, in [0, 1).</summary>
    protected internal virtual double ClassifierDropout => 0;

    /// <summary>
    /// Draws the initial weights. By default: kernels of Conv2d from N(0, 2 / (out * kh * kw)) (He et al. 2015, fan out), Linear uniform in +-1/sqrt(in), while other modules and parameters keep what
    /// their constructors gave them. Override it for other distributions.
    /// </summary>
    /// <param name="random">The stream of the Fit's initial weights.</param>
    protected internal virtual void InitializeWeights(RandomStream random) => WeightInitializer.Initialize(this, random);

    /// <summary>Freezes the parameters of the stem and the first stages. <see cref="SetFrozenToEval"/> also freezes their running statistics.</summary>
    internal void Freeze(int stages)
    {
        foreach (Parameter parameter in First(stages).SelectMany(module => module.parameters()))
        {
            parameter.requires_grad = false;
        }
    }

    /// <summary>Sets the stem and the first stages to evaluation mode: frozen BatchNorm, no dropout. Call it again after each <c>train()</c>.</summary>
    internal void SetFrozenToEval(int stages)
    {
        foreach (nn.Module module in First(stages))
        {
            module.eval();
        }
    }

    /// <summary>All stages in order: the features before pooling.</summary>
    public sealed override Tensor forward(Tensor images)
    {
        Tensor features = Stem(images);
        for (int i = 0; i < StageChannels.Count; i++)
        {
            features = Stage(i, features);
        }

        return features;
    }

    /// <summary>The shape [N,C,h,w] of each stage's output.</summary>
    /// <exception cref="ArgumentException">A stage does not give what <see cref="StageChannels"/> says.</exception>
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
                throw new ArgumentException($"Stage {stage} of {GetType()} gives [{string.Join(',', features.shape)}] for [{string.Join(',', images.shape)}]; its {nameof(StageChannels)} say [N,{StageChannels[stage]},h,w].");
            }

            shapes.Add(features.shape);
        }

        return shapes;
    }

    private IEnumerable<nn.Module> First(int stages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stages, StageChannels.Count);
        return LayerGroups.Count == StageChannels.Count + 1
            ? LayerGroups.Take(stages + 1).SelectMany(group => group)
            : throw new NotSupportedException($"{GetType()} has {StageChannels.Count} stages and {LayerGroups.Count} {nameof(LayerGroups)}: there is one for the stem and one for each stage.");
    }
}

/// <summary>By how much a stage's output is smaller than that of the one before.</summary>
/// <param name="Rows">At least 1.</param>
/// <param name="Columns">At least 1.</param>
internal readonly record struct StageStride(int Rows, int Columns)
{
    /// <summary>The largest that a file may ask for.</summary>
    public const int Max = 64;
}

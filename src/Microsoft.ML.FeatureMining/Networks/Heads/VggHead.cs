using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>VGG's own head: a grid of 7x7 and three fully connected layers (Simonyan and Zisserman 2015, table 1); under torchvision's names.</summary>
internal sealed class VggHead : Head
{
    public const int Side = 7;

    private readonly Sequential classifier;

    public VggHead(int channels, int classes)
        : base(nameof(VggHead), features => VggClassifier.Grid(features, Side))
    {
        classifier = VggClassifier.Of(channels * Side * Side, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor features) => classifier.call(features);
}

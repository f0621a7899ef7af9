using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// VGG's head for whole images, and a second one of the same kind over a grid of 4x4 for patches (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks", figure 5). One of them is
/// used at a time.
/// </summary>
internal sealed class PatchBranchHead : Head
{
    private const int PatchSide = 4;

    private readonly Sequential classifier;
    private readonly Sequential patch_classifier;

    public PatchBranchHead(int channels, int classes, int hidden)
        : base(nameof(PatchBranchHead))
    {
        classifier = VggClassifier.Of(channels * VggHead.Side * VggHead.Side, classes, hidden);
        patch_classifier = VggClassifier.Of(channels * PatchSide * PatchSide, classes, hidden);
        RegisterComponents();
    }

    /// <summary>Whether the images are patches, for which the second branch stands.</summary>
    public bool OnPatches { get; set; }

    public override Tensor Embed(Tensor features) => VggClassifier.Grid(features, OnPatches ? PatchSide : VggHead.Side);

    public override Tensor forward(Tensor features) => (OnPatches ? patch_classifier : classifier).call(features);
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>One fully connected layer, <c>fc</c>.</summary>
internal sealed class LinearHead : Head
{
    private readonly Linear fc;

    public LinearHead(int features, int classes)
        : base(nameof(LinearHead))
    {
        fc = nn.Linear(features, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor features) => fc.call(features);
}

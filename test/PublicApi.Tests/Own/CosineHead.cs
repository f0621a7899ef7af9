using Microsoft.ML.FeatureMining.Networks.Heads;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>A head whose logits are scaled cosines of the embedding and one vector per class.</summary>
internal sealed class CosineHead : Head
{
    private const double Scale = 10;

    private readonly Linear prototypes;

    public CosineHead(int channels, int classes)
        : base(nameof(CosineHead))
    {
        prototypes = nn.Linear(channels, classes, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor directions = nn.functional.normalize(embedding, p: 2, dim: 1);
        return (directions.matmul(nn.functional.normalize(prototypes.weight!, p: 2, dim: 1).t()) * Scale).MoveToOuterDisposeScope();
    }

    protected override Tensor? ClassWeights() => prototypes.weight;
}

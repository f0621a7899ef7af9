using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>Sets some pixels of each image to black.</summary>
internal sealed record Pepper : ImageAugmentation
{
    public override string Key => "pepper";

    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Probability { get; init; } = 0.05;

    public override Tensor Apply(Tensor images, RandomStream random)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] kept =
        [
            .. Enumerable.Range(0, (int)(images.shape[0] * images.shape[2] * images.shape[3])).Select(_ => random.NextDouble() < Probability ? 0f : 1f),
        ];
        Tensor mask = tensor(kept, [images.shape[0], 1, images.shape[2], images.shape[3]], device: images.device);
        return (images * mask).to(images.dtype).MoveToOuterDisposeScope();
    }
}

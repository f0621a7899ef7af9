using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>Sets some pixels of each image to black.</summary>
internal sealed record Pepper : ImageAugmentation
{
    public override string Key => "pepper";

    public double Probability { get; init; } = 0.05;

    public override IEnumerable<string> Problems() => Probability is >= 0 and < 1 ? [] : [$"Probability of pepper lies in [0, 1); it is {Probability}."];

    public override Tensor Apply(Tensor images, RandomStream random)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] kept = [.. Enumerable.Range(0, (int)(images.shape[0] * images.shape[2] * images.shape[3])).Select(_ => random.NextDouble() < Probability ? 0f : 1f)];
        Tensor mask = tensor(kept, [images.shape[0], 1, images.shape[2], images.shape[3]], device: images.device);
        return (images * mask).to(images.dtype).MoveToOuterDisposeScope();
    }
}

using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>All maps of one image and one class, from one pass forward and one back.</summary>
/// <param name="Probabilities">Of all classes, [K].</param>
/// <param name="Class">The class k that the maps are of.</param>
/// <param name="ClassMap">CAM; null where the head is not linear in the mean of the features.</param>
/// <param name="StageMaps">Grad-CAM of each stage, first to last.</param>
/// <param name="SplitMaps">With a Split-and-Share head, Grad-CAM of each split's channels with respect to the classifier that they are the last for (Lee et al. 2021, figure 2).</param>
internal sealed record NetworkMaps(float[] Probabilities, int Class, HeatMap? ClassMap, IReadOnlyList<HeatMap> StageMaps, IReadOnlyList<HeatMap> SplitMaps)
{
    /// <param name="network">At rest, BatchNorm not folded.</param>
    /// <param name="image">Normalized, [1,C,H,W].</param>
    /// <param name="target">The class; null for the most probable.</param>
    /// <param name="multilabel">Whether each class has a probability of its own.</param>
    public static NetworkMaps Of(ImageNetwork network, Tensor image, int? target, bool multilabel = false)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] stages = Stages(network.Backbone, image);
        Tensor embedding = network.Head.Embed(stages[^1]);
        Tensor logits = network.Head.call(embedding);                                              // [1,K]
        float[] probabilities = (multilabel ? sigmoid(logits.detach()) : logits.detach().softmax(1)).cpu().to(ScalarType.Float32).data<float>().ToArray();
        int index = target ?? probabilities.AsSpan().IndexOf(probabilities.Max());
        IList<Tensor> gradients = autograd.grad([logits[0, index]], stages, retain_graph: true);
        return new NetworkMaps(
            probabilities,
            index,
            network.Head.ClassWeights() is { } weights ? ActivationMap.Cam(stages[^1], weights[index]) : null,
            [.. stages.Zip(gradients, ActivationMap.GradCam)],
            network.Head is SplitAndShareHead head ? [.. Splits(head, embedding, stages[^1], index)] : []);
    }

    /// <summary>The output of each stage. The image asks for its gradient, so that the stages are part of a graph whatever the network's own parameters ask for.</summary>
    public static Tensor[] Stages(Backbone backbone, Tensor image)
    {
        Tensor features = image.detach();
        features.requires_grad = true;
        features = backbone.Stem(features);
        return [.. Enumerable.Range(0, backbone.StageChannels.Count).Select(stage => features = backbone.Stage(stage, features))];
    }

    private static IEnumerable<HeatMap> Splits(SplitAndShareHead head, Tensor embedding, Tensor features, int index)
    {
        int start = 0;
        foreach ((Tensor logits, int end) in head.Classifiers(embedding))
        {
            Tensor gradient = autograd.grad([logits[0, index]], [features], retain_graph: true)[0];
            yield return ActivationMap.GradCam(features.narrow(1, start, end - start), gradient.narrow(1, start, end - start));
            start = end;
        }
    }
}

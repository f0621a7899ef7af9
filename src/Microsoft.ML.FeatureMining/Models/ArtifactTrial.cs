using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Tries, before a training, what comes after it: describes the model and, where its network is of the user's own, makes, saves and scores it untrained.</summary>
internal static class ArtifactTrial
{
    /// <exception cref="ArgumentException">There would be no model after the training; the message says why.</exception>
    public static void Run(ArtifactManifest manifest, Device device)
    {
        string network = manifest.Head is { } head ? $"the backbone '{manifest.Backbone}' and the head '{head.Key}'" : $"the backbone '{manifest.Backbone}'";
        try
        {
            ArtifactManifest.FromJson(manifest.ToJson());
            // Those of this library are tested.
            if (BackboneCatalog.IsRegistered(manifest.Backbone) || (manifest.Head is { } own && own.GetType().Assembly != typeof(Head).Assembly))
            {
                Score(manifest, device);
            }
        }
        catch (Exception e)
        {
            throw new ArgumentException($"A model with {network} could not be saved or used after the training. {FirstLine(e)}", e);
        }
    }

    private static void Score(ArtifactManifest manifest, Device device)
    {
        ImageShape shape = manifest.Preprocessing.Shape;
        using TorchScope scope = new(gradients: false);
        using ImageNetwork network = NetworkFactory.Create(manifest.Backbone, shape.Channels, manifest.ClassCount, manifest.Head);
        if (!network.Backbone.parameters().Any())
        {
            throw new ArgumentException("The backbone has no parameters. RegisterComponents(), at the end of its constructor, registers the modules that are fields; register_module registers others.");
        }

        network.eval();
        Tensor images = zeros([1, shape.Channels, shape.Height, shape.Width], ScalarType.Float32, CPU);
        network.Backbone.StageShapes(images);
        Tensor logits = network.call(images);
        if (!logits.shape.SequenceEqual([1, manifest.ClassCount]))
        {
            throw new ArgumentException($"The head gives [{string.Join(',', logits.shape)}] for one image and {manifest.ClassCount} classes; it has to give [1,{manifest.ClassCount}].");
        }

        ModelArtifact artifact = new(manifest, NamedTensors.Of(network));
        Safetensors.Write(artifact.Weights, Stream.Null);
        using ImageScorer scorer = new(artifact, device);
        scorer.Score(new byte[ImageSet.ImageBytes(scorer.Input, scorer.Element)], 1, new float[manifest.ClassCount]);
    }

    // The rest of libtorch's messages is a native stack.
    private static string FirstLine(Exception e) => e.Message.Split('\n')[0];
}

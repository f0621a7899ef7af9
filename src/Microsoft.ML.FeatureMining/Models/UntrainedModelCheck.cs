using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Checks before training that the model can be saved and used: serializes its manifest and, if backbone or head is user code, creates, saves and scores the
/// untrained network.
/// </summary>
internal static class UntrainedModelCheck
{
    /// <exception cref="ArgumentException">The model could not be saved or used after training; the message says why.</exception>
    public static void Run(ModelManifest manifest, Device device)
    {
        string network = manifest.Head is { } head ? $"the backbone '{manifest.Backbone}' and the head '{head.Key}'" : $"the backbone '{manifest.Backbone}'";
        try
        {
            ModelManifest.FromJson(manifest.ToJson());
            // The library's own networks are covered by tests.
            if (BackboneCatalog.IsRegistered(manifest.Backbone) || (manifest.Head is { } own && own.GetType().Assembly != typeof(Head).Assembly))
            {
                Score(manifest, device);
            }
        }
        catch (Exception e)
        {
            throw new ArgumentException($"A model with {network} could not be saved or used after training. {NativeError.FirstLine(e)}", e);
        }
    }

    private static void Score(ModelManifest manifest, Device device)
    {
        ImageShape shape = manifest.Preprocessing.Shape;
        using TorchScope scope = new(gradients: false);
        using ImageNetwork network = NetworkFactory.Create(manifest.Backbone, shape.Channels, manifest.ClassCount, manifest.Head);
        if (!network.Backbone.parameters().Any())
        {
            throw new ArgumentException(
                "The backbone has no parameters. Call RegisterComponents() at the end of its constructor to register modules in fields; "
                    + "call register_module for other modules."
            );
        }

        network.eval();
        Tensor images = zeros([1, shape.Channels, shape.Height, shape.Width], ScalarType.Float32, CPU);
        network.Backbone.StageShapes(images);
        Tensor logits = network.call(images);
        if (!logits.shape.SequenceEqual([1, manifest.ClassCount]))
        {
            throw new ArgumentException(
                $"The output of the head for one image and {manifest.ClassCount} classes has shape [{string.Join(',', logits.shape)}]; it must be [1,{manifest.ClassCount}]."
            );
        }

        SavedModel saved = new(manifest, NamedTensors.Of(network));
        Safetensors.Write(saved.Weights, Stream.Null);
        using ImageScorer scorer = new(saved, device);
        scorer.Score(new byte[PixelTypes.ImageBytes(scorer.Input, scorer.Element)], 1, new float[manifest.ClassCount]);
    }
}

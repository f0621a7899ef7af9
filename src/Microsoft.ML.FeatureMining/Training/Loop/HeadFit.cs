using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Fits the head before the first epoch (<see cref="FineTuning.FitHead"/>): computes the features of the frozen backbone once, without augmentation, and
/// minimizes the cross entropy on them, with the class weights of the run, and an L2 penalty. The penalty is the one with the lowest cross-validated loss.
/// </summary>
internal sealed class HeadFit(ImageSet train, TrainingRecipe recipe, TrainingComponents parts, RandomStream random, Device device)
{
    /// <summary>The maximum number of images to compute features of: more change a linear classifier little.</summary>
    internal const int MaxImages = 50_000;

    private const int Folds = 5;

    // With more images than this, one of the folds is enough to choose the penalty.
    private const int LargeSet = 5_000;

    private static readonly double[] Penalties = [1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

    /// <param name="metrics">Receives the loss and the hits of the head on the same features.</param>
    /// <param name="isCanceled">Called before each batch.</param>
    /// <returns>Whether it was not canceled.</returns>
    public bool Run(RunningMetrics metrics, Func<bool> isCanceled)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int[] images = Chosen();
        bool[] views = recipe.FineTuning.FitHeadMirrored ? [false, true] : [false];
        List<Tensor> ofViews = [];
        List<Tensor> targetsOfViews = [];
        foreach (bool mirrored in views)
        {
            if (!AddFeatures(images, mirrored, ofViews, targetsOfViews, isCanceled))
            {
                return false;
            }
        }

        (Tensor features, Tensor targets) = (cat(ofViews), cat(targetsOfViews)); // [VN,E] and [VN,K]
        ofViews.ForEach(part => part.Dispose());

        bool areSets = train.LabelSets is not null;
        (Tensor mean, Tensor scale) = Standardization(features);
        Tensor standardized = features.sub(mean).mul(scale);
        features.Dispose();
        Tensor? importance = Importance(images)?.repeat(views.Length, 1);
        LogisticRegression regression = new(standardized, targets, areSets, importance);
        Tensor weights = PathTo(regression, ChoosePenalty(standardized, targets, areSets, importance, FoldOf(images).repeat(views.Length)));
        Store(weights, mean, scale);
        metrics.Add(BatchSums.Of(regression.Loss(weights), regression.Logits(weights), targets, areSets), images.Length * views.Length);
        return true;
    }

    // Evenly spaced if there are more than MaxImages; in order, because streamed images can only be read in order.
    private int[] Chosen()
    {
        int count = Math.Min(train.Count, MaxImages);
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * train.Count / count))];
    }

    // [N,E] and [N,K] in parts. Returns false if canceled.
    private bool AddFeatures(int[] rows, bool mirrored, List<Tensor> features, List<Tensor> targets, Func<bool> isCanceled)
    {
        ImageNetwork network = parts.Network;
        network.eval();
        foreach (HostBatch batch in BatchLoader.Load(train, rows, recipe.ScoringBatchSize))
        {
            using HostBatch done = batch;
            if (isCanceled())
            {
                return false;
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor input = parts.Input.Of(batch.Pixels, batch.Count);
            Tensor images = mirrored ? ChannelsLast.Of(input.flip(3)) : input;
            Tensor embedding = network.Head.Embed(network.Backbone.LastStages(images, network.Head.Stages));
            features.Add(embedding.MoveToOuterDisposeScope());
            targets.Add(Targets.Of(batch, train, device).MoveToOuterDisposeScope());
        }

        return true;
    }

    // A feature that is the same in all images gets the scale 0.
    private static (Tensor Mean, Tensor Scale) Standardization(Tensor features)
    {
        Tensor mean = features.mean([0]);
        Tensor deviation = features.std(0, unbiased: false);
        Tensor constant = deviation.le(deviation.max().Mul(1e-6));
        return (mean, deviation.reciprocal().MaskedFill(constant, 0));
    }

    // The weight of each image by its class, [N,1], with the mean 1; null if all are equal.
    private Tensor? Importance(int[] images)
    {
        if (ClassBalance.OfHead(recipe, train) is not { } weights)
        {
            return null;
        }

        double[] ofImages = Array.ConvertAll(images, image => weights[train.Labels[image]]);
        double mean = ofImages.Average();
        return Array.ConvertAll(ofImages, weight => (float)(weight / mean)).Upload(device, images.Length, 1);
    }

    // Images of a class are spread over the folds.
    private Tensor FoldOf(int[] images)
    {
        long[] folds = new long[images.Length];
        int[] order = random.Permutation(images.Length);
        int next = 0;
        foreach (int image in order.OrderBy(image => train.Labels[images[image]]))
        {
            folds[image] = next++ % Folds;
        }

        return folds.Upload(device);
    }

    private static double ChoosePenalty(Tensor features, Tensor targets, bool areSets, Tensor? importance, Tensor folds)
    {
        int used = features.shape[0] > LargeSet ? 1 : (int)folds.max().cpu().item<long>() + 1;
        (LogisticRegression Others, LogisticRegression HeldOut)[] splits =
        [
            .. Enumerable.Range(0, used).Select(fold => (Part(folds.Eq(fold).logical_not()), Part(folds.Eq(fold)))),
        ];
        Tensor[] weights = [.. splits.Select(split => split.Others.Zeros())];
        (double best, double bestLoss) = (Penalties[0], double.PositiveInfinity);
        foreach (double penalty in Penalties)
        {
            double loss = 0;
            for (int i = 0; i < splits.Length; i++)
            {
                using Tensor before = weights[i];
                weights[i] = splits[i].Others.Fit(penalty, before);
                loss += splits[i].HeldOut.Loss(weights[i]).cpu().item<float>();
            }

            // The loss has one minimum along the path.
            if (loss > bestLoss)
            {
                break;
            }

            (best, bestLoss) = (penalty, loss);
        }

        return best;

        LogisticRegression Part(Tensor mask) => new(features[mask], targets[mask], areSets, importance?[mask]);
    }

    // Each fit starts from the one with the next larger penalty, which is close.
    private static Tensor PathTo(LogisticRegression regression, double penalty)
    {
        Tensor weights = regression.Zeros();
        foreach (double step in Penalties.Where(step => step >= penalty))
        {
            using Tensor before = weights;
            weights = regression.Fit(step, before);
        }

        return weights;
    }

    // W (x - mean) * scale + b as a layer on x itself.
    private void Store(Tensor weights, Tensor mean, Tensor scale)
    {
        Linear classifier = parts.Network.Head.LinearClassifier!;
        Tensor kernel = weights[..^1].t().mul(scale); // [K,E]
        classifier.weight!.copy_(kernel);
        classifier.bias!.copy_(weights[-1].sub(kernel.mv(mean)));
        parts.RestartAverage();
    }
}

using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Detection.Losses;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Detection.Scoring;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static Microsoft.ML.FeatureMining.Native.TensorMath;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>
/// Trains a detector: the loss of RetinaNet on augmented images and boxes. The accuracy of validation is the mean average precision; training has none.
/// </summary>
internal sealed class DetectionTask : TrainingTask
{
    private readonly TrainingRecipe _recipe;
    private readonly DetectionRecipe _settings;
    private readonly ImageSet? _validation;
    private readonly RandomStreams _random;
    private readonly Device _device;
    private readonly ICommunicator _ranks;
    private readonly RetinaNet _network;
    private readonly WeightAverage<RetinaNet>? _average;
    private readonly BFloat16Backbone? _bfloat16;
    private readonly Normalization _normalization;
    private readonly BoxAugmentation _augmentation;

    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="train">The training images.</param>
    /// <param name="validation">The validation images; null if there are none.</param>
    /// <param name="random">The random streams of the run.</param>
    /// <param name="host">The environment of the run. Its weights are those of a classifier.</param>
    /// <param name="loadWeights">Loads the weights of a detector; null if they are not those of a detector.</param>
    public DetectionTask(
        TrainingRecipe recipe,
        ImageSet train,
        ImageSet? validation,
        RandomStreams random,
        TrainingHost host,
        Action<RetinaNet>? loadWeights = null
    )
    {
        (_recipe, Images, _validation, _random, _device, _ranks) = (recipe, train, validation, random, host.Device, host.Ranks);
        _settings = (DetectionRecipe)recipe.Task!;
        Pixels = recipe.Normalization ?? train.Statistics;
        _normalization = new Normalization(Pixels.Mean, Pixels.Std, _device);
        _augmentation = new BoxAugmentation(_settings);
        _network = Create();
        try
        {
            using (new TorchScope(gradients: false))
            {
                _network.InitializeWeights(random["weights"]);
                (loadWeights ?? (_ => LoadBody(host.LoadWeights)))(_network);
            }

            Freezing.Apply(recipe.FineTuning, _network.Body);
            HashSet<nint> body = [.. _network.Body.parameters().Select(parameter => parameter.Handle)];
            Optimizer = recipe.Optimizer.Start(
                ParameterGroups.Of(recipe, _network.Body, _network.parameters().Where(parameter => !body.Contains(parameter.Handle)))
            );
            _bfloat16 = BFloat16Backbone.Of(recipe, _network.Body, Optimizer.Flat, random, host.Warn);
            _average = recipe.EmaDecay is { } decay ? new WeightAverage<RetinaNet>(_network, Create(), decay) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override ImageSet Images { get; }

    public override ChannelStatistics Pixels { get; }

    public override OptimizerRun Optimizer { get; }

    public override bool Validates => _validation is not null;

    public override bool HasAccuracy => false;

    protected override RetinaNet Model => _average?.Network ?? _network;

    /// <summary>What is wrong with the recipe or the sets; empty if they can be trained on.</summary>
    public static IReadOnlyList<string> Problems(TrainingRecipe recipe, ImageSet train, ImageSet? validation)
    {
        List<string> problems = [.. recipe.Problems(), .. SetProblems("training", train)];
        if (validation is not null)
        {
            problems.AddRange(SetProblems("validation", validation));
        }

        return problems;
    }

    public override IEnumerable<(string Name, Tensor Value)> ModelState() => Model.NamedState();

    public override IEnumerable<(string Name, Tensor Value)> TrainedState() => _network.NamedState();

    public override IEnumerable<(string Name, Tensor Value)> NamedState() => TrainedState().Select(entry => ($"network/{entry.Name}", entry.Value));

    public override IEnumerable<(string Name, Tensor Value)> AverageState() => _average?.Network.NamedState() ?? [];

    public override IEnumerable<nn.Module> Modules() => [_network];

    public override int[] DrawOrder() => Images.DrawOrder(_random["shuffle"]);

    public override void Train()
    {
        _bfloat16?.train();
        _bfloat16?.Update();
        Freezing.Train(_recipe.FineTuning, _network, (Backbone?)_bfloat16 ?? _network.Body);
    }

    public override Func<int, int, PieceLoss> Prepare(HostBatch loaded, TrainingClock clock)
    {
        Tensor raw = Upload(loaded, Images);
        foreach (ImageAugmentation augmentation in _recipe.Augmentations)
        {
            raw = augmentation.Apply(raw, _random[augmentation.Key]);
        }

        (Tensor images, ObjectBox[][] objects) = _augmentation.Apply(raw.to(ScalarType.Float32), ObjectsOf(loaded, Images), _random["boxes"]);
        images = ChannelsLast.Of(_normalization.Apply(images));
        return (start, end) =>
        {
            (Tensor logits, Tensor deltas) = _network.Predict(images.slice(0, start, end, 1), _bfloat16);
            Tensor loss = LossOf(logits, deltas, objects[start..end]);
            return new PieceLoss(loss, Sums(loss, end - start));
        };
    }

    public override void UpdateAverage() => _average?.Update();

    // Ranks share the batches, and all see all detections: a decision that one of them made by itself could differ in the last bit.
    public override (double Loss, double Accuracy)? Validate(Func<bool> isCanceled)
    {
        ImageSet set = _validation!;
        using IDisposable noGrad = no_grad();
        using DisposeScope all = NewDisposeScope();
        int[][] batches = [.. BatchLoader.Cut([.. Enumerable.Range(0, set.Count)], _recipe.ScoringBatchSize)];
        Tensor losses = zeros([batches.Length], ScalarType.Float64, _device);
        IReadOnlyList<Detection>[] found = new IReadOnlyList<Detection>[set.Count];
        Array.Fill(found, []);
        Model.eval();
        bool finished = Validator.ForOwnBatches(set, batches, _ranks, isCanceled, Detect);
        _ranks.Sum(losses);
        SharedDetections.Share(_ranks, found, _device);
        if (!finished)
        {
            return null;
        }

        VocAveragePrecision precision = new(set.ClassCount);
        for (int i = 0; i < set.Count; i++)
        {
            precision.Add(found[i], ObjectSet.Of(set.LabelSets![set.Labels[i]]));
        }

        return (losses.sum().item<double>() / set.Count, precision.Mean(VocMetric.Area));

        void Detect(HostBatch batch, int number)
        {
            (Tensor logits, Tensor deltas) = Model.Predict(ChannelsLast.Of(_normalization.Apply(Upload(batch, set))));
            losses[number].copy_(LossOf(logits, deltas, ObjectsOf(batch, set)).to(ScalarType.Float64).Mul(batch.Count));
            AnchorGrid anchors = Anchors;
            (logits, deltas) = (logits.cpu(), deltas.cpu()); // once for all images
            for (int n = 0; n < batch.Count; n++)
            {
                found[batches[number][n]] = Detector.Detect(logits[n], deltas[n], anchors, anchors.Height, anchors.Width, _settings.Network);
            }
        }
    }

    public override void Dispose()
    {
        // Null if the constructor failed before.
        Optimizer?.Dispose();
        _bfloat16?.Dispose();
        _average?.Dispose();
        _network.Dispose();
        _normalization.Dispose();
    }

    private AnchorGrid Anchors => _network.AnchorsOf(_recipe.Input.Height, _recipe.Input.Width);

    private RetinaNet Create()
    {
        RetinaNet network = RetinaNet.Create(_recipe.Backbone, _recipe.Input.Channels, Images.ClassCount, _settings.Network);
        network.to(_device);
        ChannelsLast.Apply(network);
        return network;
    }

    // Weights are loaded into a classifier, whose head is then discarded.
    private void LoadBody(Action<ImageNetwork>? load)
    {
        if (load is null)
        {
            return;
        }

        using ImageNetwork classifier = NetworkFactory.Create(_recipe.Backbone, _recipe.Input.Channels, classes: 2);
        load(classifier);
        NamedTensors.Of(NamedStateOf(classifier.Backbone)).CopyTo(NamedStateOf(_network.Body));
    }

    private static IEnumerable<(string Name, Tensor Value)> NamedStateOf(nn.Module module) => module.state_dict().Select(entry => (entry.Key, entry.Value));

    private Tensor Upload(HostBatch batch, ImageSet set) => DeviceBatches.Upload(batch.Pixels, batch.Count, set.Shape, set.Element, _device);

    private static ObjectBox[][] ObjectsOf(HostBatch batch, ImageSet set) => Array.ConvertAll(batch.Labels, label => ObjectSet.Of(set.LabelSets![(int)label]));

    private Tensor LossOf(Tensor logits, Tensor deltas, ObjectBox[][] objects) => RetinaNetLoss.Of(logits, deltas, Anchors, objects, _settings.Network);

    private static Tensor Sums(Tensor loss, int images)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = loss.detach().to(ScalarType.Float64).Mul(images);
        return stack([sum, zeros_like(sum)]).MoveToOuterDisposeScope();
    }

    private static IEnumerable<string> SetProblems(string name, ImageSet set)
    {
        if (set.Count == 0)
        {
            yield return $"The {name} set has no images.";
        }
        else if (!set.Labels.Any(label => set.LabelSets![label].Length > 0))
        {
            yield return $"The {name} set has no objects of a known class; at least one is required.";
        }
    }
}

using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.Runtime;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings of <see cref="PatchTrainingTrainer"/>. The defaults are the paper's for Pascal VOC: VGG-16 with a branch for patches, 10 epochs, the first 5 of
/// them on patches.
/// </summary>
public sealed record PatchTrainingOptions : ImageClassificationOptions
{
    /// <summary>The paper's settings.</summary>
    public PatchTrainingOptions()
    {
        Epochs = 10;
        BatchSize = 16;
        LearningRate = 1e-3;
        Optimizer = new SgdOptimizer { Nesterov = false };
        Loss = new BinaryCrossEntropyLoss();
        Head = new VggPatchHead();
        WeightDecay = 0;
        Schedule = new StepSchedule { Milestones = [] };
        CropPadding = 0;
        Augmentations = [new RandomResizedCrop()];
    }

    /// <summary>
    /// The patches: objects cropped from their images, each of one class. Columns: the image column as in the training rows, or text ImagePath; if that has
    /// paths and there is a column Image, as LoadPascalVocPatches gives it, Image is used; and <see cref="PatchLabelColumnName"/>. Rows with a class that the
    /// training rows do not have are skipped with a warning.
    /// </summary>
    /// <value>null: none. Required if <see cref="SwitchEpoch"/> is above 0.</value>
    [JsonIgnore]
    public IDataView? PatchSet { get; init; }

    /// <summary>The label column of the patches: text, or a key whose values are the class names.</summary>
    /// <value>Label.</value>
    [Required]
    public string PatchLabelColumnName { get; init; } = "Label";

    /// <summary>The number of epochs on patches (Algorithm 1's switch_epoch), before those on whole images: 0 to <see cref="Training.TrainingOptions.Epochs"/>
    /// - 1.</summary>
    /// <value>5.</value>
    [SearchRange(0, 9, 5)]
    public int SwitchEpoch { get; init; } = 5;

    /// <summary>
    /// Whether the loss on whole images weights the positives of each class so that they count as much as its negatives. Applies only to a
    /// <see cref="BinaryCrossEntropyLoss"/> without PositiveWeights.
    /// </summary>
    /// <value>true: the weight is negatives / positives of the training images.</value>
    [BooleanChoice(true)]
    public bool BalancePositives { get; init; } = true;

    /// <summary>The loss of the epochs on patches, which have one class each.</summary>
    /// <value><see cref="CrossEntropyLoss"/>, without label smoothing.</value>
    [Required]
    public ClassificationLoss PatchLoss { get; init; } = new CrossEntropyLoss();

    internal override bool IsMultilabel => true;

    private bool HasWholeImages => SwitchEpoch >= 0 && SwitchEpoch < Epochs;

    internal override PaperInput PublishedInput => new("vgg-16", 224, ImageNetNormalization: true);

    /// <summary>The recipe of the epochs on whole images.</summary>
    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) =>
        base.ToRecipe(input, seed) with
        {
            Epochs = HasWholeImages ? Epochs - SwitchEpoch : Epochs,
            EpochsBefore = HasWholeImages ? SwitchEpoch : 0,
        };

    internal override IEnumerable<string> TrainerProblems()
    {
        foreach (string problem in base.TrainerProblems())
        {
            yield return problem;
        }

        if (!HasWholeImages)
        {
            yield return $"SwitchEpoch must be at least 0 and below Epochs, {Epochs}; it is {SwitchEpoch}.";
        }

        if (SwitchEpoch > 0 && PatchSet is null)
        {
            yield return "SwitchEpoch is above 0, but PatchSet is null. Set PatchSet (for example with LoadPascalVocPatches), or set SwitchEpoch to 0.";
        }

        if (Head is not VggPatchHead)
        {
            yield return "Head must be a VggPatchHead for the PatchTraining trainer.";
        }

        foreach (string problem in PatchLoss?.Problems() ?? [])
        {
            yield return $"PatchLoss: {problem}";
        }
    }
}

/// <summary>
/// Trains a multi-label image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks"). Created by
/// <c>mlContext.MultilabelClassification().Trainers.PatchTraining</c>.
/// </summary>
/// <remarks>
/// <para>Up to the switch epoch, the network learns to classify patches (the objects cropped from the images) by cross entropy (equation 1), in a separate
/// branch after the last max pooling: a 4x4 grid and three fully connected layers. After the switch epoch, it learns the whole images by binary cross entropy
/// (equation 2), with the positives of each class weighted by negatives / positives, in VGG's own branch. Only this branch is used for scoring. As in
/// Algorithm 1, it is a single training run: at the switch, the optimizer keeps its momentum, and warm-up and schedule continue. Patches are resized to the
/// size of whole images, so that they save no time, unlike in the paper.</para>
/// <para>Input: a label that is a set of classes (a vector of 0 and 1, a vector of names, or text with names separated by commas, semicolons or bars), and
/// images as encoded bytes, planar floats, MLImage or paths of files. Output: Score (the probability of each class, [K]) and PredictedLabel (1 if the
/// probability is at least 0.5, else 0, [K]).</para>
/// </remarks>
public sealed class PatchTrainingTrainer : ImageClassificationTrainer
{
    private readonly PatchTrainingOptions _options;

    internal PatchTrainingTrainer(IHostEnvironment environment, PatchTrainingOptions options)
        : base(environment, "PatchTraining", options) => _options = options;

    private protected override TrainingOutcome Train(FitRun run, TrainingRecipe recipe, TrainingRows rows)
    {
        TrainingOutcome? onPatches = null;
        if (_options is { SwitchEpoch: > 0, PatchSet: { } set })
        {
            using TrainingRows patches = run.Alone(() => run.ReadPatches(set, _options.PatchLabelColumnName, rows));
            TrainingRecipe first = recipe with
            {
                OnPatches = true,
                Epochs = _options.SwitchEpoch,
                EpochsBefore = 0,
                EpochsAfter = recipe.Epochs,
                Loss = _options.PatchLoss,
                KeepWeights = KeepWeights.Last,
                EarlyStopping = null,
            };
            run.Info($"Phase 1 of 2: the patches of PatchSet, up to epoch {first.Epochs}.");
            onPatches = run.Train(first, patches);
            if (onPatches.End == TrainingEnd.Canceled)
            {
                throw new OperationCanceledException("Training was canceled during the epochs on patches, so there is no model yet.");
            }
        }

        if (onPatches is not null)
        {
            run.Info("Phase 2 of 2: whole images.");
        }

        bool balances = _options is { BalancePositives: true, Loss: BinaryCrossEntropyLoss { PositiveWeights: null } };
        TrainingRecipe second = balances
            ? recipe with
            {
                Loss = new BinaryCrossEntropyLoss { PositiveWeights = BinaryCrossEntropyLoss.Balance(rows.Train.CountImages(), rows.Train.Count) },
            }
            : recipe;
        return run.Train(second, rows, onPatches) with { EarlierHistory = onPatches?.History ?? [] };
    }
}

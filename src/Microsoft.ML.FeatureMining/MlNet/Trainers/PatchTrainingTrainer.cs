using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.MlNet.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Trains an image classifier for any number of classes an image with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks"). Made by
/// <c>mlContext.MultilabelClassification().Trainers.PatchTraining</c>.
/// </summary>
/// <remarks>
/// <para>Up to the switch epoch the network learns to tell patches, the objects cut out of the images, by cross entropy (equation 1) in a branch of their own behind the last convolution: a
/// 4 by 4 grid and three fully connected layers. From then on it learns the whole images by binary cross entropy (equation 2), each class's positives weighted by its negatives, in VGG's own
/// branch, which alone is used for scoring. Reproduces the precision and recall against the switch epoch, and the time that it saves.</para>
/// <para>Input: a label that is a set of classes (a vector of 0 and 1, a vector of names, or text of names parted by commas, semicolons or bars), and pictures as encoded bytes, planar floats or
/// MLImage. Output: Score, each class's probability [K]; PredictedLabel, 1 for those of at least one half, else 0, [K].</para>
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
            using TrainingRows patches = run.ReadPatches(set, _options.PatchLabelColumnName, rows);
            TrainingRecipe first = recipe with
            {
                OnPatches = true,
                Epochs = _options.SwitchEpoch,
                Loss = null,
                LabelSmoothing = _options.LabelSmoothing,
                Keep = KeepWeights.Last,
                EarlyStopping = null,
            };
            onPatches = run.Train(first, patches);
            if (onPatches.End == TrainingEnd.Cancelled)
                throw new OperationCanceledException("The training was cancelled on the patches, before there was a model of whole images.");
        }

        bool balances = _options is { BalancePositives: true, Loss: null };
        TrainingRecipe second = balances ? recipe with { Loss = new BinaryCrossEntropyLoss { PositiveWeights = BinaryCrossEntropyLoss.Balance(rows.Train.CountImages(), rows.Train.Count) } } : recipe;
        return run.Train(second, rows, onPatches?.Weights) with { EarlierHistory = onPatches?.History ?? [] };
    }
}

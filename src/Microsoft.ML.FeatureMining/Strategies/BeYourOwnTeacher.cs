using System.Globalization;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Be your own teacher (Zhang et al. 2019): self-distillation with an exit, an auxiliary classifier, after each stage except the last. An exit learns from the
/// labels and from the deepest classifier. For exit i with logits z_i and features f_i, and the detached logits z and features f of the deepest classifier, the
/// terms are (1 - alpha) criterion(z_i) + alpha * cross entropy of softmax(z_i / T) with softmax(z / T) + beta * |f_i - f|^2, all means over the batch. An exit
/// applies one 3x3 convolution, BatchNorm and ReLU per following stage, so that its features have the shape of the last stage's; then it pools.
/// </summary>
/// <remarks>Table 2 of the Feature Mining paper; set <see cref="EnsembleExits"/>, because that paper ensembles the exits.</remarks>
public sealed record BeYourOwnTeacher : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "byot";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass | StrategyTraits.NeedsPooledEmbedding;

    /// <summary>Alpha, the weight of the teacher term, in [0, 1]. The label term has the weight 1 - alpha.</summary>
    /// <value>0.3.</value>
    [Range(0.0, 1.0)]
    public double Alpha { get; init; } = 0.3;

    /// <summary>The temperature T, above 0. A higher temperature gives a softer teacher distribution.</summary>
    /// <value>3.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 3;

    /// <summary>Beta, the weight of the distance between the features, at least 0.</summary>
    /// <value>0.03.</value>
    [Range(0.0, double.MaxValue)]
    public double HintWeight { get; init; } = 0.03;

    /// <summary>
    /// Whether the exits stay in the model. If true, the model predicts from the mean of the logits of the exits and the deepest classifier, in validation too.
    /// If false, the exits are discarded after training.
    /// </summary>
    /// <value>false.</value>
    public bool EnsembleExits { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (stageCount < 2)
        {
            yield return "byot needs a backbone with at least two stages; this backbone has one.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    private sealed class Run : StrategyRun
    {
        private readonly BeYourOwnTeacher _settings;
        private readonly IReadOnlyList<Exit> _exits;

        public Run(BeYourOwnTeacher settings, StrategyContext context)
        {
            (_settings, _exits) = (settings, context.AddExits(predict: settings.EnsembleExits));
            foreach (Exit exit in _exits)
            {
                context.KeepStage(exit.Stage);
            }
        }

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            foreach (Exit exit in _exits)
            {
                Tensor features = exit.Embed(pass.Stage(exit.Stage)); // [N,C]
                Tensor logits = exit.call(features); // [N,K]
                Add("labels", pass.Criterion.Compute(logits, pass.Batch.Targets), 1 - _settings.Alpha);
                Add("teacher", SoftTargets.CrossEntropy(logits, pass.Logits, _settings.Temperature), _settings.Alpha);
                Add("hint", (features - pass.Embedding.detach()).Pow(2).sum(1).mean(), _settings.HintWeight);

                void Add(string term, Tensor value, double weight) =>
                    ledger.Add(string.Create(CultureInfo.InvariantCulture, $"byot.{exit.Stage}.{term}"), value, weight);
            }
        }
    }
}

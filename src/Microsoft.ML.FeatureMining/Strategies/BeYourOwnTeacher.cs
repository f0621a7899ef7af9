using System.Globalization;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Be your own teacher (Zhang et al. 2019): each stage but the last gets an exit, a classifier of its own, which learns from the labels and from the deepest
/// classifier. For exit i with logits z_i and features f_i, and the deepest ones z and f, taken as they are: (1 - alpha) criterion(z_i) + alpha * cross entropy of
/// softmax(z_i / T) with softmax(z / T) + beta * |f_i - f|^2, all means over the batch. An exit brings the stage's features to the shape of the last stage's by one 3x3 convolution,
/// BatchNorm and ReLU for each stage between, then pools. The exits are thrown away after training, and the deepest classifier predicts alone.
/// </summary>
/// <remarks>For the rows of Table 2 of the Feature Mining paper, which ensembles the exits for prediction, a model would have to keep them.</remarks>
public sealed class BeYourOwnTeacher : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "byot";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <summary>Alpha, the weight of the teacher against the labels, in [0, 1].</summary>
    /// <value>0.3.</value>
    public double Alpha { get; init; } = 0.3;

    /// <summary>T, above 0: the higher, the softer the teacher.</summary>
    /// <value>3.</value>
    public double Temperature { get; init; } = 3;

    /// <summary>Beta, the weight of the features' distance, at least 0.</summary>
    /// <value>0.03.</value>
    public double HintWeight { get; init; } = 0.03;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (stageCount < 2)
        {
            yield return "Be your own teacher needs at least two stages, and this backbone has one.";
        }

        if (!(Alpha is >= 0 and <= 1))
        {
            yield return $"Alpha of be your own teacher lies in [0, 1]; it is {Alpha}.";
        }

        if (!(Temperature > 0 && double.IsFinite(Temperature)))
        {
            yield return $"Temperature of be your own teacher is above 0; it is {Temperature}.";
        }

        if (!(HintWeight >= 0 && double.IsFinite(HintWeight)))
        {
            yield return $"HintWeight of be your own teacher is at least 0; it is {HintWeight}.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>The cross entropy of softened predictions [N,K] with softened ones of a teacher, which is taken as it is.</summary>
    internal static Tensor Imitate(Tensor logits, Tensor teacher, double temperature)
    {
        Tensor soft = (teacher.detach() / temperature).softmax(1);
        return (soft * (logits / temperature).log_softmax(1)).sum(1).mean().neg();
    }

    private sealed class Run : StrategyRun
    {
        private readonly BeYourOwnTeacher _settings;
        private readonly List<Exit> _exits = [];

        public Run(BeYourOwnTeacher settings, StrategyContext context)
        {
            _settings = settings;
            for (int stage = 0; stage < context.Stages.Count - 1; stage++)
            {
                context.KeepStage(stage);
                string name = stage.ToString(CultureInfo.InvariantCulture);
                _exits.Add(new Exit(stage, context.AddModule($"{name}.adapter", Adapter(context.Stages, stage)),
                    context.AddModule($"{name}.fc", nn.Linear(context.Stages[^1].Channels, context.ClassCount))));
            }
        }

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            foreach (Exit exit in _exits)
            {
                Tensor features = ImageNetwork.Pool(exit.Adapter.call(pass.Stage(exit.Stage)));      // [N,C]
                Tensor logits = exit.Classifier.call(features);                                     // [N,K]
                Add("labels", pass.Criterion.Compute(logits, pass.Batch.Targets), 1 - _settings.Alpha);
                Add("teacher", Imitate(logits, pass.Logits, _settings.Temperature), _settings.Alpha);
                Add("hint", (features - pass.Embedding.detach()).square().sum(1).mean(), _settings.HintWeight);

                void Add(string term, Tensor value, double weight) => ledger.Add(string.Create(CultureInfo.InvariantCulture, $"byot.{exit.Stage}.{term}"), value, weight);
            }
        }

        private static Sequential Adapter(IReadOnlyList<StageShape> stages, int from)
        {
            List<nn.Module<Tensor, Tensor>> layers = [];
            for (int to = from + 1; to < stages.Count; to++)
            {
                (long, long) stride = (Ratio(stages[to - 1].Height, stages[to].Height), Ratio(stages[to - 1].Width, stages[to].Width));
                layers.Add(nn.Conv2d(stages[to - 1].Channels, stages[to].Channels, (3, 3), stride, (1, 1), bias: false));
                layers.Add(nn.BatchNorm2d(stages[to].Channels));
                layers.Add(nn.ReLU());
            }

            return nn.Sequential(layers);
        }

        private static int Ratio(int from, int to) => Math.Max((int)Math.Round((double)from / to), 1);
    }

    private sealed record Exit(int Stage, Sequential Adapter, Linear Classifier);
}

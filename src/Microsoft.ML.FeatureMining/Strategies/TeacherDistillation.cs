using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Knowledge distillation (Hinton et al. 2015): the network learns from the labels and from the predictions of a trained model, the teacher. The loss is
/// (1 - alpha) criterion(s, y) + alpha T^2 KL(p || softmax(s / T)), where s are the logits of the network, p = softmax(t / T) for the logits t of the teacher,
/// and KL is the mean over the batch. Of several teachers, p is the mean. Terms of other strategies are added.
/// </summary>
/// <remarks>
/// The teacher sees the same augmented images as the network, converted to its own normalization and input size. It is loaded once per Fit and is not part of
/// the model or of checkpoints. Its classes must be those of the training set; they are matched by name.
/// </remarks>
public sealed record TeacherDistillation : TrainingStrategy
{
    private const char Separator = ';';

    /// <inheritdoc/>
    public override string Key => "teacher-distillation";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <summary>
    /// The path of the teacher: a saved model (.zip), also an ensemble, or a folder written by ExportImageModel. Several paths, separated by semicolons, are
    /// several teachers.
    /// </summary>
    /// <value>null. Required.</value>
    public string? Teacher { get; init; }

    /// <summary>
    /// The SHA-256 of the teacher's files, as hexadecimal digits; of a folder, the hash of manifest.json followed by weights.safetensors. Fit throws if the
    /// files have another hash.
    /// </summary>
    /// <value>null: computed at the start of Fit, for the model's manifest.</value>
    public string? Sha256 { get; init; }

    /// <summary>Alpha, the weight of the teacher term, above 0 and at most 1. The loss of the labels has the weight 1 - alpha.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 0.5;

    /// <summary>The temperature T, above 0. A higher temperature gives a softer teacher distribution.</summary>
    /// <value>4.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 4;

    internal IReadOnlyList<string> Paths => [.. (Teacher ?? "").Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (Paths.Count == 0)
        {
            yield return "Teacher of teacher-distillation is empty. Give the path of a saved model (.zip) or of an exported folder.";
        }

        foreach (string path in Paths.Where(path => !File.Exists(path) && !Directory.Exists(path)))
        {
            yield return $"The teacher '{path}' of teacher-distillation does not exist. Give the path of a saved model (.zip) or of an exported folder.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context.LoadTeacher(Paths));

    /// <summary>These settings with the hash of the teacher's files.</summary>
    /// <exception cref="ArgumentException">The settings have another hash.</exception>
    internal TeacherDistillation WithHash(string hash) =>
        Sha256 is null || Sha256.Equals(hash, StringComparison.OrdinalIgnoreCase)
            ? this with
            {
                Sha256 = hash,
            }
            : throw new ArgumentException(
                $"The teacher '{Teacher}' has the SHA-256 {hash}, but Sha256 of teacher-distillation is {Sha256}. "
                    + "Use the file with that hash, or do not set Sha256."
            );

    /// <summary>T^2 KL(p || softmax(logits / T)), the mean over the batch.</summary>
    /// <param name="logits">[N,K].</param>
    /// <param name="probabilities">p, [N,K], without gradient.</param>
    /// <param name="temperature">T.</param>
    internal static Tensor DistillationLoss(Tensor logits, Tensor probabilities, double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        // p log p is 0 for p = 0.
        Tensor logTeacher = probabilities.ClampMin(float.Epsilon).log();
        Tensor logStudent = logits.Div(temperature).log_softmax(1);
        return (probabilities * (logTeacher - logStudent)).sum(1).mean().Mul(temperature * temperature).MoveToOuterDisposeScope();
    }

    private sealed class Run(TeacherDistillation settings, Teacher teacher) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            Tensor probabilities = teacher.Probabilities(pass.Batch.Images, settings.Temperature);
            ledger.ScaleCriterion(1 - settings.Alpha);
            ledger.Add("teacher-distillation", DistillationLoss(pass.Logits, probabilities, settings.Temperature), settings.Alpha);
        }
    }
}

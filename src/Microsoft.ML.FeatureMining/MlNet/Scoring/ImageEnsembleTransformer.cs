using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// An ensemble of image classifiers. Adds PredictedLabel and Score like <see cref="ImageClassificationTransformer"/>; Score is the weighted mean of the
/// members' probabilities, sum_i w_i p_i / sum_i w_i. Created by <c>mlContext.MulticlassClassification.Ensemble</c>; saved and loaded as one model.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ImageEnsembleTransformer : IScoringTransformer, IDisposable
{
    private const string ModelSignature = "FMENSEMB";
    private const int MaxMembers = 1000;

    private readonly ImageClassificationTransformer[] _members;
    private readonly ImageScoring _scoring;

    /// <param name="members">At least one; the ensemble owns them. The columns are those of the first.</param>
    /// <param name="weights">One weight per member, above 0.</param>
    /// <exception cref="ArgumentException">The members cannot be combined; the message says why.</exception>
    internal ImageEnsembleTransformer(IReadOnlyList<ImageClassificationTransformer> members, IReadOnlyList<double> weights)
    {
        EnsembleCheck.Throw(members, weights);
        (_members, Weights) = ([.. members], [.. weights]);
        double sum = weights.Sum();
        _scoring = new ImageScoring(
            members[0].Settings,
            members[0].Keys,
            [.. members.Zip(weights, (member, weight) => new WeightedScorer(member.Scorer, (float)(weight / sum)))],
            members[0].Environment
        );
    }

    /// <summary>Describes the trained networks.</summary>
    public IReadOnlyList<ImageClassificationModel> Members => [.. _members.Select(member => member.Model)];

    internal IReadOnlyList<ImageClassificationTransformer> Networks => _members;

    /// <summary>The weight of each network's score.</summary>
    public IReadOnlyList<double> Weights { get; }

    /// <summary>True: each row is scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.Extend(inputSchema);

    /// <summary>Scores rows lazily, in batches, while a cursor reads them. An image is decoded once for all networks with the same preprocessing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Returns a mapper that scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.Mapper(inputSchema);

    /// <summary>Releases the memory of all networks, including those of the models that the ensemble was created from.</summary>
    public void Dispose() => Array.ForEach(_members, member => member.Dispose());

    /// <summary>Returns an ensemble with the same networks (not copies) and other settings.</summary>
    IScoringTransformer IScoringTransformer.With(Func<ScoringSettings, ScoringSettings> change) =>
        new ImageEnsembleTransformer([.. _members.Select(member => member.With(change))], Weights);

    /// <summary>Returns an ensemble with copies of the networks and other test-time augmentation.</summary>
    internal ImageEnsembleTransformer With(TestTimeAugmentation views) => new([.. _members.Select(member => member.With(views))], Weights);

    /// <summary>Returns an ensemble with copies of the networks and their temperatures multiplied by a factor.</summary>
    internal ImageEnsembleTransformer WithTemperature(double factor) => new([.. _members.Select(member => member.WithTemperature(factor))], Weights);

    // ML.NET finds this method by reflection (name, return type and parameters) when it loads a model.
    private static ImageEnsembleTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin<ImageEnsembleTransformer>(context, ModelSignature, ModelLoaders.Ensemble);
        int count = reader.ReadInt32();
        if (count is < 1 or > MaxMembers)
        {
            throw new InvalidDataException($"The model file is damaged: the number of ensemble members is {count}.");
        }

        List<ImageClassificationTransformer> members = [];
        List<double> weights = [];
        try
        {
            for (int i = 0; i < count; i++)
            {
                weights.Add(reader.ReadDouble());
                members.Add(Internals.LoadModel<ImageClassificationTransformer>(environment, context, MemberFolder(i)));
            }

            return new ImageEnsembleTransformer(members, weights);
        }
        catch (Exception e)
        {
            members.ForEach(member => member.Dispose());
            if (e is ArgumentException)
            {
                throw new InvalidDataException($"The model file is damaged: {e.Message}", e);
            }

            throw;
        }
    }

    // Writes the weight of each network, and each network as a nested model.
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        BinaryWriter writer = Internals.Begin<ImageEnsembleTransformer>(ctx, ModelSignature, ModelLoaders.Ensemble);
        writer.Write(_members.Length);
        for (int i = 0; i < _members.Length; i++)
        {
            writer.Write(Weights[i]);
            Internals.SaveModel(ctx, _members[i], MemberFolder(i));
        }
    }

    private static string MemberFolder(int index) => FormattableString.Invariant($"Member_{index:000}");
}

/// <summary>Checks whether classifiers can form an ensemble.</summary>
internal static class EnsembleCheck
{
    /// <exception cref="ArgumentException">They cannot; the message says why and counts models from 1.</exception>
    public static void Throw(IReadOnlyList<ImageClassificationTransformer> members, IReadOnlyList<double> weights)
    {
        if (members.Count == 0)
        {
            throw new ArgumentException("An ensemble needs at least one model.");
        }

        if (weights.Count != members.Count)
        {
            throw new ArgumentException($"There are {members.Count} models and {weights.Count} weights; give one weight per model.");
        }

        if (!weights.All(weight => weight > 0 && double.IsFinite(weight)))
        {
            throw new ArgumentException(
                "The weights of an ensemble must be finite and above 0; "
                    + $"they are {string.Join(", ", weights.Select(weight => FormattableString.Invariant($"{weight}")))}."
            );
        }

        for (int i = 1; i < members.Count; i++)
        {
            if (Problem(members[0], members[i]) is { } problem)
            {
                throw new ArgumentException($"Model {i + 1} cannot form an ensemble with model 1: {problem}");
            }
        }
    }

    private static string? Problem(ImageClassificationTransformer first, ImageClassificationTransformer other)
    {
        if (!other.Keys.Matches(first.Keys))
        {
            return $"{Difference(first.Keys.Names, other.Keys.Names)} Train all models with the same keys from MapValueToKey.";
        }

        if (other.Scorer.IsMultilabel != first.Scorer.IsMultilabel)
        {
            return "one is multiclass, the other multi-label.";
        }

        if (other.Scorer.Element != first.Scorer.Element)
        {
            return "one takes images, the other planar floats.";
        }

        return first.Scorer.Element == PixelType.Single && other.Scorer.Input != first.Scorer.Input
            ? $"its input is planar floats of {other.Scorer.Input}, that of model 1 is {first.Scorer.Input}."
            : null;
    }

    private static string Difference(IReadOnlyList<string> first, IReadOnlyList<string> other)
    {
        if (first.Count != other.Count)
        {
            return $"it has {other.Count} classes, model 1 has {first.Count}.";
        }

        int at = Enumerable.Range(0, first.Count).FirstOrDefault(i => first[i] != other[i], -1);
        return at < 0 ? "its class values have another type." : $"its class {at + 1} is '{other[at]}', that of model 1 is '{first[at]}'.";
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Several image classifiers that score as one: adds PredictedLabel and Score as <see cref="ImageClassificationTransformer"/> does, Score being the weighted mean of their
/// probabilities, sum_i w_i p_i / sum_i w_i. Made by <c>mlContext.MulticlassClassification.Ensemble</c>; saved by <c>mlContext.Model.Save</c> as one model and loaded by <c>Load</c>.
/// </summary>
/// <remarks>Any number of threads may score with it at once.</remarks>
public sealed class ImageEnsembleTransformer : ITransformer, IDisposable
{
    private const string ModelSignature = "FMENSEMB";
    private const int MaxMembers = 1000;

    private readonly ImageClassificationTransformer[] _members;
    private readonly ImageScoring _scoring;

    /// <param name="members">At least one; owned from here on. Their columns are those of the first.</param>
    /// <param name="weights">One a member, above 0.</param>
    /// <exception cref="ArgumentException">They do not go together; the message says why.</exception>
    internal ImageEnsembleTransformer(IReadOnlyList<ImageClassificationTransformer> members, IReadOnlyList<double> weights)
    {
        EnsembleCheck.Throw(members, weights);
        (_members, Weights) = ([.. members], [.. weights]);
        double sum = weights.Sum();
        _scoring = new ImageScoring(
            members[0].Settings, members[0].Keys, [.. members.Zip(weights, (member, weight) => new WeightedScorer(member.Scorer, (float)(weight / sum)))]);
    }

    /// <summary>What the networks say of themselves.</summary>
    public IReadOnlyList<ImageClassificationModel> Members => [.. _members.Select(member => member.Model)];

    internal IReadOnlyList<ImageClassificationTransformer> Networks => _members;

    /// <summary>The weight of each network's score.</summary>
    public IReadOnlyList<double> Weights { get; }

    /// <summary>True: each row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.Extend(inputSchema);

    /// <summary>Scores rows as they are asked for, in batches; nothing is kept. A picture is decoded once for all networks that take it alike.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.Mapper(inputSchema);

    /// <summary>Frees the memory of all its networks, which are those of the models that it was made of.</summary>
    public void Dispose() => Array.ForEach(_members, member => member.Dispose());

    /// <summary>The same networks, in the same memory; images that cannot be read get NaN scores.</summary>
    internal ImageEnsembleTransformer Skipping() => new([.. _members.Select(member => member.Skipping())], Weights);

    /// <summary>The same networks with other views, in memory of their own.</summary>
    internal ImageEnsembleTransformer With(TestTimeAugmentation views) => new([.. _members.Select(member => member.With(views))], Weights);

    // ML.NET calls this, by its name, its return type and these parameters, when it loads a model.
    private static ImageEnsembleTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin(context, ModelSignature, Internals.EnsembleLoaderSignature);
        int count = reader.ReadInt32();
        if (count is < 1 or > MaxMembers)
        {
            throw new InvalidDataException($"The model is damaged: an ensemble has no {count} members.");
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
                throw new InvalidDataException($"The model is damaged: {e.Message}", e);
            }

            throw;
        }
    }

    // The weight of each network, and each network as the model that it is.
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        BinaryWriter writer = Internals.Begin(ctx, ModelSignature, Internals.EnsembleLoaderSignature);
        writer.Write(_members.Length);
        for (int i = 0; i < _members.Length; i++)
        {
            writer.Write(Weights[i]);
            Internals.SaveModel(ctx, _members[i], MemberFolder(i));
        }
    }

    private static string MemberFolder(int index) => FormattableString.Invariant($"Member_{index:000}");
}

/// <summary>Whether classifiers can score as one.</summary>
internal static class EnsembleCheck
{
    /// <exception cref="ArgumentException">They cannot; the message says why. Models are counted from 1.</exception>
    public static void Throw(IReadOnlyList<ImageClassificationTransformer> members, IReadOnlyList<double> weights)
    {
        if (members.Count == 0)
            throw new ArgumentException("An ensemble takes at least one model.");
        if (weights.Count != members.Count)
            throw new ArgumentException($"There are {members.Count} models and {weights.Count} weights; each model has one.");
        if (!weights.All(weight => weight > 0 && double.IsFinite(weight)))
            throw new ArgumentException($"The weights are above 0; they are {string.Join(", ", weights.Select(weight => FormattableString.Invariant($"{weight}")))}.");
        for (int i = 1; i < members.Count; i++)
        {
            if (Problem(members[0], members[i]) is { } problem)
                throw new ArgumentException($"Model {i + 1} cannot score with model 1: {problem}");
        }
    }

    private static string? Problem(ImageClassificationTransformer first, ImageClassificationTransformer other)
    {
        if (!other.Keys.Matches(first.Keys))
            return $"{Difference(first.Keys.Names, other.Keys.Names)} Models go together where MapValueToKey gave all of them the same keys.";
        if (other.Scorer.IsMultilabel != first.Scorer.IsMultilabel)
            return "one gives a picture one class, the other any number of them.";
        if (other.Scorer.Element != first.Scorer.Element)
            return "one takes pictures, the other planar floats.";
        return first.Scorer.Element == PixelType.Single && other.Scorer.Input != first.Scorer.Input
            ? $"it takes planar floats of {other.Scorer.Input}, the other of {first.Scorer.Input}."
            : null;
    }

    private static string Difference(IReadOnlyList<string> first, IReadOnlyList<string> other)
    {
        if (first.Count != other.Count)
            return $"it tells {other.Count} classes apart, the other {first.Count}.";
        int at = Enumerable.Range(0, first.Count).FirstOrDefault(i => first[i] != other[i], -1);
        return at < 0 ? "its classes are of another type." : $"its class {at + 1} is '{other[at]}', the other's is '{first[at]}'.";
    }
}

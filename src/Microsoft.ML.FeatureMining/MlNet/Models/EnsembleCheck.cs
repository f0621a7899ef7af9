using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Models;

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

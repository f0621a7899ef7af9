using System.Globalization;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>Heads by name. A family is one entry; its settings are part of the key.</summary>
public static class HeadCatalog
{
    private const string SplitAndShare = @"^ssm(?:-([2-9]|[1-9]\d))?(-individual)?(-all)?(?:-only-(\d\d?))?$";

    private static readonly Family[] Families =
    [
        new("linear[-dropout-{p}]", @"^linear(?:-dropout-(0?\.\d+))?$", ["linear"],
            (match, backbone, classes) => Linear(match, backbone, classes, ImageNetwork.Pool)),
        new("dual-pool[-dropout-{p}]", @"^dual-pool(?:-dropout-(0?\.\d+))?$", ["dual-pool"],
            (match, backbone, classes) => Linear(match, backbone, classes, DualPool.Of)),
        new("{2 to 9}fc", "^([2-9])fc$", ["2fc", "3fc"],
            (match, backbone, classes) => new ParallelHead(backbone.StageChannels[^1], classes, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))),
        new("ssm[-{splits}][-individual][-all][-only-{number}]", SplitAndShare, ["ssm", "ssm-individual", "ssm-all", "ssm-2", "ssm-8"],
            (match, backbone, classes) => new SplitAndShareHead(backbone.StageChannels[^1], classes,
                match.Groups[1].Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 4, match.Groups[2].Success, match.Groups[3].Success,
                match.Groups[4].Success ? int.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture) : null)),
        new("vgg", "^vgg$", ["vgg"], (_, backbone, classes) => new VggHead(backbone.StageChannels[^1], classes)),
        new("vgg-patches[-{hidden}]", @"^vgg-patches(?:-([1-9]\d{0,4}))?$", ["vgg-patches", "vgg-patches-256"], (match, backbone, classes) => new PatchBranchHead(
            backbone.StageChannels[^1], classes, match.Groups[1].Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : VggClassifier.Hidden)),
    ];

    private static readonly Registry<Func<int, int, Head>> Registered = new("head");

    /// <summary>The named variants, and what was registered. Where a family has settings in its key, any valid setting may be asked for, not just those listed.</summary>
    public static IReadOnlyList<string> Keys => [.. Families.SelectMany(family => family.Keys), .. Registered.Keys];

    /// <summary>
    /// Adds a head of your own, so that trainers know it by its key. A saved model names its head by this key: a program that loads the model registers the head first. Safe to call from any thread.
    /// </summary>
    /// <param name="key">The key, e.g. <c>cosine</c>: letters, digits, hyphens, underscores and dots.</param>
    /// <param name="create">Makes a new head at each call, for features of so many channels C and for so many classes K: <c>(channels, classes) => new CosineHead(channels, classes)</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters.</exception>
    public static void Register(string key, Func<int, int, Head> create)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Find(key) is not null)
        {
            throw Registered.Taken(key);
        }

        Registered.Register(key, create);
    }

    /// <summary>Makes the head of that name for a backbone.</summary>
    /// <exception cref="ArgumentException">No head has that name.</exception>
    internal static Head Create(string key, Backbone backbone, int classes) =>
        Find(key) is ({ } family, { } match) ? family.Create(match, backbone, classes)
        : Registered.Find(key) is { } create ? create(backbone.StageChannels[^1], classes)
        : throw new ArgumentException(Problem(key));

    /// <summary>Whether a name is that of a head that was registered.</summary>
    internal static bool IsRegistered(string key) => Registered.Find(key) is not null;

    /// <summary>Whether a name is that of classifiers which share features, and whose average is scored.</summary>
    internal static bool IsSplitAndShare(string key) => Regex.Match(key, SplitAndShare, RegexOptions.CultureInvariant) is { Success: true } match && !match.Groups[4].Success;

    /// <summary>Says what is wrong with a name, or null where it names a head.</summary>
    internal static string? Problem(string key) => Find(key) is not null || IsRegistered(key)
        ? null
        : $"No head is called '{key}'. Known: {string.Join(", ", Families.Select(family => family.Name).Concat(Registered.Keys))}. "
            + $"One of your own is registered before a trainer or a saved model needs it: HeadCatalog.Register(\"{key}\", (channels, classes) => ...).";

    private static (Family Family, Match Match)? Find(string key)
    {
        foreach (Family family in Families)
        {
            if (Regex.Match(key, family.Pattern, RegexOptions.CultureInvariant) is { Success: true } match)
            {
                return (family, match);
            }
        }

        return null;
    }

    private static LinearHead Linear(Match match, Backbone backbone, int classes, Func<Tensor, Tensor> pool) => new(
        backbone.StageChannels[^1], classes, backbone.ClassifierName,
        match.Groups[1].Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : backbone.ClassifierDropout, pool);

    private sealed record Family(string Name, string Pattern, string[] Keys, Func<Match, Backbone, int, Head> Create);
}

using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks.Backbones;
using Microsoft.ML.FeatureMining.Networks.Layers;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Backbones by name. A family is one entry; its sizes are part of the key.</summary>
public static class BackboneCatalog
{
    private static readonly Family[] Families =
    [
        new("cifar-resnet-{depth}[-bottleneck]", @"^cifar-resnet-(\d{1,4})(-bottleneck)?$",
            ["cifar-resnet-20", "cifar-resnet-32", "cifar-resnet-44", "cifar-resnet-56", "cifar-resnet-110", "cifar-resnet-164",
             "cifar-resnet-56-bottleneck", "cifar-resnet-110-bottleneck", "cifar-resnet-164-bottleneck"],
            (match, channels, layers) => new CifarResNet(
                int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Success, channels, layers)),
    ];

    /// <summary>The named variants. Where a family has sizes in its key, any valid size may be asked for, not just those listed.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Families.SelectMany(family => family.Keys)];

    /// <summary>Makes the backbone of that name for images of so many channels.</summary>
    /// <exception cref="ArgumentException">No backbone has that name, or the family has no such size.</exception>
    internal static Backbone Create(string key, int inputChannels, LayerFactory layers)
    {
        foreach (Family family in Families)
        {
            if (Regex.Match(key, family.Pattern, RegexOptions.CultureInvariant) is { Success: true } match)
            {
                return family.Create(match, inputChannels, layers);
            }
        }

        throw new ArgumentException($"No backbone is called '{key}'. Known: {string.Join(", ", Families.Select(family => family.Name))}.");
    }

    /// <summary>Says what is wrong with a name, or null where it names a backbone.</summary>
    internal static string? Problem(string key)
    {
        try
        {
            using Backbone probe = Create(key, inputChannels: 1, new LayerFactory());
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    /// <summary>How many stages the backbone of that name has.</summary>
    internal static int StageCount(string key)
    {
        using Backbone probe = Create(key, inputChannels: 1, new LayerFactory());
        return probe.StageChannels.Count;
    }

    private sealed record Family(string Name, string Pattern, string[] Keys, Func<Match, int, LayerFactory, Backbone> Create);
}

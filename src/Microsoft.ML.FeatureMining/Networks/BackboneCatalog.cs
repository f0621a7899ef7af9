using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Backbones by name. A family is one entry; its sizes are part of the key.</summary>
public static class BackboneCatalog
{
    // Behind the keys of networks for large images: a stem for images of 32 or 64 pixels.
    private const string Stem = "(?<small>-cifar-stem)?$";

    private static readonly Family[] Families =
    [
        new("cifar-resnet-{depth}[-bottleneck][-preact]", @"^cifar-resnet-(?<depth>\d{1,4})(?<bottleneck>-bottleneck)?$",
            [.. Sizes("cifar-resnet-{0}", "20", "32", "44", "56", "110", "164"), .. Sizes("cifar-resnet-{0}-bottleneck", "56", "110", "164")],
            (key, channels, layers) => CifarResNet.Plain(key.Number("depth"), key.Has("bottleneck"), channels, layers)),
        new("", @"^cifar-resnet-(?<depth>\d{1,4})(?<bottleneck>-bottleneck)?-preact$",
            [.. Sizes("cifar-resnet-{0}-preact", "20", "56", "110"), .. Sizes("cifar-resnet-{0}-bottleneck-preact", "110", "164")],
            (key, channels, layers) => CifarResNet.PreActivation(key.Number("depth"), key.Has("bottleneck"), channels, layers)),
        new("wrn-{depth}-{widening}[-dropout-{p}]", @"^wrn-(?<depth>\d{2,3})-(?<widening>\d{1,2})(-dropout-(?<dropout>0?\.\d+))?$", ["wrn-28-10"],
            (key, channels, layers) => CifarResNet.Wide(key.Number("depth"), key.Number("widening"), key.Fraction("dropout"), channels, layers)),
        new("pyramidnet-{depth}-a{alpha}[-bottleneck]", @"^pyramidnet-(?<depth>\d{2,3})-a(?<alpha>\d{1,4})(?<bottleneck>-bottleneck)?$",
            ["pyramidnet-110-a270", "pyramidnet-164-a270-bottleneck"],
            (key, channels, layers) => PyramidNet.Of(key.Number("depth"), key.Number("alpha"), key.Has("bottleneck"), channels, layers)),
        new("densenet-[bc-]{depth}-{growth}", @"^densenet-(?<bottleneck>bc-)?(?<depth>\d{1,3})-(?<growth>\d{1,3})$", ["densenet-100-12", "densenet-bc-100-12"],
            (key, channels, layers) => new DenseNet(DenseNetShape.OfDepth(key.Number("depth"), key.Number("growth"), key.Has("bottleneck")), channels, layers)),
        new("densenet-121[-cifar-stem]", "^densenet-121" + Stem, ["densenet-121"],
            (key, channels, layers) => new DenseNet(DenseNetShape.Of121(key.Has("small")), channels, layers)),
        new("resnet-{18|34|50|101|152}[-cifar-stem]", "^resnet-(?<depth>18|34|50|101|152)" + Stem, Sizes("resnet-{0}", "18", "34", "50", "101", "152"),
            (key, channels, layers) => ResNetFamily.ResNet(key.Number("depth"), key.Has("small"), channels, layers)),
        new("resnext-{14|26|50|101|152}-{groups}x{width}d[-cifar-stem]", @"^resnext-(?<depth>14|26|50|101|152)-(?<groups>\d{1,3})x(?<width>\d{1,3})d" + Stem,
            Sizes("resnext-{0}", "50-32x4d", "101-32x4d", "101-32x8d"),
            (key, channels, layers) => ResNetFamily.ResNeXt(key.Number("depth"), key.Cardinality, key.Has("small"), channels, layers)),
        new("resnest-{14|26|50|101|200}[-cifar-stem]", "^resnest-(?<depth>14|26|50|101|200)" + Stem, Sizes("resnest-{0}", "50", "101", "200"),
            (key, channels, layers) => ResNetFamily.ResNeSt(key.Number("depth"), key.Has("small"), channels, layers)),
        new("d-resnext-{14|26|50|101}-{groups}x{width}d[-cifar-stem]", @"^d-resnext-(?<depth>14|26|50|101)-(?<groups>\d{1,3})x(?<width>\d{1,3})d" + Stem, ["d-resnext-50-32x4d"],
            (key, channels, layers) => ResNetFamily.Dual(key.Number("depth"), key.Cardinality, key.Has("small"), channels, layers)),
        new("{sk|dsk}-resnext-{14|26|50|101}-{groups}x{width}d[-depthwise][-no-blur][-cifar-stem]",
            @"^(?<dual>d)?sk-resnext-(?<depth>14|26|50|101)-(?<groups>\d{1,3})x(?<width>\d{1,3})d(?<depthwise>-depthwise)?(?<sharp>-no-blur)?" + Stem,
            ["sk-resnext-50-32x4d", "sk-resnext-50-32x4d-no-blur", "dsk-resnext-50-32x4d", "dsk-resnext-101-32x4d"],
            (key, channels, layers) => key.Has("dual")
                ? ResNetFamily.DualSelectiveKernel(key.Number("depth"), key.Cardinality, key.Kernels, key.Has("small"), channels, layers)
                : ResNetFamily.SelectiveKernel(key.Number("depth"), key.Cardinality, key.Kernels, key.Has("small"), channels, layers)),
        new("vgg-{11|13|16|19}[-bn][-cifar-stem]", "^vgg-(?<depth>11|13|16|19)(?<bn>-bn)?" + Stem, ["vgg-11", "vgg-16", "vgg-16-bn"],
            (key, channels, layers) => new Vgg(key.Number("depth"), key.Has("bn"), key.Has("small"), channels, layers)),
        new("efficientnet-{b0 to b7}[-cifar-stem]", "^efficientnet-(?<size>b[0-7])" + Stem, Sizes("efficientnet-{0}", "b0", "b3", "b5", "b6"),
            (key, channels, layers) => new EfficientNet(EfficientNetScale.Of(key.Text("size")), key.Has("small"), channels, layers)),
    ];

    private static readonly Registry<Func<int, Backbone>> Registered = new("backbone");

    private static readonly ConcurrentDictionary<(string Key, int Channels), IReadOnlyList<int>> StageChannelsOf = new();

    /// <summary>The named variants, and what was registered. Where a family has sizes in its key, any valid size may be asked for, not just those listed.</summary>
    public static IReadOnlyList<string> Keys => [.. Families.SelectMany(family => family.Keys), .. Registered.Keys];

    /// <summary>Makes the backbone of a key, with PyTorch's default weights; to build one of your own around it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="inputChannels">The channels of the images, at least 1.</param>
    /// <exception cref="ArgumentException">No backbone has that key, or the family has no such size.</exception>
    public static Backbone Create(string key, int inputChannels) => Create(key, inputChannels, new LayerFactory());

    /// <summary>
    /// Adds a backbone of your own, so that trainers know it by its key. A saved model names its backbone by this key: a program that loads the model registers the backbone first. Safe to call from any
    /// thread.
    /// </summary>
    /// <param name="key">The key, e.g. <c>my-net-18</c>: letters, digits, hyphens, underscores and dots.</param>
    /// <param name="create">Makes a new backbone for images of so many channels, at each call, e.g. <c>channels => new MyNet(18, channels)</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters.</exception>
    public static void Register(string key, Func<int, Backbone> create)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Find(key) is not null)
        {
            throw Registered.Taken(key);
        }

        Registered.Register(key, create);
    }

    /// <summary>Makes the backbone of that name for images of so many channels.</summary>
    /// <exception cref="ArgumentException">No backbone has that name, or the family has no such size.</exception>
    internal static Backbone Create(string key, int inputChannels, LayerFactory layers) =>
        Find(key) is ({ } family, { } match) ? family.Create(new BackboneKey(match), inputChannels, layers)
        : Registered.Find(key) is { } create ? create(inputChannels)
        : throw new ArgumentException($"No backbone is called '{key}'.{Spelling.Hint(key, Keys)} Known: {string.Join(", ", Families.Select(family => family.Name).Where(name => name.Length > 0).Concat(Registered.Keys))}. "
            + $"One of your own is registered before a trainer or a saved model needs it: BackboneCatalog.Register(\"{key}\", channels => ...).");

    /// <summary>The key of a backbone that is spelled as timm or torchvision do: <c>resnext50_32x4d</c> is <c>resnext-50-32x4d</c>. A name that is a key, or none, is returned as it is.</summary>
    internal static string Canonical(string name)
    {
        if (name is null || Find(name) is not null || IsRegistered(name))
        {
            return name!;
        }

        string key = Regex.Replace(Spelling.Hyphenated(name), @"(?<=[a-z]{3})(?=\d)", "-");
        key = Regex.Replace(key, "^skresnext", "sk-resnext");
        key = Regex.Replace(key, "^wide-resnet", "wrn");
        key = Regex.Replace(key, @"^(resnest-\d+)[de]$", "$1");
        return Find(key) is not null || IsRegistered(key) ? key : name;
    }

    /// <summary>Whether a name is that of a backbone that was registered.</summary>
    internal static bool IsRegistered(string key) => Registered.Find(key) is not null;

    /// <summary>Says what is wrong with a name for images of so many channels, or null where it names a backbone.</summary>
    internal static string? Problem(string key, int inputChannels)
    {
        try
        {
            return StageChannels(key, inputChannels).Count > 0 ? null : $"The backbone '{key}' has no stage: its StageChannels are empty.";
        }
        catch (Exception e) when (e is ArgumentException || IsRegistered(key))
        {
            return IsRegistered(key) ? $"The backbone '{key}' cannot be made for {inputChannels} channels: {e.Message}" : e.Message;
        }
    }

    /// <summary>The channels of each stage of the backbone of that name. Made once and kept: some backbones have a hundred million weights. Those of this library take any number of input channels; others may not.</summary>
    internal static IReadOnlyList<int> StageChannels(string key, int inputChannels) => StageChannelsOf.GetOrAdd((key, IsRegistered(key) ? Math.Max(1, inputChannels) : 1), static IReadOnlyList<int> (entry) =>
    {
        using Backbone probe = ModuleScope.Make(() => Create(entry.Key, entry.Channels, new LayerFactory()));
        return [.. probe.StageChannels];
    });

    private static (Family Family, Match Match)? Find(string key)
    {
        foreach (Family family in Families)
        {
            if (Regex.Match(key, family.Pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture) is { Success: true } match)
            {
                return (family, match);
            }
        }

        return null;
    }

    private static string[] Sizes(string format, params string[] sizes) => [.. sizes.Select(size => string.Format(CultureInfo.InvariantCulture, format, size))];

    private sealed record Family(string Name, string Pattern, string[] Keys, Func<BackboneKey, int, LayerFactory, Backbone> Create);
}

/// <summary>The parts of a backbone's name, by the names of the groups in its family's pattern.</summary>
internal sealed class BackboneKey(Match match)
{
    /// <summary>The "32x4d" of a ResNeXt.</summary>
    /// <exception cref="ArgumentException">There are no groups, or they are empty.</exception>
    public Cardinality Cardinality => Number("groups") >= 1 && Number("width") >= 1
        ? new Cardinality(Number("groups"), Number("width"))
        : throw new ArgumentException($"'{match.Value}': a ResNeXt has at least one group, of at least one channel.");

    /// <summary>How to read "SK".</summary>
    public SelectiveKernelKind Kernels => new(Blurred: !Has("sharp"), Depthwise: Has("depthwise"));

    public bool Has(string part) => match.Groups[part].Success;

    public string Text(string part) => match.Groups[part].Value;

    public int Number(string part) => int.Parse(Text(part), CultureInfo.InvariantCulture);

    /// <summary>0 where it is not given.</summary>
    public double Fraction(string part) => Has(part) ? double.Parse(Text(part), CultureInfo.InvariantCulture) : 0;
}

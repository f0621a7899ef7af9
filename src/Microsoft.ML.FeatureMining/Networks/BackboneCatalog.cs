using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Parts;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>Backbones by key. The key of a family includes the size, e.g. <c>resnet-50</c>.</summary>
public static class BackboneCatalog
{
    // The suffix that selects the stem for images of 32 or 64 pixels.
    private const string Stem = "(?<small>-cifar-stem)?$";

    // No built-in network needs larger images.
    private const int MaxLeastSide = 128;

    private static readonly Family[] Families =
    [
        new(
            "cifar-resnet-{depth}[-bottleneck][-preact]",
            @"^cifar-resnet-(?<depth>\d{1,4})(?<bottleneck>-bottleneck)?$",
            [.. Sizes("cifar-resnet-{0}", "20", "32", "44", "56", "110", "164"), .. Sizes("cifar-resnet-{0}-bottleneck", "56", "110", "164")],
            (key, channels, layers) => CifarResNet.Plain(key.Number("depth"), key.Has("bottleneck"), channels, layers)
        ),
        new(
            "",
            @"^cifar-resnet-(?<depth>\d{1,4})(?<bottleneck>-bottleneck)?-preact$",
            [.. Sizes("cifar-resnet-{0}-preact", "20", "56", "110"), .. Sizes("cifar-resnet-{0}-bottleneck-preact", "110", "164")],
            (key, channels, layers) => CifarResNet.PreActivation(key.Number("depth"), key.Has("bottleneck"), channels, layers)
        ),
        new(
            "wrn-{depth}-{widening}[-dropout-{p}]",
            @"^wrn-(?<depth>\d{2,3})-(?<widening>\d{1,2})(-dropout-(?<dropout>0?\.\d+))?$",
            ["wrn-28-10"],
            (key, channels, layers) => CifarResNet.Wide(key.Number("depth"), key.Number("widening"), key.Fraction("dropout"), channels, layers)
        ),
        new(
            "pyramidnet-{depth}-a{alpha}[-bottleneck]",
            @"^pyramidnet-(?<depth>\d{2,3})-a(?<alpha>\d{1,4})(?<bottleneck>-bottleneck)?$",
            ["pyramidnet-110-a270", "pyramidnet-164-a270-bottleneck"],
            (key, channels, layers) => PyramidNet.Of(key.Number("depth"), key.Number("alpha"), key.Has("bottleneck"), channels, layers)
        ),
        new(
            "densenet-[bc-]{depth}-{growth}",
            @"^densenet-(?<bottleneck>bc-)?(?<depth>\d{1,3})-(?<growth>\d{1,3})$",
            ["densenet-100-12", "densenet-bc-100-12"],
            (key, channels, layers) => new DenseNet(DenseNetShape.OfDepth(key.Number("depth"), key.Number("growth"), key.Has("bottleneck")), channels, layers)
        ),
        new(
            "densenet-121[-cifar-stem]",
            "^densenet-121" + Stem,
            ["densenet-121"],
            (key, channels, layers) => new DenseNet(DenseNetShape.Of121(key.Has("small")), channels, layers)
        ),
        new(
            "resnet-{18|34|50|101|152}[-cifar-stem]",
            "^resnet-(?<depth>18|34|50|101|152)" + Stem,
            Sizes("resnet-{0}", "18", "34", "50", "101", "152"),
            (key, channels, layers) => ResNetFamily.ResNet(key.Number("depth"), key.Has("small"), channels, layers)
        ),
        new(
            "resnet-18-2223[-cifar-stem]",
            "^resnet-18-2223" + Stem,
            ["resnet-18-2223"],
            (key, channels, layers) => ResNetFamily.ResNet18With3Blocks(key.Has("small"), channels, layers)
        ),
        new(
            "resnext-{14|26|50|101|152}-{groups}x{width}d[-cifar-stem]",
            @"^resnext-(?<depth>14|26|50|101|152)-(?<groups>\d{1,3})x(?<width>\d{1,3})d" + Stem,
            Sizes("resnext-{0}", "50-32x4d", "101-32x4d", "101-32x8d"),
            (key, channels, layers) => ResNetFamily.ResNeXt(key.Number("depth"), key.Cardinality, key.Has("small"), channels, layers)
        ),
        new(
            "resnest-{14|26|50|101|200}[-cifar-stem]",
            "^resnest-(?<depth>14|26|50|101|200)" + Stem,
            Sizes("resnest-{0}", "50", "101", "200"),
            (key, channels, layers) => ResNetFamily.ResNeSt(key.Number("depth"), key.Has("small"), channels, layers)
        ),
        new(
            "d-resnext-{14|26|50|101}-{groups}x{width}d[-cifar-stem]",
            @"^d-resnext-(?<depth>14|26|50|101)-(?<groups>\d{1,3})x(?<width>\d{1,3})d" + Stem,
            ["d-resnext-50-32x4d"],
            (key, channels, layers) => ResNetFamily.Dual(key.Number("depth"), key.Cardinality, key.Has("small"), channels, layers)
        ),
        new(
            "{sk|dsk}-resnext-{14|26|50|101}-{groups}x{width}d[-depthwise][-no-blur][-cifar-stem]",
            @"^(?<dual>d)?sk-resnext-(?<depth>14|26|50|101)-(?<groups>\d{1,3})x(?<width>\d{1,3})d(?<depthwise>-depthwise)?(?<sharp>-no-blur)?" + Stem,
            ["sk-resnext-50-32x4d", "sk-resnext-50-32x4d-no-blur", "dsk-resnext-50-32x4d", "dsk-resnext-101-32x4d"],
            (key, channels, layers) =>
                key.Has("dual")
                    ? ResNetFamily.DualSelectiveKernel(key.Number("depth"), key.Cardinality, key.Kernels, key.Has("small"), channels, layers)
                    : ResNetFamily.SelectiveKernel(key.Number("depth"), key.Cardinality, key.Kernels, key.Has("small"), channels, layers)
        ),
        new(
            "vgg-{11|13|16|19}[-bn][-cifar-stem]",
            "^vgg-(?<depth>11|13|16|19)(?<bn>-bn)?" + Stem,
            ["vgg-11", "vgg-16", "vgg-16-bn"],
            (key, channels, layers) => new Vgg(key.Number("depth"), key.Has("bn"), key.Has("small"), channels, layers)
        ),
        new(
            "efficientnet-{b0 to b7}[-cifar-stem]",
            "^efficientnet-(?<size>b[0-7])" + Stem,
            Sizes("efficientnet-{0}", "b0", "b3", "b5", "b6"),
            (key, channels, layers) => new EfficientNet(EfficientNetScale.Of(key.Text("size")), key.Has("small"), channels, layers)
        ),
    ];

    private static readonly Registry<Func<int, Backbone>> Registered = new("backbone");

    private static readonly ConcurrentDictionary<(string Key, int Channels), BackboneFacts> FactsOf = new();

    /// <summary>The usual sizes of each family, and the registered keys. Other valid sizes of a family also work, although they are not listed.</summary>
    public static IReadOnlyList<string> Keys => [.. Families.SelectMany(family => family.Keys), .. Registered.Keys];

    /// <summary>Creates the backbone of a key, initialized with PyTorch's defaults. Use it to build your own backbone from an existing one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="inputChannels">The number of channels of the images, at least 1.</param>
    /// <exception cref="ArgumentException">There is no backbone with this key, or the family does not have this size.</exception>
    public static Backbone Create(string key, int inputChannels)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Create(key, inputChannels, new LayerFactory());
    }

    /// <summary>
    /// Registers your own backbone under a key, for trainer options and the command line. Saved models refer to it by this key: a program that loads such a
    /// model must register the backbone first. Thread-safe.
    /// </summary>
    /// <param name="key">The key, e.g. <c>my-net-18</c>: letters, digits, hyphens, underscores and dots.</param>
    /// <param name="create">
    /// Returns a new backbone on each call. Its parameter is the number of channels of the images, e.g. <c>channels => new MyNet(18, channels)</c>.
    /// </param>
    /// <exception cref="ArgumentException">The key is already in use, or contains other characters.</exception>
    public static void Register(string key, Func<int, Backbone> create)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Find(key) is not null)
        {
            throw Registered.Taken(key);
        }

        Registered.Register(key, create);
    }

    /// <summary>Creates the backbone of a key for images with a number of channels.</summary>
    /// <exception cref="ArgumentException">There is no backbone with this key, or the family does not have this size.</exception>
    internal static Backbone Create(string key, int inputChannels, LayerFactory layers) =>
        Find(key) is ({ } family, { } match) ? family.Create(new BackboneKey(match), inputChannels, layers)
        : Registered.Find(key) is { } create ? create(inputChannels)
        : throw new ArgumentException(
            // A suggestion is shorter than all patterns.
            (
                Spelling.Hint(key, Keys) is { Length: > 0 } hint
                    ? $"Unknown backbone '{key}'.{hint} "
                    : $"Unknown backbone '{key}'. Known: "
                        + $"{string.Join(", ", Families.Select(family => family.Name).Where(name => name.Length > 0).Concat(Registered.Keys))}. "
            ) + $"Register your own before you create a trainer or load a model: BackboneCatalog.Register(\"{key}\", channels => ...)."
        );

    /// <summary>
    /// Converts a name in the spelling of timm or torchvision to a key: <c>resnext50_32x4d</c> to <c>resnext-50-32x4d</c>. Keys and unknown names are returned
    /// unchanged.
    /// </summary>
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

    /// <summary>Whether a key was registered by the user.</summary>
    internal static bool IsRegistered(string key) => Registered.Find(key) is not null;

    /// <summary>An error message if no backbone with this key can be created for images with this number of channels; otherwise null.</summary>
    internal static string? Problem(string key, int inputChannels)
    {
        try
        {
            return Facts(key, inputChannels).StageChannels.Count > 0 ? null : $"The backbone '{key}' has no stages: its StageChannels is empty.";
        }
        catch (Exception e) when (e is ArgumentException || IsRegistered(key))
        {
            return IsRegistered(key) ? $"Cannot create the backbone '{key}' for images with {inputChannels} channels: {e.Message}" : e.Message;
        }
    }

    /// <summary>
    /// What is known of a backbone without training it. Cached, because some backbones have a hundred million weights. Built-in backbones accept any number of
    /// input channels; registered ones may not.
    /// </summary>
    internal static BackboneFacts Facts(string key, int inputChannels) =>
        FactsOf.GetOrAdd(
            (key, IsRegistered(key) ? Math.Max(1, inputChannels) : 1),
            static entry =>
            {
                using Backbone probe = ModuleScope.Make(() => Create(entry.Key, entry.Channels, new LayerFactory()));
                return new BackboneFacts([.. probe.StageChannels], probe.DefaultHead, IsRegistered(entry.Key) ? 1 : LeastSide(probe, entry.Channels));
            }
        );

    // Doubles the side until the network runs, and then halves the interval. Networks that run on one pixel need one run.
    private static int LeastSide(Backbone backbone, int channels)
    {
        using TorchScope scope = new(gradients: false);
        backbone.eval();
        int least = 1;
        while (!Runs(least))
        {
            least *= 2;
        }

        for (int failing = least / 2; least - failing > 1; )
        {
            int middle = (failing + least) / 2;
            (failing, least) = Runs(middle) ? (failing, middle) : (middle, least);
        }

        return least;

        bool Runs(int side)
        {
            try
            {
                backbone.StageShapes(zeros([1, channels, side, side], ScalarType.Float32, CPU));
                return true;
            }
            // Only a size that is too small is expected.
            catch (ExternalException) when (side < MaxLeastSide)
            {
                return false;
            }
        }
    }

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

/// <summary>What is known of a backbone without training it.</summary>
/// <param name="StageChannels">The output channels of each stage.</param>
/// <param name="DefaultHead">The head of its family.</param>
/// <param name="LeastSide">The height and width of the smallest images that it takes; 1 for a registered backbone, for which it is not known.</param>
internal sealed record BackboneFacts(IReadOnlyList<int> StageChannels, Head DefaultHead, int LeastSide);

/// <summary>The parts of a key, by the group names of the regular expression of its family.</summary>
internal sealed class BackboneKey(Match match)
{
    /// <summary>The "32x4d" of a ResNeXt.</summary>
    /// <exception cref="ArgumentException">The number of groups or the width is 0.</exception>
    public Cardinality Cardinality =>
        Number("groups") >= 1 && Number("width") >= 1
            ? new Cardinality(Number("groups"), Number("width"))
            : throw new ArgumentException($"Invalid backbone '{match.Value}': a ResNeXt needs at least 1 group and a group width of at least 1 channel.");

    /// <summary>The variant of selective kernels.</summary>
    public SelectiveKernelKind Kernels => new(Blurred: !Has("sharp"), Depthwise: Has("depthwise"));

    public bool Has(string part) => match.Groups[part].Success;

    public string Text(string part) => match.Groups[part].Value;

    public int Number(string part) => int.Parse(Text(part), CultureInfo.InvariantCulture);

    /// <summary>A fraction; 0 if the key does not have it.</summary>
    public double Fraction(string part) => Has(part) ? double.Parse(Text(part), CultureInfo.InvariantCulture) : 0;
}

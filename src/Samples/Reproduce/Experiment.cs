namespace Samples.Reproduce;

/// <summary>One table or figure of a paper, as runs of this program.</summary>
/// <param name="Paper">The key of the paper on the command line.</param>
/// <param name="Key">The key of the table on the command line.</param>
/// <param name="Title">What it compares.</param>
internal sealed record Experiment(string Paper, string Key, string Title)
{
    /// <summary>The measures, in the order of <see cref="Row.Published"/>; rows are compared by the first.</summary>
    public required IReadOnlyList<Measure> Measures { get; init; }

    /// <summary>The shared settings of each scale.</summary>
    public required IReadOnlyDictionary<Scale, Recipe> Recipes { get; init; }

    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>Whether the paper shows validation accuracy over the epochs.</summary>
    public bool Curves { get; init; }

    /// <summary>Whether rows are compared seed by seed. For rows of one network: the runs of a seed have the same images and the same initial weights.</summary>
    public bool IsPaired { get; init; }

    /// <summary>A note for the reader of the result, e.g. what the paper leaves open.</summary>
    public string? Note { get; init; }

    /// <summary>The rows with their names at a scale.</summary>
    public IReadOnlyList<Row> RowsAt(Scale scale) =>
        [.. Rows.Select(row => row with { Group = row.Group is { } group ? Recipes[scale].Replace(group) : null })];

    public string Name => $"{Paper}-{Key}";
}

/// <summary>One row of a table.</summary>
/// <param name="Name">The name in the paper.</param>
/// <param name="Arguments">Arguments of <c>train</c>, in addition to those of the recipe.</param>
/// <param name="Published">The figures of the paper in the order of the measures; null where it has none.</param>
internal sealed record Row(string Name, string Arguments, params Figure?[] Published)
{
    /// <summary>The name with that of the group.</summary>
    public string FullName => Group is null ? Name : $"{Group}, {Name}";

    /// <summary>Only rows of the same group are compared: a network, a noise rate. Null if there are no groups.</summary>
    public string? Group { get; init; }

    /// <summary>The name of the row that this one is compared with; null for the first of the group.</summary>
    public string? Against { get; init; }

    /// <summary>The number of models whose scores are averaged; above 1 for ensembles.</summary>
    public int Models { get; init; } = 1;
}

/// <summary>A published figure.</summary>
/// <param name="Value">The value in the unit of the measure.</param>
/// <param name="Std">The standard deviation; null if the paper gives none.</param>
internal sealed record Figure(double Value, double? Std = null);

/// <summary>The size of an experiment.</summary>
internal enum Scale
{
    /// <summary>Seconds, on images that come with the program: shows that it runs, measures nothing.</summary>
    Tiny,

    /// <summary>Scaled down: a run takes a few minutes on two CPU cores.</summary>
    Small,

    /// <summary>The recipe of the paper: its full data set, and a GPU.</summary>
    Paper,
}

/// <summary>The settings that all rows of an experiment share at a scale.</summary>
/// <param name="What">A description for the reader of the result.</param>
/// <param name="Test">The held-out images, as options without dashes and prefix. <c>{name}</c> stands for the folder of a data set (<see
/// cref="ExperimentData"/>).</param>
/// <param name="Arguments">Arguments of <c>train</c>.</param>
/// <param name="Replacements">What <c>{name}</c> in the arguments of a row stands for at this scale, e.g. a smaller network.</param>
internal sealed record Recipe(string What, string Test, string Arguments, IReadOnlyDictionary<string, string>? Replacements = null)
{
    /// <summary>
    /// Arguments of <c>detect train</c> for a detector on the network that <c>train</c> made; the measures are those of the detector. null: there is none.
    /// </summary>
    public string? Detection { get; init; }

    // Options that can be repeated.
    private static readonly string[] Repeatable = ["set", "strategy", "augment"];

    /// <summary>The arguments of a row. An option of the row replaces that of the recipe.</summary>
    public string Of(Row row)
    {
        string[] own = Options(Replace(row.Arguments));
        IEnumerable<string> shared = Options($"{Arguments} --test-{Test}")
            .Where(option => Repeatable.Contains(Name(option)) || !own.Any(given => Name(given) == Name(option)));
        return string.Concat(shared.Concat(own).Select(option => $" --{option}")).TrimStart();
    }

    /// <summary>Fills in the <c>{name}</c>s of this scale.</summary>
    public string Replace(string text) => Replacements is null ? text : Placeholders.Fill(text, Replacements);

    /// <summary>The options of a command line with their values, without dashes.</summary>
    public static string[] Options(string arguments) =>
        [.. $" {arguments}".Split(" --", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static string Name(string option) => option.Split(' ')[0];
}

/// <summary>Placeholders of the form <c>{name}</c>.</summary>
internal static class Placeholders
{
    /// <summary>Replaces each <c>{name}</c> that has a value; others stay.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        values.Aggregate(text, (filled, entry) => filled.Replace($"{{{entry.Key}}}", entry.Value, StringComparison.Ordinal));
}

/// <summary>What the recipes share at the smaller scales.</summary>
internal static class Scaled
{
    /// <summary>Handwritten digits of 8x8 pixels: 200 to train on, 200 to evaluate on.</summary>
    public const string TinyTest = "data list {digits}/test.csv";

    /// <summary>Two epochs on the digits, at a size that is still to be stated.</summary>
    public const string Digits = "--data list {digits}/train.csv --channels 1 --padding 1 --no-flip --epochs 2 --batch 32";

    /// <summary>Two epochs on the digits at their own size.</summary>
    public const string Tiny = $"{Digits} --size 8";

    public const string WhatTiny = "10 classes of 20 digits, 2 epochs.";

    /// <summary>Neither crops nor flips: with few images per class, networks overfit within minutes.</summary>
    public const string FewCifar = "--cifar100 {cifar-100}/train.bin --padding 0 --no-flip --batch 32 --keep last";

    /// <summary>A quarter of the classes, few images of each.</summary>
    public const string FewTinyImageNet = "--data tiny-imagenet {tiny-imagenet} --classes 50 --samples-per-class 20";

    /// <summary>Images are kept larger than the network's input, 256 pixels for 224; evaluated on the center.</summary>
    public const string ImageNetCrops = "random resized crops of the central square of an image, evaluated on its central 7/8";

    public const string KeptLarger = "--crop-ratio 0.875";

    public const string CifarTest = "cifar100 {cifar-100}/test.bin";
}

using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text;

namespace Samples;

/// <summary>The pages of <c>--help</c>: options in groups, with their defaults, and an example. The page of the program is made without the verbs.</summary>
internal static class HelpPage
{
    private const string All = "--help-all";
    private const int NameWidth = 30;
    private const string Other = "Other";

    private static readonly string[] Wanted = ["--help", "-h", "-?"];

    private static readonly (string Verb, string What, string Arguments)[] Examples =
    [
        ("train", "Trains a network on a folder of images; measures and saves it.", "--images birds --model birds.zip"),
        ("evaluate", "Measures a saved model on labeled images.", "--model birds.zip --images birds/test"),
        ("predict", "Classifies images: files, folders, patterns.", "--model birds.zip holiday/*.jpg --format csv"),
        ("ensemble", "Averages several models.", "--model one.zip --model two.zip --out both.zip"),
        ("calibrate", "Makes the probabilities of a model fit its accuracy.", "--model birds.zip --images birds/held-out --out calibrated.zip"),
        ("detect", "Finds the objects in images: detect train, evaluate, predict.", "train --voc VOCdevkit/VOC2007 --model detector.zip"),
        ("explain", "Shows which images a model gets wrong, and where it looks.", "--model birds.zip --images birds/test --out report.html"),
        ("export", "Writes a model as ONNX, or its weights for PyTorch.", "--model birds.zip --onnx birds.onnx"),
        ("sweep", "Searches for the best settings of train.", "--images birds --trials 20 --folder sweep --model best.zip"),
        ("reproduce", "Runs tables and figures of the papers.", "feature-mining table-9"),
        ("inspect", "Checks a set of images: classes, unreadable files, duplicates.", "--images birds/train --test-images birds/test"),
        ("download", "Downloads a published data set, or pretrained weights.", "timm/resnet50.a1_in1k"),
        ("digits", "Writes a small data set of handwritten digits.", "--out digits"),
    ];

    // Of verbs within a verb.
    private static readonly (string Verb, string Arguments)[] InnerExamples =
    [
        ("detect train", "--voc VOCdevkit/VOC2007 --part train --validation-part val --test-part test --model detector.zip"),
        ("detect evaluate", "--model detector.zip --voc VOCdevkit/VOC2007 --out report.html"),
        ("detect predict", "--model detector.zip --folder drawn street/*.jpg"),
    ];

    // In the order of the page. Groups in parentheses are on the page of --help-all only.
    private static readonly (string Title, string[] Names)[] Groups =
    [
        (
            "Data",
            [
                "--images",
                "--data",
                "--cifar10",
                "--test-images",
                "--patch-images",
                "--test-fraction",
                "--validation-fraction",
                "--skip-empty-classes",
                "--unreadable",
                "--unlabeled",
                "--from",
                "--cifar-100",
                "--cub-200",
                "--imagenet",
                "--tiny-imagenet",
                "--voc",
                "--part",
                "--validation-part",
                "--test-part",
                "--with-difficult",
            ]
        ),
        ("Network", ["--recipe", "--trainer", "--backbone", "--head", "--initial-weights", "--size", "--stages", "--frozen-stages"]),
        (
            "Training",
            [
                "--effort",
                "--time",
                "--epochs",
                "--batch",
                "--lr",
                "--optimizer",
                "--schedule",
                "--loss",
                "--weight-decay",
                "--patience",
                "--augment",
                "--strategy",
                "--no-flip",
                "--min-scale",
                "--max-scale",
                "--set",
                "--seed",
            ]
        ),
        ("Search", ["--vary", "--trials", "--minutes", "--sampler", "--min-epochs", "--grid-steps", "--reduction"]),
        ("Runs", ["--scale", "--seeds", "--rows", "--dry-run", "--all"]),
        ("Measuring", ["--top-k", "--tta", "--at-least", "--min-score", "--strict", "--compare", "--weight", "--worst"]),
        ("Machine", ["--threads", "--gpu"]),
        ("Several processes", ["--shard", "--sums", "--merge", "--jobs", "--slurm"]),
        (
            "Output",
            [
                "--model",
                "--no-model",
                "--folder",
                "--workspace",
                "--report",
                "--out",
                "--onnx",
                "--onnx-input",
                "--float16-weights",
                "--grid",
                "--drawn",
                "--csv",
                "--top",
                "--format",
                "--show",
                "--verbose",
            ]
        ),
        (
            "(Training, details)",
            [
                "--channels",
                "--crop-ratio",
                "--padding",
                "--momentum",
                "--label-smoothing",
                "--warmup",
                "--keep",
                "--clip-grad-norm",
                "--precision",
                "--ema-decay",
                "--grad-accum-steps",
                "--no-decay-on-norm-and-bias",
                "--allow-partial-weights",
                "--input-normalization",
                "--freeze-batch-norm",
                "--backbone-lr-factor",
                "--segmentation",
                "--box-rule",
                "--hierarchy",
                "--max-skipped",
            ]
        ),
        ("(Experiments)", ["--classes", "--samples-per-class", "--label-noise", "--validate-on-test"]),
    ];

    /// <summary>Whether a word asks for help.</summary>
    public static bool IsWanted(string word) => Array.IndexOf(Wanted, word) >= 0 || word == All;

    /// <summary>Whether one of the words asks for help.</summary>
    public static bool IsWanted(string[] words) => Array.Exists(words, IsWanted);

    /// <summary>Whether one of the words asks for the page of all options.</summary>
    public static bool IsAllWanted(string[] words) => Array.IndexOf(words, All) >= 0;

    /// <summary>The page of the program: its verbs.</summary>
    public static string OfProgram()
    {
        StringBuilder page = new();
        page.AppendLine("Image classification with ML.NET and TorchSharp: train on a folder of images, evaluate, predict.").AppendLine();
        foreach ((string verb, string what, _) in Examples)
        {
            page.AppendLine($"  {verb, -10} {what}");
        }

        page.AppendLine().AppendLine("  VERB --help lists the options of a verb; --version prints the version.").AppendLine();
        page.AppendLine("Example").AppendLine($"  train {Examples[0].Arguments}");
        return page.ToString();
    }

    /// <summary>The page of a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="all">Whether to list all options, with their whole descriptions.</param>
    public static string Of(Command verb, bool all)
    {
        StringBuilder page = new();
        page.AppendLine(verb.Description);
        foreach (Command inner in verb.Subcommands)
        {
            page.AppendLine($"  {NameOf(inner), -18} {inner.Description}");
        }

        foreach (Argument argument in verb.Arguments)
        {
            Line(page, $"<{argument.Name}>", argument.Description!, all);
        }

        ILookup<string, Option> groups = verb.Options.Where(option => MergedInto(option.Name) == option.Name).ToLookup(option => GroupOf(option.Name));
        foreach (string title in Groups.Select(group => group.Title).Append(Other).Where(title => groups.Contains(title) && (all || title[0] != '(')))
        {
            page.AppendLine(title.Trim('(', ')'));
            string[] order = [.. Groups.Where(group => group.Title == title).SelectMany(group => group.Names)];
            foreach (Option option in groups[title].OrderBy(option => Array.IndexOf(order, option.Name)))
            {
                string[] merged = [.. verb.Options.Select(other => other.Name).Where(other => other != option.Name && MergedInto(other) == option.Name)];
                Line(page, string.Join(", ", [$"{option.Name}{Value(option)}", .. merged]), $"{option.Description}{Default(option)}", all);
            }
        }

        bool isShort = !all && groups.Any(group => group.Key[0] == '(');
        string name = NameOf(verb);
        string arguments =
            Array.Find(InnerExamples, example => example.Verb == name).Arguments ?? Array.Find(Examples, example => example.Verb == name).Arguments;
        page.AppendLine("Example").AppendLine($"  {name} {arguments}");
        return (isShort ? page.AppendLine($"  {name} {All} lists more options and what each does in detail.") : page).ToString();
    }

    /// <summary>The name of a verb on the command line: <c>train</c>, <c>detect train</c>.</summary>
    public static string NameOf(Command verb) =>
        string.Join(' ', verb.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Select(parent => parent.Name).Append(verb.Name));

    /// <summary>The title of an option's group; "Other" if it has none.</summary>
    public static string GroupOf(string option) => Array.Find(Groups, group => Array.IndexOf(group.Names, option) >= 0).Title ?? Other;

    // --test-images, --test-data ... share a line.
    private static string MergedInto(string option) =>
        option is "--cifar100" ? "--cifar10"
        : option.StartsWith(ImageInput.TestPrefix, StringComparison.Ordinal) && option is not ("--test-fraction" or "--test-part") ? "--test-images"
        : option.StartsWith("--patch-", StringComparison.Ordinal) ? "--patch-images"
        : option;

    private static void Line(StringBuilder page, string names, string what, bool all)
    {
        string shown = all ? what : FirstSentence(what);
        page.AppendLine(names.Length < NameWidth ? $"  {names.PadRight(NameWidth)}{shown}" : $"  {names}");
        if (names.Length >= NameWidth)
        {
            page.AppendLine($"{new string(' ', NameWidth + 2)}{shown}");
        }
    }

    // With the default, which stands in parentheses at the end.
    private static string FirstSentence(string text)
    {
        int end = text.Replace("e.g. ", "e.g._", StringComparison.Ordinal).IndexOf(". ", StringComparison.Ordinal),
            keys = text.IndexOf(": KEY", StringComparison.Ordinal),
            value = text.LastIndexOf(" (default", StringComparison.Ordinal);
        string first =
            keys > 0 ? text[..keys]
            : end > 0 ? text[..end].TrimEnd('.')
            : text.TrimEnd('.');
        return $"{first}{(value > first.Length ? text[value..] : "")}";
    }

    private static string Value(Option option)
    {
        Type type = option.ValueType.IsArray ? option.ValueType.GetElementType()! : option.ValueType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        string[] words = type == typeof(string) ? [.. option.GetCompletions(CompletionContext.Empty).Select(item => item.Label)] : [];
        return type == typeof(bool) ? ""
            : type == typeof(FileInfo) ? " FILE"
            : type == typeof(DirectoryInfo) ? " FOLDER"
            : type.IsEnum ? $" {string.Join('|', Enum.GetNames(type))}"
            : words.Length > 0 ? $" {string.Join('|', words)}"
            : option.Name is "--data" ? " NAME PATH"
            : option.Name is "--shard" ? " I/N"
            : option.Name is "--slurm" ? " OPTIONS"
            : type == typeof(string) ? " KEY"
            : type.IsGenericType ? " KIND:RATE"
            : " N";
    }

    private static string Default(Option option) =>
        option is not { HasDefaultValue: true, Required: false } || option.GetDefaultValue() is null or false or "" or Array { Length: 0 }
            ? ""
            : $" (default {Convert.ToString(option.GetDefaultValue(), CultureInfo.InvariantCulture)})";
}

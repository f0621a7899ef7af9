using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The allowed dependencies between the folders of the library, and the maximum length of a file.</summary>
public sealed class ArchitectureTests
{
    private const int MaxLines = 400;
    private const int MaxColumns = 160;

    // Stands for the assemblies of ML.NET.
    private const string MlNet = "Microsoft.ML";

    // Folder or file: the folders whose types it may use. In the order of the processing of an image, children before parents. An entry also covers folders
    // below it without an entry of their own. Every file must be covered.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [MlNet] = [],
        ["Native"] = [],
        ["Parts"] = [],
        ["Randomness"] = [],
        ["Files"] = [],
        ["Hierarchies"] = [],
        ["Imaging"] = [],
        ["Datasets"] = ["Files", "Imaging", "Pixels"],
        ["Pixels"] = ["Randomness", "Files", "Imaging"],
        ["Networks"] = ["Native", "Parts", "Randomness"],
        ["Losses"] = ["Native", "Parts"],
        ["Distributed"] = ["Native"],
        ["Augmentation"] = ["Native", "Parts", "Randomness", "Imaging", "Pixels", "Networks"],
        ["Training"] = ["Native", "Parts", "Randomness", "Imaging", "Pixels", "Augmentation", "Networks", "Losses", "Distributed"],
        ["Strategies"] = ["Native", "Parts", "Randomness", "Hierarchies", "Imaging", "Networks", "Losses", "Training"],
        ["Models"] = ["Native", "Parts", "Files", "Hierarchies", "Imaging", "Pixels", "Augmentation", "Networks", "Losses", "Training", "Strategies"],
        ["Training/Runs"] = ["Files", "Pixels", "Networks", "Distributed", "Training", "Models"],
        ["Evaluation"] = ["Files", "Training"],
        ["Detection"] = [],
        ["Detection/Networks"] = ["Native", "Parts", "Randomness", "Networks", "Detection"],
        ["Detection/Losses"] = ["Native", "Losses", "Detection", "Detection/Networks"],
        ["Detection/Scoring"] = ["Detection", "Detection/Networks"],
        ["Detection/Evaluation"] = ["Detection"],
        ["Detection/Data"] =
        [
            "Native",
            "Randomness",
            "Distributed",
            "Imaging",
            "Datasets",
            "Pixels",
            "Networks",
            "Augmentation",
            "Training",
            "Detection",
            "Detection/Networks",
            "Detection/Losses",
            "Detection/Scoring",
            "Detection/Evaluation",
        ],
        ["Detection/Reports"] = ["Imaging", "Explanation", "Reports", "Detection", "Detection/Evaluation"],
        ["Detection/MlNet"] =
        [
            MlNet,
            "Native",
            "Parts",
            "Files",
            "Imaging",
            "Pixels",
            "Networks",
            "Augmentation",
            "Training",
            "Models",
            "Reports",
            "MlNet",
            "MlNet/Columns",
            "MlNet/Scoring",
            "Detection",
            "Detection/Networks",
            "Detection/Scoring",
            "Detection/Evaluation",
            "Detection/Data",
            "Detection/Reports",
        ],
        ["Detection/Trainers"] =
        [
            MlNet,
            "Native",
            "Randomness",
            "Imaging",
            "Pixels",
            "Networks",
            "Losses",
            "Augmentation",
            "Training",
            "Models",
            "MlNet",
            "MlNet/Columns",
            "MlNet/Reading",
            "MlNet/Scoring",
            "Trainers",
            "Detection/Networks",
            "Detection/Data",
            "Detection/MlNet",
        ],
        ["Detection/Catalog"] =
        [
            MlNet,
            "Datasets",
            "Training",
            "Models",
            "MlNet",
            "Trainers",
            "Detection",
            "Detection/Evaluation",
            "Detection/Data",
            "Detection/Reports",
            "Detection/MlNet",
            "Detection/Trainers",
        ],
        ["Explanation"] = ["Native", "Imaging", "Pixels", "Augmentation", "Networks", "Models"],
        ["Sweeps"] = ["Parts", "Randomness", "Files", "Training", "Training/Runs"],
        ["Reports"] = ["Imaging", "Training", "Evaluation", "Explanation", "Sweeps"],
        ["MlNet"] = [MlNet, "Native"],
        ["MlNet/Columns"] = [MlNet, "Files", "Imaging", "Pixels", "Models"],
        ["MlNet/Reading"] = [MlNet, "Randomness", "Files", "Imaging", "Pixels", "MlNet/Columns"],
        ["MlNet/Scoring"] =
        [
            MlNet,
            "Hierarchies",
            "Imaging",
            "Pixels",
            "Augmentation",
            "Networks",
            "Training",
            "Models",
            "Evaluation",
            "MlNet",
            "MlNet/Columns",
        ],
        ["MlNet/Onnx"] = [MlNet, "Files", "Imaging", "Pixels", "Models", "MlNet", "MlNet/Columns", "MlNet/Scoring"],
        ["MlNet/Reports"] =
        [
            MlNet,
            "Imaging",
            "Pixels",
            "Training",
            "Strategies",
            "Models",
            "Evaluation",
            "Explanation",
            "Reports",
            "MlNet",
            "MlNet/Columns",
            "MlNet/Scoring",
        ],
        ["Trainers"] =
        [
            MlNet,
            "Native",
            "Parts",
            "Randomness",
            "Files",
            "Hierarchies",
            "Imaging",
            "Pixels",
            "Networks",
            "Losses",
            "Augmentation",
            "Distributed",
            "Training",
            "Strategies",
            "Models",
            "Training/Runs",
            "Sweeps",
            "Reports",
            "MlNet",
            "MlNet/Columns",
            "MlNet/Reading",
            "MlNet/Scoring",
            "MlNet/Reports",
        ],
        ["Catalog"] =
        [
            MlNet,
            "Randomness",
            "Files",
            "Imaging",
            "Datasets",
            "Augmentation",
            "Training",
            "Models",
            "Evaluation",
            "Explanation",
            "Sweeps",
            "MlNet",
            "MlNet/Columns",
            "MlNet/Reading",
            "MlNet/Scoring",
            "MlNet/Reports",
            "MlNet/Onnx",
            "Trainers",
        ],
    };

    [SkippableFact]
    public void Folders_UsedTypes_AreAllowed()
    {
        // Folders come from the source tree, because the files with extension methods have other namespaces.
        Dictionary<string, string> entries = SourceTree
            .Files()
            .SelectMany(file => Declared(file.Lines).Select(type => (type, Entry(file.Path))))
            .Distinct()
            .ToDictionary();
        string[] library =
        [
            typeof(BackboneCatalog).Assembly.Location,
            typeof(ImageShape).Assembly.Location,
            typeof(OnnxImageClassifier).Assembly.Location,
            typeof(RetinaNetSettings).Assembly.Location,
        ];
        HashSet<string> own = [.. library.Select(path => Path.GetFileNameWithoutExtension(path)!)];
        (string User, string Used, string Assembly)[] uses = [.. library.SelectMany(TypeUses.Of)];

        Assert.True(uses.Length > 1000);
        IEnumerable<string> forbidden =
            from use in uses
            where use.User[0] != '<' && use.Used[0] != '<' // Generated by the compiler.
            let used = own.Contains(use.Assembly) ? entries[use.Used]
            : use.Assembly.StartsWith(MlNet, StringComparison.Ordinal) && !IsSearchAttribute(use.Used) ? MlNet
            : null
            where used is not null && !MayUse(entries[use.User], used)
            select $"{use.User} ({entries[use.User]}) uses {use.Used} ({used}); allowed: {string.Join(", ", Allowed[entries[use.User]])}. Wanted? Change Allowed in ArchitectureTests.cs.";
        Assert.True(!forbidden.Any(), string.Join(Environment.NewLine, forbidden));
    }

    // Allowed on any setting.
    private static bool IsSearchAttribute(string type) =>
        type.StartsWith("Microsoft.ML.SearchSpace.", StringComparison.Ordinal) && type.EndsWith("Attribute", StringComparison.Ordinal);

    // Constants and nameof do not appear in IL, so this test reads the source.
    [SkippableFact]
    public void Folders_NamedTypes_AreAllowed()
    {
        ILookup<string, string> entries = SourceTree
            .Files()
            .SelectMany(file => Declared(file.Lines).Select(type => (Name: type.Split('.')[^1], Entry: Entry(file.Path))))
            .ToLookup(type => type.Name, type => type.Entry);

        IEnumerable<string> forbidden =
            from file in SourceTree.Files()
            from line in file.Lines
            from Match named in Regex.Matches(Regex.Replace(line, "//.*", ""), @"(?<![\w.])(\w+)\.\w+")
            let type = named.Groups[1].Value
            where entries.Contains(type) && !entries[type].Any(entry => MayUse(Entry(file.Path), entry))
            select $"{file.Path} names {named.Value} ({string.Join(", ", entries[type])})";
        Assert.True(!forbidden.Any(), string.Join(Environment.NewLine, forbidden));
    }

    [Fact]
    public void Folders_AllowedEdges_HaveNoCycle()
    {
        HashSet<string> done = [];
        while (done.Count < Allowed.Count)
        {
            string[] next = [.. Allowed.Keys.Where(folder => !done.Contains(folder) && Allowed[folder].All(done.Contains))];
            Assert.True(next.Length > 0, $"There is a dependency cycle among {string.Join(", ", Allowed.Keys.Except(done))}.");
            done.UnionWith(next);
        }
    }

    [SkippableFact]
    public void Files_Namespaces_MatchTheirFolders() =>
        Assert.All(
            SourceTree.Files(),
            file =>
            {
                string expected = $"Microsoft.ML.FeatureMining.{Path.GetDirectoryName(file.Path)!.Replace('/', '.').Replace('\\', '.')}".TrimEnd('.');
                string? declared = file
                    .Lines.FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
                    ?["namespace ".Length..].TrimEnd(';');
                // Extension methods are in the namespace of ML.NET's catalogs. The runtime requires its attribute in its own namespace and the startup hook in the
                // global namespace.
                Assert.True(
                    declared == expected
                        || (declared is null && file.Path is "Native/StartupHook.cs" or "Usings.cs" or "Detection/Usings.cs" or "Forwards.cs")
                        || (
                            file.Folder is "MlNet" or "Catalog" or "Trainers"
                            && declared is "Microsoft.ML" or "Microsoft.ML.FeatureMining" or "System.Runtime.CompilerServices"
                        ),
                    $"{file.Path} declares {declared}."
                );
            }
        );

    [SkippableFact]
    public void Files_Lines_AreWithinTheLimit() =>
        Assert.All(SourceTree.Files(), file => Assert.True(file.Lines.Length <= MaxLines, $"{file.Path} has {file.Lines.Length} lines."));

    // CSharpier wraps code, but neither comments nor strings.
    [SkippableFact]
    public void Files_Comments_AreAtMost160Columns() =>
        Assert.All(
            SourceTree.Files(),
            file => Assert.DoesNotContain(file.Lines, line => line.Length > MaxColumns && line.TrimStart().StartsWith("//", StringComparison.Ordinal))
        );

    // A saved model may name any network: its layers must not allocate more than its weights need.
    [SkippableFact]
    public void Files_LayersOfNetworks_AreMadeByWeightLayers() =>
        Assert.All(
            SourceTree
                .Files()
                .Where(file => file.Path.Contains("Networks/", StringComparison.Ordinal) && !file.Path.EndsWith("/WeightLayers.cs", StringComparison.Ordinal)),
            file => Assert.DoesNotContain(file.Lines, line => Regex.IsMatch(line, @"\bnn\.(Conv\w*|Linear|Bilinear|Embedding\w*)\("))
        );

    // A copy from ordinary memory waits for the GPU.
    [SkippableFact]
    public void Files_Arrays_AreCopiedToDevicesByDeviceCopy() =>
        Assert.All(SourceTree.Files(), file => Assert.DoesNotContain(file.Lines, line => Regex.IsMatch(line, @"\btensor\(.*\bdevice: (?!CPU\b)")));

    [SkippableFact]
    public void Files_Style_HasNoPartialRegionOrConsole() =>
        Assert.All(
            SourceTree.Files(),
            file =>
                Assert.DoesNotContain(
                    file.Lines,
                    line => Regex.IsMatch(line, @"^\s*#region|\bpartial\s+(class|struct|record|interface)\b|\bConsole\.(Out|Error|Write)")
                )
        );

    private static bool MayUse(string user, string used) => user == used || Allowed[user].Contains(used);

    // The entry of the nearest folder above a file.
    private static string Entry(string path)
    {
        string folder = path;
        while (!Allowed.ContainsKey(folder))
        {
            int end = folder.LastIndexOf('/');
            Assert.True(end >= 0, $"No entry covers {path}. A new folder needs one in Allowed (ArchitectureTests.cs), and a line in ARCHITECTURE.md.");
            folder = folder[..end];
        }

        return folder;
    }

    private static IEnumerable<string> Declared(string[] lines)
    {
        const string Type =
            @"^(?:(?:public|internal|static|abstract|sealed|readonly|unsafe|ref) )*(?:class|record struct|record|struct|interface|enum|delegate \S+) (\w+)";
        string? space = lines.FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd(';');
        return lines
            .Select(line => Regex.Match(line, Type))
            .Where(match => match.Success)
            .Select(match => space is null ? match.Groups[1].Value : $"{space}.{match.Groups[1].Value}");
    }
}

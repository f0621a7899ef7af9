using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Which folder of the library may know which, and how large a file may be.</summary>
public sealed class ArchitectureTests
{
    private const int MaxLines = 300;

    // Folder: the folders that it may name. A folder that is not here may not exist.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Catalogs"] = [],
        ["Data"] = [],
        ["Augmentation"] = ["Catalogs", "Data"],
        ["Networks"] = ["Data"],
        ["Losses"] = ["Catalogs"],
        ["Training"] = ["Catalogs", "Data", "Augmentation", "Networks", "Losses"],
        ["Strategies"] = ["Catalogs", "Data", "Networks", "Losses", "Training"],
        ["Artifacts"] = ["Data", "Augmentation", "Networks", "Losses", "Training"],
        ["Reports"] = [],
        ["Evaluation"] = ["Data", "Training", "Reports"],
        ["Explanation"] = ["Data", "Augmentation", "Networks", "Training", "Artifacts", "Reports"],
        ["Sweeps"] = ["Data", "Training", "Artifacts", "Reports", "Evaluation"],
        ["Export"] = ["Data", "Networks", "Artifacts"],
        ["MlNet"] = ["Data", "Augmentation", "Networks", "Losses", "Training", "Strategies", "Artifacts", "Reports", "Evaluation", "Explanation", "Sweeps", "Export"],
    };

    [SkippableFact]
    public void Folders_WhatTheyName_IsAllowed()
    {
        (string Folder, string Path, string[] Lines)[] files = [.. SourceTree.Files()];

        Assert.True(files.Length > 50);
        Assert.All(files, file => Assert.Contains(file.Folder, Allowed.Keys));
        IEnumerable<string> forbidden = from file in files
                                        from named in Named(file.Lines)
                                        where named != file.Folder && Allowed.ContainsKey(named) && !Allowed[file.Folder].Contains(named)
                                        select $"{file.Path} names {named}";
        Assert.Empty(forbidden);
    }

    [Fact]
    public void Folders_AllowedEdges_HaveNoCircle()
    {
        HashSet<string> done = [];
        while (done.Count < Allowed.Count)
        {
            string[] next = [.. Allowed.Keys.Where(folder => !done.Contains(folder) && Allowed[folder].All(done.Contains))];
            Assert.True(next.Length > 0, $"There is a circle among {string.Join(", ", Allowed.Keys.Except(done))}.");
            done.UnionWith(next);
        }
    }

    [SkippableFact]
    public void OtherFolders_MlNet_IsNotNamed()
    {
        IEnumerable<string> naming = from file in SourceTree.Files()
                                     where file.Folder != "MlNet"
                                     from line in file.Lines
                                     where Regex.IsMatch(line, @"\busing\s[^;]*\bMicrosoft\.ML(?!\.FeatureMining)\b") || Regex.IsMatch(line, @"\bMicrosoft\.ML\.(?!FeatureMining\b)")
                                     select $"{file.Path}: {line}";

        Assert.Empty(naming);
    }

    [SkippableFact]
    public void Loop_Strategies_AreNotNamed()
    {
        string[] strategies = [.. typeof(StrategyCatalog).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TrainingStrategy))).Select(type => type.Name)];

        IEnumerable<string> naming = from file in SourceTree.Files()
                                     where file.Folder == "Training"
                                     from line in file.Lines
                                     where !line.TrimStart().StartsWith("///", StringComparison.Ordinal)
                                     let bare = line.Replace("Microsoft.ML.FeatureMining", "", StringComparison.Ordinal)
                                     where strategies.Any(name => Regex.IsMatch(bare, $@"\b{name}\b"))
                                     select $"{file.Path}: {line}";

        Assert.NotEmpty(strategies);
        Assert.Empty(naming);
    }

    [SkippableFact]
    public void Files_Namespaces_AreTheirFolders() => Assert.All(SourceTree.Files(), file =>
    {
        string expected = $"Microsoft.ML.FeatureMining.{Path.GetDirectoryName(file.Path)!.Replace('/', '.').Replace('\\', '.')}";
        string? declared = file.Lines.FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd(';');
        // Extension methods live where ML.NET's users already look, and the runtime wants its attribute in its own namespace.
        Assert.True(declared == expected || (file.Folder == "MlNet" && declared is "Microsoft.ML" or "Microsoft.ML.FeatureMining" or "System.Runtime.CompilerServices"), $"{file.Path} declares {declared}.");
    });

    [SkippableFact]
    public void Files_Lines_AreFew() => Assert.All(SourceTree.Files(), file => Assert.True(file.Lines.Length <= MaxLines, $"{file.Path} has {file.Lines.Length} lines."));

    [SkippableFact]
    public void Files_Style_HasNoPartialRegionOrConsole() => Assert.All(SourceTree.Files(), file =>
        Assert.DoesNotContain(file.Lines, line => Regex.IsMatch(line, @"^\s*#region|\bpartial\s+(class|struct|record|interface)\b|\bConsole\.(Out|Error|Write)")));

    private static IEnumerable<string> Named(string[] lines) =>
        lines.SelectMany(line => Regex.Matches(line, @"\bMicrosoft\.ML\.FeatureMining\.(\w+)").Select(match => match.Groups[1].Value)).Distinct();
}

using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Networks;
using Samples.Reproduce;
using TorchSharp;

namespace Samples.Tests;

/// <summary>The papers' tables and figures: each is well formed at each scale.</summary>
public sealed partial class ExperimentTests
{
    private static readonly string[] DataSets = ["digits", "cifar-100", "tiny-imagenet", "cub-200", "imagenet", "voc"];

    public static IEnumerable<object[]> Entries => Experiments.All.Select(experiment => new object[] { experiment.Paper, experiment.Key });

    [Fact]
    public void All_Keys_AreThoseOfThePapersTables()
    {
        Assert.Equal(Experiments.All.Count, Experiments.All.Select(experiment => experiment.Name).Distinct().Count());
        Assert.Equal(
            [
                "table-1",
                "table-2",
                "table-3",
                "table-4",
                "table-5",
                "table-6",
                "figure-3",
                "table-7",
                "table-8",
                "figure-4",
                "table-9",
                "box-rules",
                "box-rules-small-maps",
                "activations",
                "table-10",
            ],
            Experiments.Of("feature-mining", []).Select(experiment => experiment.Key)
        );
        Assert.Throws<ArgumentException>(() => Experiments.Of("feature-mining", ["table-77"]));
        Assert.Throws<ArgumentException>(() => Experiments.Of("other", []));
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public void Rows_OfAnEntry_AreNamedOnceAndComparedWithOneThatIsThere(string paper, string key)
    {
        Experiment experiment = Experiments.Of(paper, [key])[0];

        Assert.Equal(experiment.Rows.Count, experiment.Rows.Select(row => row.FullName).Distinct().Count());
        Assert.All(experiment.Rows, row => Assert.InRange(row.Published.Length, 0, experiment.Measures.Count));
        Assert.All(
            experiment.Rows.Where(row => row.Against is not null),
            row => Assert.Contains(experiment.Rows, other => other.Name == row.Against && other.Group == row.Group)
        );
        Assert.Equal([Scale.Tiny, Scale.Small, Scale.Paper], experiment.Recipes.Keys.Order());
        Assert.All(experiment.Recipes.Keys.SelectMany(experiment.RowsAt), row => Assert.DoesNotContain('{', row.FullName));
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public void Commands_OfAnEntry_AreUnderstoodByTrain(string paper, string key)
    {
        Experiment experiment = Experiments.Of(paper, [key])[0];
        foreach (
            string command in experiment.Recipes.SelectMany(recipe =>
                experiment.Rows.SelectMany(row => new ExperimentRun(recipe.Value, row, 1, "runs").Commands)
            )
        )
        {
            string[] words = command.Split(' ');
            Assert.All(Placeholder().Matches(command), match => Assert.Contains(match.Groups[1].Value, DataSets));

            if (words[0] == "detect")
            {
                Assert.Empty(Samples.Program.Create().Parse(words).Errors);
                continue;
            }

            Assert.Equal("train", words[0]);
            ParseResult parsed = TrainCommand.Create().Parse(words[1..]);

            Assert.True(parsed.Errors.Count == 0, $"{command}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}");
            MakeTrainer(words[1..]);
        }
    }

    // On 2x2 positions, all boxes of CutMix's rule are empty; on 4x4, a quarter of them.
    [Theory]
    [InlineData(nameof(Scale.Tiny))]
    [InlineData(nameof(Scale.Small))]
    public void MinedStages_OfSmallRecipes_HaveMapsThatCanBeMined(string name)
    {
        Scale scale = Enum.Parse<Scale>(name);
        foreach (Experiment experiment in Experiments.Of("feature-mining", []))
        {
            foreach (Row row in experiment.Rows)
            {
                string[][] options = [.. Recipe.Options(experiment.Recipes[scale].Of(row)).Select(option => option.Split(' '))];
                string Value(string name, string otherwise) => options.LastOrDefault(option => option[0] == name)?[1] ?? otherwise;
                int mined = int.Parse(Value("stages", "2"), CultureInfo.InvariantCulture);
                int size = int.Parse(Value("size", "32"), CultureInfo.InvariantCulture);

                int[] sides = SidesOf(Value("backbone", ""), size);

                Assert.All(
                    sides[^mined..],
                    side => Assert.True(side >= 4, $"{experiment.Key}, {row.FullName}: maps of {string.Join(", ", sides)} at {size} pixels, {mined} mined.")
                );
            }
        }
    }

    private static int[] SidesOf(string key, int size)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable noGrad = torch.no_grad();
        using Backbone backbone = BackboneCatalog.Create(key, 1);
        torch.Tensor features = backbone.Stem(torch.zeros(1, 1, size, size));
        List<int> sides = [];
        for (int stage = 0; stage < backbone.StageChannels.Count; stage++)
        {
            features = backbone.Stage(stage, features);
            sides.Add((int)features.shape[2]);
        }

        return [.. sides];
    }

    // The trainer's constructor checks networks, heads and all settings.
    private static void MakeTrainer(string[] arguments)
    {
        RootCommand command = new();
        Array.ForEach(["--", "--test-", "--patch-"], prefix => new ImageInput(prefix, "", DataPart.Train, required: false).AddTo(command));
        new TrainingSubset().AddTo(command);
        TrainOptions options = new();
        options.AddTo(command);
        ParseResult parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        MLContext ml = new();
        ImageClassificationOptions settings = options.Settings(parsed, _ => throw new InvalidOperationException("No hierarchy is given."));
        // What train does with --patch-data.
        if (settings is PatchTrainingOptions patches)
        {
            settings = patches with { PatchSet = ml.Data.LoadFromEnumerable(new[] { new { Label = "", ImagePath = "" } }) };
        }

        TrainerNames.All[options.Trainer(parsed)].Make(ml, settings);
    }

    [Fact]
    public void Recipe_OptionOfARow_TakesThePlaceOfTheRecipes()
    {
        Recipe recipe = new("", "data list t", "--epochs 2 --set A=1 --size 8", new Dictionary<string, string> { ["net"] = "wrn-10-1 --epochs 5" });

        Assert.Equal("--set A=1 --size 8 --test-data list t --backbone wrn-10-1 --epochs 5 --set B=2", recipe.Of(new Row("", "--backbone {net} --set B=2")));
    }

    [Fact]
    public void Run_OptionsInAnotherOrder_IsTheSameRun()
    {
        Recipe recipe = new("", "images t", "--epochs 2");

        Assert.Equal(
            new ExperimentRun(recipe, new Row("a", "--lr 1 --size 8"), 1, "").Name,
            new ExperimentRun(recipe, new Row("b", "--size 8 --lr 1"), 1, "").Name
        );
        Assert.NotEqual(new ExperimentRun(recipe, new Row("a", "--lr 1"), 1, "").Name, new ExperimentRun(recipe, new Row("a", "--lr 2"), 1, "").Name);
        Assert.NotEqual(
            new ExperimentRun(recipe, new Row("a", "--lr 1"), 1, "").Name,
            new ExperimentRun(recipe, new Row("a", "--lr 1") { Models = 2 }, 1, "").Name
        );
    }

    [Fact]
    public void Run_CutMixsBoxRule_HasTheNameOfARunWithoutOne()
    {
        Recipe recipe = new("", "images t", "--epochs 2");

        Assert.Equal(NameOf("--stages 2"), NameOf("--stages 2 --box-rule CutMix"));
        Assert.NotEqual(NameOf("--stages 2"), NameOf("--stages 2 --box-rule Inside"));

        string NameOf(string arguments) => new ExperimentRun(recipe, new Row("", arguments), 1, "").Name;
    }

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex Placeholder();
}

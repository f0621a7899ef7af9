using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Scoring in several processes, each with a part of the images.</summary>
public sealed class ShardTests : IClassFixture<TrainedProgram>, IDisposable
{
    private readonly TrainedProgram _trained;
    private readonly TemporaryFolder _folder = new();

    public ShardTests(TrainedProgram trained)
    {
        _trained = trained;
        // Of 25 images, 12 have a class that the model does not know.
        foreach ((string from, string to) in new[] { ("green", "violet"), ("blue", "blue") })
        {
            string folder = Directory.CreateDirectory(_folder[$"images/{to}"]).FullName;
            foreach (string file in Directory.GetFiles(Path.Combine(trained.Images.Root, from)))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }
        }

        File.Copy(Directory.GetFiles(Path.Combine(trained.Images.Root, "green"))[0], _folder["images/blue/wrong.png"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Evaluate_ThreeShardsMerged_PrintsExactlyWhatOneRunPrints()
    {
        string model = _folder["skips.zip"];
        string[] train = ["train", "--images", _trained.Images.Root, "--unreadable", "Skip", "--epochs", "1", .. TrainedProgram.Small, "--model", model];
        ProgramRun.Lines("Samples", _folder.Path, train);
        _folder.Write("images/blue/broken.png", "no image");
        string[] measure = ["evaluate", "--model", model, "--images", _folder["images"]];
        (int code, string output, string error) = Run([.. measure, "--top-k", "2", "--report", _folder["one.json"]]);
        Assert.True(code == 0, error);

        foreach (int i in new[] { 3, 1, 2 })
        {
            Assert.Equal(0, Run([.. measure, "--shard", $"{i}/3", "--sums", _folder[$"{i}.json"]]).Code);
        }

        string[] merge = ["evaluate", "--merge", _folder["2.json"], _folder["1.json"], _folder["3.json"]];
        (int merged, string text, string warning) = Run([.. merge, "--top-k", "2", "--report", _folder["three.json"]]);

        Assert.Equal(0, merged);
        Assert.Equal(output.Replace("one.json", "three.json", StringComparison.Ordinal), text);
        Assert.Equal(error, warning);
        Assert.Equal(File.ReadAllText(_folder["one.json"]), File.ReadAllText(_folder["three.json"]));
        Assert.Contains("13 of 26 rows measured; left out: 12 of unknown classes (violet 12), 1 unreadable", text, StringComparison.Ordinal);
        Assert.Contains("actual \\ predicted", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_APartMissingOrTwiceOrOfAnotherRun_IsNamed()
    {
        string[] measure = ["evaluate", "--model", _trained.Model, "--images"];
        Run([.. measure, _folder["images"], "--shard", "1/2", "--sums", _folder["one.json"]]);
        Run([.. measure, _trained.Images.Root, "--shard", "2/2", "--sums", _folder["other.json"]]);

        Assert.Contains("Of 2 parts, part 2 is missing.", Failure(1, "evaluate", "--merge", _folder["one.json"]), StringComparison.Ordinal);
        Assert.Contains("both have part 1 of 2", Failure(1, "evaluate", "--merge", _folder["one.json"], _folder["one.json"]), StringComparison.Ordinal);
        Assert.Contains("are of other images", Failure(1, "evaluate", "--merge", _folder["one.json"], _folder["other.json"]), StringComparison.Ordinal);
        string huge = File.ReadAllText(_folder["one.json"]).Replace("\"of\":2", "\"of\":2147483647", StringComparison.Ordinal);
        Assert.Contains("part 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... is missing", Failure(1, "evaluate", "--merge", _folder.Write("huge.json", huge)));
        Assert.Contains("is not a file that", Failure(1, "evaluate", "--merge", _folder.Write("x.json", "{}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--shard: '0/3' is not a part.", "evaluate", "--model", "m.zip", "--shard", "0/3")]
    [InlineData("--shard: '4/3' is not a part.", "predict", "--model", "m.zip", "--shard", "4/3", "x.png")]
    [InlineData("--sums needs --shard.", "evaluate", "--model", "m.zip", "--sums", "x.json")]
    [InlineData("--sums writes no metrics.", "evaluate", "--model", "m.zip", "--shard", "1/2", "--sums", "x.json", "--report", "r.json")]
    [InlineData("--merge measures nothing;", "evaluate", "--model", "m.zip", "--merge", "x.json")]
    [InlineData("Option '--model' is required.", "evaluate", "--images", "x")]
    public void Options_ThatDoNotGoTogether_AreRefused(string expected, params string[] arguments) =>
        Assert.Contains(expected, Failure(2, arguments), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_MorePartsThanImages_SaysSo() =>
        Assert.Contains(
            "this part is empty, because there are only 25 images",
            Failure(2, "evaluate", "--model", _trained.Model, "--images", _folder["images"], "--shard", "1/99"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Predict_Shards_TogetherAreTheWhole()
    {
        string[] predict = ["predict", "--model", _trained.Model, Path.Combine(_trained.Images.Root, "red"), _folder["images/violet"]];
        string[] whole = ProgramRun.Lines("Samples", _folder.Path, predict);

        string[] parts = [.. Enumerable.Range(1, 5).SelectMany(i => ProgramRun.Lines("Samples", _folder.Path, [.. predict, "--shard", $"{i}/5"]))];

        Assert.Equal(24, whole.Length);
        Assert.Equal(whole, parts);
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) => ProgramRun.ToEnd("Samples", _folder.Path, arguments);

    private string Failure(int expected, params string[] arguments)
    {
        (int code, _, string error) = Run(arguments);
        Assert.Equal(expected, code);
        return error;
    }
}

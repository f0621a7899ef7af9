using System.Text.Json.Nodes;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Models;

public sealed class ModelManifestTests
{
    private static readonly ModelManifest Manifest = TinySavedModel.Make(channels: 3).Manifest with
    {
        Recipe = ModelManifest.Describe(
            TinyRun.Recipe with
            {
                Augmentations = [new PadCropFlip { Padding = 3 }],
                Strategies = [new FeatureMining.Strategies.FeatureMining { Stages = 3, Segmentation = Segmentation.Points }],
            }
        ),
        Epoch = 2,
        End = TrainingEnd.StoppedEarly,
        History = [new EpochMetrics(1, 0.1, double.NaN, 0.5, null, null, 1.5), new EpochMetrics(2, 0.01, 0.25, 0.75, 0.5, 0.625, 1.25)],
        SkippedImages = 3,
        Versions = new Dictionary<string, string> { ["MlNetFm"] = "0.1.0" },
    };

    [Fact]
    public void ToJson_FromJson_IsEqual()
    {
        ModelManifest read = ModelManifest.FromJson(Manifest.ToJson());

        Assert.Equal(Manifest.ToJson(), read.ToJson());
        Assert.Equal(Manifest.History, read.History);
        Assert.Equal(Manifest.Preprocessing, read.Preprocessing);
        Assert.Equal(Manifest.ClassNames, read.ClassNames);
        Assert.Equal((Manifest.End, Manifest.Epoch, Manifest.SkippedImages, Manifest.Element), (read.End, read.Epoch, read.SkippedImages, read.Element));
    }

    [Fact]
    public void ToJson_Recipe_HasStrategiesAndTheirSettings()
    {
        JsonNode recipe = JsonNode.Parse(Manifest.ToJson())!["recipe"]!;

        Assert.Equal("feature-mining", (string)recipe["strategies"]![0]!["key"]!);
        Assert.Equal(3, (int)recipe["strategies"]![0]!["stages"]!);
        Assert.Equal("points", (string)recipe["strategies"]![0]!["segmentation"]!);
        Assert.Equal("pad-crop-flip", (string)recipe["augmentations"]![0]!["key"]!);
        Assert.Equal("step", (string)recipe["schedule"]!["key"]!);
    }

    [Fact]
    public void FromJson_NewerFormat_ThrowsAndNamesTheVersion()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson((Manifest with { FormatVersion = 3 }).ToJson()));

        Assert.Contains("format version is 3", e.Message);
    }

    public static TheoryData<string, string> Contradictions { get; } =
        new()
        {
            { "format_version", "0" },
            { "class_count", "1" },
            { "class_count", "4" },
            { "class_count", "-3" },
            { "class_names", """["a"]""" },
            { "mean", "[1]" },
            { "mean", "[1,2,3,4]" },
            { "mean", """[1,2,"NaN"]""" },
            { "std", "[1,2]" },
            { "std", "[1,-1,1]" },
            { "std", """[1,1,"Infinity"]""" },
            { "preprocessing", """{"shape":{"channels":1,"height":8,"width":8}}""" },
            { "preprocessing", """{"shape":{"channels":3,"height":0,"width":8}}""" },
            { "preprocessing", """{"shape":{"channels":3,"height":8,"width":2000000000}}""" },
            { "preprocessing", """{"shape":{"channels":3,"height":20000,"width":20000}}""" },
            { "preprocessing", "null" },
            { "backbone", "null" },
            { "backbone", "5" },
            { "mean", "null" },
            { "mean", "5" },
            { "element", "\"triple\"" },
            { "history", "null" },
            { "class_names", "[null,null,null]" },
        };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void FromJson_Contradiction_Throws(string property, string value)
    {
        JsonNode json = JsonNode.Parse(Manifest.ToJson())!;
        json[property] = JsonNode.Parse(value);

        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson(json.ToJsonString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"backbone\":\"x\"")]
    [InlineData("not json")]
    public void FromJson_NotAManifest_Throws(string text) => Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson(text));

    [Fact]
    public void FromJson_NestedAThousandDeep_Throws() =>
        Assert.Throws<InvalidDataException>(() => ModelManifest.FromJson($"{{\"recipe\":{new string('[', 1000)}{new string(']', 1000)}}}"));

    [Fact]
    public void FromJson_UnknownProperties_AreIgnored()
    {
        JsonNode json = JsonNode.Parse(Manifest.ToJson())!;
        json["remark"] = "from a later minor version";

        Assert.Equal(Manifest.ToJson(), ModelManifest.FromJson(json.ToJsonString()).ToJson());
    }
}

using System.Text.Json.Nodes;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>Models saved with manifest format 1, and the scores of that version (Goldens/saved-models).</summary>
public sealed class SavedByVersion1Tests : IClassFixture<SingleThreadFixture>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Goldens", "saved-models");

    [Theory]
    [InlineData("masked")]
    [InlineData("ssm")]
    public void Load_ModelOfFormat1_GivesTheScoresOfThatVersion(string name)
    {
        ITransformer model = new MLContext(1).Model.Load(Path.Combine(Folder, name + ".zip"), out _);

        KeptFileTests.AssertScores("", name, model.Transform);
    }

    [Fact]
    public void Load_ModelOfFormat1_HasItsHeadAndMask()
    {
        MLContext ml = new(1);
        ITransformer masked = ml.Model.Load(Path.Combine(Folder, "masked.zip"), out _),
            ssm = ml.Model.Load(Path.Combine(Folder, "ssm.zip"), out _);

        Assert.Equal(
            new SplitAndShareHead
            {
                Splits = 3,
                IndividualLosses = true,
                NormalizeAll = true,
            },
            ml.Model.GetImageModel(ssm).Head
        );
        Assert.Equal(3, ml.Model.GetImageModel(ssm).ClassifierCount);
        Assert.Null(ml.Model.GetImageModel(masked).Head);
        Assert.Equal(FeatureMapHalf.Upper, ml.Model.GetImageModel(masked).Saved.Manifest.FixedMask);
        using ImageExplainer explainer = ml.Model.CreateImageExplainer(masked);
        Assert.NotNull(explainer.FixedMaskMap);
    }

    public static TheoryData<string, Head> Keys =>
        new()
        {
            { "linear", new LinearHead() },
            {
                "linear-dropout-.5",
                new LinearHead { Dropout = 0.5 }
            },
            {
                "dual-pool",
                new LinearHead { DualPool = true }
            },
            {
                "dual-pool-dropout-0.2",
                new LinearHead { DualPool = true, Dropout = 0.2 }
            },
            {
                "2fc",
                new ParallelHead { Layers = 2 }
            },
            {
                "3fc",
                new ParallelHead { Layers = 3 }
            },
            { "ssm", new SplitAndShareHead() },
            {
                "ssm-8-individual",
                new SplitAndShareHead { Splits = 8, IndividualLosses = true }
            },
            {
                "ssm-12-individual-all-only-7",
                new SplitAndShareHead
                {
                    Splits = 12,
                    IndividualLosses = true,
                    NormalizeAll = true,
                    Only = 7,
                }
            },
            { "vgg", new VggHead() },
            { "vgg-patches", new VggPatchHead() },
            {
                "vgg-patches-256",
                new VggPatchHead { HiddenUnits = 256 }
            },
        };

    [Theory]
    [MemberData(nameof(Keys))]
    public void Upgrade_HeadKey_BecomesAHead(string key, Head expected)
    {
        JsonObject manifest = JsonNode.Parse(TinySavedModel.Make().Manifest.ToJson())!.AsObject();
        manifest["format_version"] = 1;
        manifest["head"] = key;
        manifest["deviation"] = manifest["std"]!.DeepClone();
        manifest.Remove("std");

        Assert.Equal(expected, ModelManifest.FromJson(manifest.ToJsonString()).Head);
    }
}

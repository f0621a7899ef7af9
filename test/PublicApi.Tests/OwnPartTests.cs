using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>User-defined parts of each kind: trained, described in the manifest, saved, loaded and resumed.</summary>
public sealed class OwnPartTests : IClassFixture<OwnPartsFixture>, IDisposable
{
    private static readonly Dictionary<
        string,
        (Func<FeatureMiningOptions, FeatureMiningOptions> With, Func<JsonElement, JsonElement> Find, string Expected)
    > Cases = new()
    {
        ["backbone"] = (options => options with { Backbone = OwnParts.Backbone }, recipe => recipe.GetProperty("backbone"), OwnParts.Backbone),
        ["backbone, mined"] = (
            options => options with { Backbone = OwnParts.Backbone, Stages = 2 },
            recipe => recipe.GetProperty("backbone"),
            OwnParts.Backbone
        ),
        ["backbone, frozen"] = (
            options =>
                options with
                {
                    Backbone = OwnParts.Backbone,
                    FineTuning = new FineTuning { FrozenStages = 1 },
                    EmaDecay = 0.9,
                },
            recipe => recipe.GetProperty("backbone"),
            OwnParts.Backbone
        ),
        ["head"] = (options => options with { Head = new CosineHead { Scale = 4 } }, recipe => recipe.GetProperty("head").GetProperty("scale"), "4"),
        ["augmentation"] = (
            options => options with { Augmentations = [new Pepper { Probability = 0.25 }] },
            recipe => recipe.GetProperty("augmentations")[1].GetProperty("probability"),
            "0.25"
        ),
        ["cropping augmentation"] = (
            options => options with { CropRatio = 0.8, Augmentations = [new MiddleCrop()] },
            recipe => recipe.GetProperty("augmentations")[1].GetProperty("key"),
            "middle-crop"
        ),
        ["loss"] = (
            options => options with { Loss = new GeneralizedCrossEntropy { Exponent = 0.5 } },
            recipe => recipe.GetProperty("loss").GetProperty("exponent"),
            "0.5"
        ),
        ["schedule"] = (
            options => options with { Schedule = new TriangleSchedule { Peak = 0.25 } },
            recipe => recipe.GetProperty("schedule").GetProperty("peak"),
            "0.25"
        ),
        ["optimizer"] = (
            options =>
                options with
                {
                    Optimizer = new Lion { Beta1 = 0.75 },
                    LearningRate = 1e-3,
                },
            recipe => recipe.GetProperty("optimizer").GetProperty("beta1"),
            "0.75"
        ),
        ["strategy"] = (
            options => options with { Strategies = [new DeepTwins { Weight = 0.25 }] },
            recipe => recipe.GetProperty("strategies")[0].GetProperty("weight"),
            "0.25"
        ),
        ["strategy with predicting exits"] = (
            options => options with { Strategies = [new DeepTwins { Predict = true }] },
            recipe => recipe.GetProperty("strategies")[0].GetProperty("key"),
            "deep-twins"
        ),
        ["all, by their keys"] = (OwnFit.AllByKey, recipe => recipe.GetProperty("strategies")[0].GetProperty("key"), "deep-twins"),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("own-part-tests-").FullName;
    private readonly MLContext _ml = new(1);

    public static TheoryData<string> Kinds => [.. Cases.Keys];

    internal static FeatureMiningOptions With(string kind, FeatureMiningOptions options) => Cases[kind].With(options);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Fit_UserPart_ScoresSavesAndLoads(string kind)
    {
        ITransformer model = OwnFit.Run(_ml, Cases[kind].With(OwnFit.Plain));
        string file = Path.Combine(_folder, "model.zip");

        _ml.Model.Save(model, null, file);
        ITransformer loaded = new MLContext().Model.Load(file, out _);

        float[][] scores = Program.Scores(_ml, model);
        OwnFit.AssertFinite(scores);
        Assert.Equal(scores, Program.Scores(_ml, loaded));
        Assert.NotEqual(OwnFit.Weights(_ml, OwnFit.Run(_ml, OwnFit.Plain)), OwnFit.Weights(_ml, model));
        JsonElement recipe = _ml.Model.GetImageModel(loaded).Recipe!.Value;
        Assert.Equal(Cases[kind].Expected, Cases[kind].Find(recipe).ToString());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Fit_CanceledWithinAnEpoch_ResumesBitIdentically(string kind)
    {
        FeatureMiningOptions options = Cases[kind].With(OwnFit.Plain);
        using CancellationTokenSource stop = new();
        FeatureMiningOptions stopped = options with
        {
            WorkspacePath = _folder,
            CancellationToken = stop.Token,
            Progress = progress =>
            {
                if (progress is { Epoch: 2, Step: < 12 })
                {
                    stop.Cancel();
                }
            },
        };

        ImageClassificationModel half = _ml.Model.GetImageModel(OwnFit.Run(_ml, stopped));
        ITransformer resumed = OwnFit.Run(_ml, options with { WorkspacePath = _folder });

        Assert.Equal((TrainingEnd.Canceled, 1), (half.End, half.History.Count));
        Assert.Equal(TrainingEnd.Completed, _ml.Model.GetImageModel(resumed).End);
        Assert.Equal(OwnFit.Weights(_ml, OwnFit.Run(_ml, options)), OwnFit.Weights(_ml, resumed));
        Assert.Single(Directory.GetDirectories(_folder));
    }

    [Fact]
    public void Recipe_UserParts_HaveTheirTypeNames()
    {
        JsonElement recipe = _ml.Model.GetImageModel(OwnFit.Run(_ml, OwnFit.AllByKey(OwnFit.Plain))).Recipe!.Value;

        Assert.Equal(typeof(GeneralizedCrossEntropy).FullName, recipe.GetProperty("loss").GetProperty("$type").GetString());
        Assert.Equal(typeof(DeepTwins).FullName, recipe.GetProperty("strategies")[0].GetProperty("$type").GetString());
        // Parts of the library have keys only.
        Assert.False(recipe.GetProperty("augmentations")[0].TryGetProperty("$type", out _));
    }

    [Fact]
    public void Json_UserPart_IsDeserializedByItsKey()
    {
        Optimizer optimizer = new Lion { Beta2 = 0.95 };

        Assert.Equal(optimizer, JsonSerializer.Deserialize<Optimizer>(JsonSerializer.Serialize(optimizer)));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Optimizer>("""{"Key":"tiger"}"""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Optimizer>("[]"));
    }

    [Fact]
    public void Fit_UserDefinedDataView_TrainsAndResumes()
    {
        FeatureMiningOptions options = OwnFit.Plain with { WorkspacePath = _folder };

        ITransformer model = OwnFit.Run(_ml, options, Bands.Planar());

        Assert.All(model.Transform(Bands.Planar(8)).GetColumn<float[]>("Score"), scores => Assert.Equal(1, scores.Sum(), 1e-4));
        Assert.Equal(OwnFit.Weights(_ml, model), OwnFit.Weights(_ml, OwnFit.Run(_ml, options, Bands.Planar())));
    }

    [Fact]
    public void Explain_UserHeadWithClassWeights_HasAClassActivationMap()
    {
        ITransformer model = OwnFit.Run(_ml, OwnFit.Plain with { Backbone = OwnParts.Backbone, Head = new CosineHead(), Epochs = 1 });
        using ImageExplainer explainer = _ml.Model.CreateImageExplainer(model);

        Assert.Equal(3, explainer.StageCount);
        Assert.All(
            explainer.Explain(model.Transform(Bands.Encoded(_ml, 4))),
            entry => Assert.All(entry.Explanation.ClassMap!.Values, value => Assert.True(float.IsFinite(value)))
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>MLImage has other pixels than the file (no EXIF orientation, premultiplied alpha), so training on one and scoring the other is a warning.</summary>
public sealed class ImageOriginTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    private readonly List<string> _warnings = [];

    [Theory]
    [InlineData("bytes", "bytes", false)]
    [InlineData("bytes", "paths", false)]
    [InlineData("bytes", "images", true)]
    [InlineData("paths", "images", true)]
    [InlineData("images", "images", false)]
    [InlineData("images", "bytes", true)]
    [InlineData("images", "paths", true)]
    public void Transform_ImagesDecodedInAnotherWay_WarnsOnce(string trained, string scored, bool warns)
    {
        MLContext ml = Context();
        using ImageClassificationTransformer model = Fit(ml, trained, null);
        IDataView rows = Load(ml, scored);

        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(36, model.Transform(rows).GetColumn<float[]>("Score").Count());
        }

        Assert.Equal(warns ? 1 : 0, _warnings.Count);
        Assert.All(
            _warnings,
            warning =>
                Assert.StartsWith(
                    $"The network was trained on {Name(trained)}, but column 'Image' has {Name(scored)}. Their pixels differ",
                    warning,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void Transform_LoadedModel_WarnsToo()
    {
        using TemporaryFolder folder = new();
        MLContext ml = Context();
        using (ImageClassificationTransformer model = Fit(ml, "bytes", null))
        {
            ml.Model.Save(model, Load(ml, "bytes").Schema, folder["model.zip"]);
        }

        using ImageClassificationTransformer loaded = (ImageClassificationTransformer)ml.Model.Load(folder["model.zip"], out _);
        loaded.Transform(Load(ml, "images")).GetColumn<float[]>("Score").Count();

        Assert.Single(_warnings);
    }

    [Theory]
    [InlineData("bytes", "paths", 0)]
    [InlineData("bytes", "images", 1)]
    public void Fit_PatchesDecodedInAnotherWay_Warns(string trained, string patches, int expected)
    {
        MLContext ml = Context();
        PatchTrainingOptions options = new()
        {
            Backbone = "cifar-resnet-8",
            ImageHeight = 12,
            ImageWidth = 12,
            Epochs = 2,
            SwitchEpoch = 1,
            Head = new VggPatchHead { HiddenUnits = 4 },
            Augmentations = [],
            ValidationFraction = 0.2,
            PatchSet = Load(ml, patches),
            Seed = 1,
        };

        IDataView keys = Load(ml, trained);
        IDataView names = ml.Transforms.Conversion.MapKeyToValue("Label").Fit(keys).Transform(keys);
        ml.MultilabelClassification().Trainers.PatchTraining(options).Fit(names).Dispose();

        Assert.Equal(expected, _warnings.Count(warning => warning.Contains("Their pixels differ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("bytes", "paths", 0)]
    [InlineData("images", "bytes", 1)]
    [InlineData("bytes", "images", 1)]
    public void Fit_ValidationSetDecodedInAnotherWay_Warns(string trained, string validated, int expected)
    {
        MLContext ml = Context();

        Fit(ml, trained, Load(ml, validated)).Dispose();

        Assert.Equal(expected, _warnings.Count);
    }

    [Fact]
    public void Transform_NetworkTrainedOnPaths_TakesTheUsualColumns()
    {
        MLContext ml = Context();
        IDataView keys = ml.Transforms.Conversion.MapValueToKey("Label").Fit(images.Rows(ml)).Transform(images.Rows(ml));
        using ImageClassificationTransformer model = ml
            .MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { Stages = 0, Epochs = 1, ImageColumnName = "ImagePath" })
            .Fit(keys);
        float[][] expected = [.. model.Transform(keys).GetColumn<float[]>("Score")];

        IDataView bytes = ml.Transforms.SelectColumns("Image").Fit(Load(ml, "bytes")).Transform(Load(ml, "bytes"));

        Assert.Equal(expected, model.Transform(bytes).GetColumn<float[]>("Score"));
        Assert.Empty(_warnings);
    }

    private static string Name(string source) => source == "images" ? "MLImage (LoadImages)" : "encoded images or paths";

    private MLContext Context()
    {
        MLContext ml = new(1);
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Warning)
            {
                _warnings.Add(entry.RawMessage);
            }
        };
        return ml;
    }

    private static ImageClassificationTransformer Fit(MLContext ml, IDataView rows, IDataView? validation) =>
        ml.MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { Stages = 0, Epochs = 1, ValidationSet = validation }).Fit(rows);

    private ImageClassificationTransformer Fit(MLContext ml, string source, IDataView? validation) => Fit(ml, Load(ml, source), validation);

    private IDataView Load(MLContext ml, string source)
    {
        IEstimator<ITransformer> load = source switch
        {
            "bytes" => ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath"),
            "images" => ml.Transforms.LoadImages("Image", null, "ImagePath"),
            _ => ml.Transforms.CopyColumns("Image", "ImagePath"),
        };
        IDataView rows = images.Rows(ml);
        return ml.Transforms.Conversion.MapValueToKey("Label").Append(load).Fit(rows).Transform(rows);
    }
}

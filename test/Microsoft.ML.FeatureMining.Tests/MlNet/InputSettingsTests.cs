using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Network, image size and normalization follow the initial weights, unless the options set them.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class InputSettingsTests(TrainedModel trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ToRecipe_WithoutInitialWeights_IsThePapers()
    {
        TrainingRecipe mining = Recipe(new FeatureMiningOptions());
        TrainingRecipe ssm = Recipe(new SsmOptions());
        TrainingRecipe priors = Recipe(new VisualInductivePriorsOptions());
        TrainingRecipe patches = Recipe(new PatchTrainingOptions { SwitchEpoch = 0 });

        Assert.Equal(("cifar-resnet-56", new ImageShape(3, 32, 32), 1.0), (mining.Backbone, mining.Input, mining.CropRatio));
        Assert.Equal(("resnet-50", new ImageShape(3, 224, 224), 0.875), (ssm.Backbone, ssm.Input, ssm.CropRatio));
        Assert.Equal(("dsk-resnext-50-32x4d", new ImageShape(3, 224, 224), 1.0), (priors.Backbone, priors.Input, priors.CropRatio));
        Assert.Equal(("vgg-16", new ImageShape(3, 224, 224), 1.0), (patches.Backbone, patches.Input, patches.CropRatio));
        Assert.All(new[] { mining, ssm, priors }, recipe => Assert.Null(recipe.Normalization));
        Assert.Equal([(float)(0.485 * 255), (float)(0.456 * 255), (float)(0.406 * 255)], patches.Normalization!.Mean);
        Assert.Equal([(float)(0.229 * 255), (float)(0.224 * 255), (float)(0.225 * 255)], patches.Normalization.Std);
    }

    [Fact]
    public void ToRecipe_ResNet18OfTheCatalog_FollowsIt()
    {
        TrainingRecipe recipe = Recipe(new FeatureMiningOptions { InitialWeights = PretrainedWeights.ResNet18 });

        Assert.Equal(("resnet-18-2223", new ImageShape(3, 224, 224), 0.875), (recipe.Backbone, recipe.Input, recipe.CropRatio));
        Assert.Equal([123.675f, 116.28f, 103.53f], recipe.Normalization!.Mean);
        Assert.Equal([58.395f, 57.12f, 57.375f], recipe.Normalization.Std);
    }

    [Fact]
    public void ToRecipe_SettingsBesideTheWeights_Win()
    {
        FeatureMiningOptions options = new()
        {
            InitialWeights = PretrainedWeights.ResNet18,
            Backbone = "resnet18",
            ImageWidth = 96,
            CropRatio = 1,
            InputNormalization = InputNormalization.FromTrainingSet,
        };

        TrainingRecipe recipe = Recipe(options);

        Assert.Equal(("resnet-18", new ImageShape(3, 96, 96), 1.0), (recipe.Backbone, recipe.Input, recipe.CropRatio));
        Assert.Null(recipe.Normalization);
    }

    [Fact]
    public void ToRecipe_InputMeanAndStd_AreFractionsOf255()
    {
        FeatureMiningOptions options = new() { InputMean = [0.5, 0.25, 0], InputStd = [1, 0.5, 0.1] };

        Assert.Equal([127.5f, 63.75f, 0], Recipe(options).Normalization!.Mean);
        Assert.Equal([255, 127.5f, 25.5f], Recipe(options).Normalization!.Std);
    }

    [Fact]
    public void Create_InputMeanAlone_OfOtherLengthOrNegativeStd_Throws()
    {
        MLContext ml = new(1);
        string Message(FeatureMiningOptions options) =>
            Assert.Throws<ArgumentException>(() => ml.MulticlassClassification.Trainers.FeatureMining(options)).Message;

        Assert.Contains("InputMean and InputStd must be set together.", Message(Tiny.Options with { InputMean = [0, 0, 0] }), StringComparison.Ordinal);
        Assert.Contains(
            "InputMean and InputStd need one value per channel, 3; they have 1 and 3.",
            Message(Tiny.Options with { InputMean = [0], InputStd = [1, 1, 1] }),
            StringComparison.Ordinal
        );
        Assert.Contains("InputStd above 0", Message(Tiny.Options with { InputMean = [0, 0, 0], InputStd = [1, 0, 1] }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fit_InitialWeightsOfASavedOrExportedModel_TakesNetworkSizeAndNormalization(bool exported)
    {
        string path = Path.Combine(_folder.Path, exported ? "exported" : "model.zip");
        if (exported)
        {
            trained.Context.Model.ExportImageModel(trained.Transformer, path);
        }
        else
        {
            trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        }

        MLContext ml = new(1);
        List<string> log = [];
        ml.Log += (_, e) => log.Add(e.RawMessage);
        // Some of the rows, so that their own statistics are different.
        FeatureMiningOptions options = Tiny.Options with
        {
            Backbone = null,
            ImageHeight = null,
            ImageWidth = null,
            InitialWeights = path,
            Epochs = 1,
            LearningRate = 1e-9,
            KeepWeights = KeepWeights.Last,
        };
        IDataView few = ml.Data.TakeRows(trained.Rows, 20);

        ModelManifest manifest = Tiny.Pipeline(ml, options).Fit(few).LastTransformer.Model.Saved.Manifest;
        ModelManifest own = Tiny.Pipeline(ml, options with { InputNormalization = InputNormalization.FromTrainingSet })
            .Fit(few)
            .LastTransformer.Model.Saved.Manifest;

        ModelManifest source = trained.Transformer.Model.Saved.Manifest;
        Assert.Equal((source.Backbone, source.Preprocessing), (manifest.Backbone, manifest.Preprocessing));
        Assert.Equal([.. source.Mean, .. source.Std], [.. manifest.Mean, .. manifest.Std]);
        Assert.NotEqual(source.Mean, own.Mean);
        Assert.Contains(log, line => line.Contains(" tensors loaded; 0 tensors of the file skipped; 0 tensors of the network not", StringComparison.Ordinal));
        Assert.Contains(
            log,
            line =>
                line.StartsWith("Input: 3x12x12, crop ratio 1, normalized with mean [", StringComparison.Ordinal)
                && line.Contains("of the model '", StringComparison.Ordinal)
        );
        Assert.Contains(log, line => line.EndsWith("normalized with the mean and std of the training images.", StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_Bicubic_IsStoredWithTheModelAndFollowsItsWeights()
    {
        string path = Path.Combine(_folder.Path, "bicubic.zip");
        FeatureMiningOptions options = Tiny.Options with { Epochs = 1, ImageHeight = 9, ImageWidth = 9, ResizeFilter = ResizeFilter.Bicubic };
        ITransformer model = Tiny.Pipeline(trained.Context, options).Fit(trained.Rows);
        trained.Context.Model.Save(model, trained.Rows.Schema, path);

        ITransformer loaded = new MLContext().Model.Load(path, out _);

        float[][] scores = [.. model.Transform(trained.Rows).GetColumn<float[]>("Score")];
        Assert.Equal(scores, loaded.Transform(trained.Rows).GetColumn<float[]>("Score"));
        ITransformer bilinear = Tiny.Pipeline(trained.Context, options with { ResizeFilter = null }).Fit(trained.Rows);
        Assert.NotEqual(scores, bilinear.Transform(trained.Rows).GetColumn<float[]>("Score"));
        Assert.Equal(ResizeFilter.Bicubic, (Tiny.Options with { InitialWeights = path }).ToPreprocessing().Filter);
        Assert.Equal(ResizeFilter.Bilinear, (Tiny.Options with { InitialWeights = path, ResizeFilter = ResizeFilter.Bilinear }).ToPreprocessing().Filter);
        Assert.Equal(ResizeFilter.Bicubic, PretrainedWeights.Find("timm/resnet50.a1_in1k")!.ResizeFilter);
    }

    [Fact]
    public void Fit_InputMeanAndStd_AreStoredInTheManifest()
    {
        FeatureMiningOptions options = Tiny.Options with { Epochs = 1, InputMean = [0.5, 0.5, 0.5], InputStd = [0.25, 0.25, 0.25] };

        ModelManifest manifest = Tiny.Pipeline(new MLContext(1), options).Fit(trained.Rows).LastTransformer.Model.Saved.Manifest;

        Assert.Equal([127.5f, 127.5f, 127.5f], manifest.Mean);
        Assert.Equal([63.75f, 63.75f, 63.75f], manifest.Std);
    }

    // The file says neither network nor input, but its classifier has the number of classes of ImageNet.
    [Theory]
    [InlineData(1000, true)]
    [InlineData(200, false)]
    public void ToRecipe_TensorsWithAClassifierOfImageNet_TakesItsMeanAndStd(int classes, bool known)
    {
        string path = Path.Combine(_folder.Path, "tensors.safetensors");
        using (ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, classes))
        using (FileStream stream = File.Create(path))
        {
            Safetensors.Write(NamedTensors.Of(network), stream);
        }

        TrainingRecipe recipe = Recipe(Tiny.Options with { InitialWeights = path });

        Assert.Equal(known ? [123.675f, 116.28f, 103.53f] : null, recipe.Normalization?.Mean);
        Assert.Equal(("cifar-resnet-8", new ImageShape(3, 12, 12)), (recipe.Backbone, recipe.Input));
    }

    private static TrainingRecipe Recipe(ImageClassificationOptions options) => options.ToRecipe(options.ToPreprocessing().Shape, seed: 1);
}

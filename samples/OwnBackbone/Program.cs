// A network of your own: trained, saved, and loaded by its key.
// dotnet run -c Release -- FOLDER [EPOCHS], with a folder that has a subfolder of images per class.
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

// Options and saved models name a network by its key. Every program that trains with it, or loads such a model, registers it first.
BackboneCatalog.Register("three-stages", channels => new ThreeStages(channels));

string folder = args[0];
int epochs = args.Length > 1 ? int.Parse(args[1]) : 30;
MLContext ml = new(seed: 1);
(IDataView train, IDataView test) = ml.Data.SplitByClass(ml.Data.LoadImageFolder(folder), testFraction: 0.2, seed: 1);

var pipeline = ml
    .Transforms.Conversion.MapValueToKey("Label")
    .Append(
        ml.MulticlassClassification.Trainers.FeatureMining(
            new FeatureMiningOptions
            {
                Backbone = "three-stages",
                BatchSize = 32,
                Epochs = epochs,
                Progress = report => Console.Write(report.Completed is { } epoch ? $"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}\n" : ""),
            }
        )
    )
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

ITransformer model = pipeline.Fit(train);
ml.Model.Save(model, train.Schema, "model.zip");

ITransformer loaded = ml.Model.Load("model.zip", out _);
Console.WriteLine($"accuracy {ml.MulticlassClassification.Evaluate(loaded.Transform(test)).MicroAccuracy:P1}");
Console.WriteLine($"{ml.Model.GetImageModel(loaded).Backbone}: {ml.Model.GetImageModel(loaded).ParameterCount} parameters");

/// <summary>A stem and three stages of two convolutions. Everything after the last stage (pooling, classifier) is the head's.</summary>
internal sealed class ThreeStages : Backbone
{
    private static readonly int[] Channels = [16, 32, 64];

    private readonly Sequential stem;
    private readonly Sequential stage1;
    private readonly Sequential stage2;
    private readonly Sequential stage3;

    /// <param name="inputChannels">3: color, 1: gray.</param>
    public ThreeStages(int inputChannels)
        : base(nameof(ThreeStages))
    {
        stem = nn.Sequential(Convolution(inputChannels, Channels[0], stride: 1));
        stage1 = nn.Sequential(Convolution(Channels[0], Channels[0], stride: 1), Convolution(Channels[0], Channels[0], stride: 1));
        stage2 = nn.Sequential(Convolution(Channels[0], Channels[1], stride: 2), Convolution(Channels[1], Channels[1], stride: 1));
        stage3 = nn.Sequential(Convolution(Channels[1], Channels[2], stride: 2), Convolution(Channels[2], Channels[2], stride: 1));
        // Weights are saved under the names of the fields.
        RegisterComponents();
    }

    /// <summary>Channels of each stage's output.</summary>
    public override IReadOnlyList<int> StageChannels => Channels;

    /// <summary>Only for fine-tuning with frozen stages: the modules of the stem and of each stage.</summary>
    protected override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups =>
        [
            [stem],
            [stage1],
            [stage2],
            [stage3],
        ];

    /// <summary>From normalized images [N,C,H,W] to [N,16,H,W].</summary>
    public override Tensor Stem(Tensor images) => stem.call(images);

    /// <summary>To [N,16,H,W], [N,32,H/2,W/2], [N,64,H/4,W/4]. Strategies see, and may change, the features between the stages.</summary>
    public override Tensor Stage(int index, Tensor input) =>
        index switch
        {
            0 => stage1.call(input),
            1 => stage2.call(input),
            2 => stage3.call(input),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

    /// <summary>Only for <c>ml.Model.ExportOnnx</c>: adds what Stem computes to the graph. Layers of your own implement IOnnxModule.</summary>
    public override OnnxValue ExportStem(OnnxGraphBuilder graph, OnnxValue images) => graph.Apply(images, stem);

    /// <summary>Only for <c>ml.Model.ExportOnnx</c>: adds what Stage computes to the graph.</summary>
    public override OnnxValue ExportStage(OnnxGraphBuilder graph, int index, OnnxValue input) => graph.Apply(input, LayerGroups[index + 1]);

    private static Sequential Convolution(int input, int output, int stride) =>
        nn.Sequential(nn.Conv2d(input, output, kernel_size: 3, stride, padding: 1, bias: false), nn.BatchNorm2d(output), nn.ReLU());
}

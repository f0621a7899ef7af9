using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;

namespace TestPrograms;

/// <summary>
/// KeptSamples make IMAGES FOLDER: writes a file of each format that later versions must read, with the scores of this version: test/Goldens/saved-models/VERSION. Each is trained on the
/// images, one folder per class. KeptSamples resume IMAGES WORKSPACE SCORES: continues the interrupted run in the workspace and writes the scores of its model.
/// </summary>
internal static class KeptSamples
{
    private const int Epochs = 4;

    public static void Run(string[] args)
    {
        torch.set_num_threads(1);
        MLContext ml = new(1);
        IDataView images = ml.Data.LoadImageFolder(args[1]);
        if (args[0] == "resume")
        {
            WriteScores(Train(ml, images, seed: 7, workspace: args[2], stopAfter: Epochs), images, args[3]);
            return;
        }

        string folder = Directory.CreateDirectory(args[2]).FullName;
        string At(string name) => Path.Combine(folder, name);
        ITransformer first = Train(ml, images, seed: 1),
            second = Train(ml, images, seed: 2);
        ml.Model.SaveAtomic(first, images.Schema, At("classifier.zip"));
        ml.Model.ExportImageModel(first, At("exported"));
        ml.Model.ExportOnnx(first, At("classifier.onnx"));
        WriteScores(first, images, At("classifier.scores.csv"));
        ITransformer ensemble = ml.MulticlassClassification.Ensemble([first, second]);
        ml.Model.SaveAtomic(ensemble, images.Schema, At("ensemble.zip"));
        WriteScores(ensemble, images, At("ensemble.scores.csv"));
        IDataView sets = ml.Data.LoadFromEnumerable(
            ml.Data.CreateEnumerable<LabeledPath>(images, reuseRowObject: false)
                .Select(row => new LabeledPath { ImagePath = row.ImagePath, Label = row.Label == "red" ? "red;warm" : row.Label })
                .ToArray()
        );
        ITransformer multilabel = TrainMultilabel(ml, sets);
        ml.Model.SaveAtomic(multilabel, sets.Schema, At("multilabel.zip"));
        WriteScores(multilabel, sets, At("multilabel.scores.csv"));
        Train(ml, images, seed: 7, At("workspace"), stopAfter: Epochs / 2);
    }

    // A run with the strategy, the optimizer's state, EMA and best weights in its checkpoint.
    private static ITransformer Train(MLContext ml, IDataView images, int seed, string? workspace = null, int stopAfter = Epochs)
    {
        using CancellationTokenSource source = new();
        FeatureMiningOptions options = new()
        {
            Backbone = "pyramidnet-11-a9-bottleneck",
            ImageColumnName = "ImagePath",
            LabelColumnName = "LabelKey",
            ImageHeight = 16,
            ImageWidth = 16,
            Stages = 1,
            Epochs = Epochs,
            BatchSize = 4,
            EmaDecay = 0.5,
            KeepWeights = KeepWeights.Last,
            KeepCheckpoints = 1,
            ValidationFraction = 0.3,
            Seed = seed,
            WorkspacePath = workspace,
            CancellationToken = source.Token,
            OnCancellation = CancellationBehavior.ReturnModel,
            Progress = progress =>
            {
                if (stopAfter < Epochs && progress.Epoch > stopAfter)
                {
                    source.Cancel();
                }
            },
        };
        return ml.Transforms.Conversion.MapValueToKey("LabelKey", "Label").Append(ml.MulticlassClassification.Trainers.FeatureMining(options)).Fit(images);
    }

    private static ITransformer TrainMultilabel(MLContext ml, IDataView sets) =>
        ml.MultilabelClassification()
            .Trainers.PatchTraining(
                new PatchTrainingOptions
                {
                    Backbone = "pyramidnet-11-a9-bottleneck",
                    ImageColumnName = "ImagePath",
                    ImageHeight = 16,
                    ImageWidth = 16,
                    Epochs = 2,
                    SwitchEpoch = 0,
                    Head = new VggPatchHead { HiddenUnits = 8 },
                    BatchSize = 4,
                    Seed = 1,
                }
            )
            .Fit(sets);

    private static void WriteScores(ITransformer model, IDataView rows, string path) =>
        File.WriteAllLines(
            path,
            model
                .Transform(rows)
                .GetColumn<float[]>("Score")
                .Select(scores => string.Join(',', scores.Select(score => score.ToString("R", CultureInfo.InvariantCulture))))
        );

    private sealed class LabeledPath
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}

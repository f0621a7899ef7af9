using System.Globalization;
using AutoMLSample;
using Microsoft.ML;
using Microsoft.ML.AutoML;
using Microsoft.ML.FeatureMining.Networks;

if (
    args is not [string folder, ..]
    || args.Length > 3
    || !Directory.Exists(folder)
    || Count(1, usual: 10) is not { } trials
    || Count(2, usual: 20) is not { } epochs
)
{
    Console.Error.WriteLine("Usage: AutoMLSample FOLDER [TRIALS] [EPOCHS], FOLDER holding one folder of images per class.");
    return 2;
}

MLContext ml = new(seed: 1);
(IDataView train, IDataView validation) = ml.Data.SplitByClass(ml.Data.LoadImageFolder(folder), testFraction: 0.2, seed: 1);
AutoMLExperiment experiment = ImageSweep.Experiment(ml, train, validation, swept => swept with { Backbone = "cifar-resnet-20", Epochs = epochs });
experiment.SetMaxModelToExplore(trials);
experiment.SetMonitor(new TrialPrinter());
TrialResult best = experiment.Run();
Console.WriteLine(
    $"best: trial {best.TrialSettings.TrialId}, accuracy {best.Metric.ToString("P1", CultureInfo.InvariantCulture)}: {best.TrialSettings.Parameter["_pipeline_"]}"
);
ml.Model.Save(best.Model, train.Schema, "best.zip");
Console.WriteLine("Saved best.zip.");
return 0;

int? Count(int index, int usual) =>
    args.Length <= index ? usual
    : int.TryParse(args[index], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 ? count
    : null;

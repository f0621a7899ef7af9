using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Detection.Evaluation;

namespace Samples;

/// <summary>The verb <c>detect</c>: object detection, with verbs of its own.</summary>
internal static class DetectCommand
{
    public static Command Create()
    {
        Command command = new("detect", "Finds the objects in images, with their boxes: trains, evaluates and uses a detector (RetinaNet).");
        foreach (Command verb in new[] { DetectTrainCommand.Create(), DetectEvaluateCommand.Create(), DetectPredictCommand.Create() })
        {
            command.Subcommands.Add(verb);
        }

        return command;
    }
}

/// <summary>The options that name labeled images for object detection: a folder in the layout of Pascal VOC, and lists of its images.</summary>
internal sealed class VocInput(string part)
{
    private readonly Option<DirectoryInfo> _folder = new("--voc")
    {
        Description = "Labeled images in the layout of Pascal VOC: a folder such as VOCdevkit/VOC2007, with JPEGImages, Annotations and ImageSets/Main.",
        Required = true,
    };
    private readonly Option<string> _part = new("--part")
    {
        Description = "The list of images in ImageSets/Main: train, val, trainval or test.",
        DefaultValueFactory = _ => part,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_folder);
        command.Options.Add(_part);
    }

    /// <summary>Rows of the list of <c>--part</c>, or of another one.</summary>
    public IDataView Load(ParseResult parsed, MLContext ml, bool withDifficult, string? other = null) =>
        ml.Data.LoadPascalVocDetection(parsed.GetRequiredValue(_folder).FullName, other ?? parsed.GetValue(_part)!, withDifficult);
}

/// <summary>Shows the metrics of a detector.</summary>
internal static class DetectionView
{
    public static DetectionMetrics Evaluate(MLContext ml, IDataView scored)
    {
        DetectionMetrics metrics = ml.ObjectDetection().Evaluate(scored, difficultColumnName: "Difficult");
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"{"class", -20}{"objects", 9}{"AP", 9}{"AP 2007", 9}"));
        foreach (ClassAveragePrecision one in metrics.PerClass)
        {
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{TerminalText.Of(one.Class), -20}{one.Objects, 9}{Percent(one.AveragePrecision), 9}{Percent(one.AveragePrecision2007), 9}"
                )
            );
        }

        Console.WriteLine(metrics.ToString());
        return metrics;
    }

    /// <summary>The metrics for a JSON report.</summary>
    public static object Details(DetectionMetrics metrics) =>
        new
        {
            metrics.MeanAveragePrecision,
            metrics.MeanAveragePrecision2007,
            metrics.Images,
            metrics.Objects,
            metrics.Detections,
            Classes = metrics.PerClass,
        };

    private static string Percent(double value) => double.IsNaN(value) ? "-" : FormattableString.Invariant($"{100 * value:f1} %");
}

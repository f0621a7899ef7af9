using System.Globalization;

namespace Samples.Reproduce;

/// <summary>Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks".</summary>
internal static class PatchTrainingExperiments
{
    private const string Paper = "patch-training";

    private static readonly Measure Precision = Measure.Test("precision", "precision, %", "precision", 100);
    private static readonly Measure Recall = Measure.Test("recall", "recall, %", "recall", 100);
    private static readonly Measure AveragePrecision = Measure.Test("map", "mAP, %", "mean_average_precision", 100);

    private static readonly string[] Classes =
    [
        "aeroplane",
        "bicycle",
        "bird",
        "boat",
        "bottle",
        "bus",
        "car",
        "cat",
        "chair",
        "cow",
        "diningtable",
        "dog",
        "horse",
        "motorbike",
        "person",
        "pottedplant",
        "sheep",
        "sofa",
        "train",
        "tvmonitor",
    ];

    private const string Undecided =
        "The paper does not state switch_epoch (here 5), and its two tables give different figures for the same rate of 0.001 and " + "batches of 16.";

    private static readonly Measure[] Counts =
    [
        Measure.Test("tp", "true positives", "true_positives"),
        Measure.Test("fp", "false positives", "false_positives"),
        Measure.Test("fn", "false negatives", "false_negatives"),
        Measure.Test("tn", "true negatives", "true_negatives"),
    ];

    private static readonly IReadOnlyDictionary<Scale, Recipe> Recipes = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = new(
            "Pairs of digits as images of two classes, digits as patches; VGG-11 at 32 pixels, 10 epochs.",
            "data multilabel-list {digits}/pairs-test.csv",
            "--trainer patch --batch 16 --data multilabel-list {digits}/pairs-train.csv --patch-data list {digits}/train.csv --size 32 --channels 1 --no-flip "
                + "--head vgg-patches:hidden-units=16",
            new Dictionary<string, string> { ["vgg-16"] = "vgg-11-bn", ["rate"] = "0.01" }
        ),
        [Scale.Small] = new(
            "VOC 2007 at 64 pixels, VGG-11 with BatchNorm and hidden layers of 256, 10 epochs, learning rate 0.001 and batches of 16 where the "
                + "row does not say.",
            "data voc {voc} test",
            "--trainer patch --batch 16 --data voc {voc} trainval --patch-data voc-patches {voc} trainval --size 64 --no-flip --head vgg-patches:hidden-units=256",
            new Dictionary<string, string> { ["vgg-16"] = "vgg-11-bn", ["rate"] = "0.001" }
        ),
        [Scale.Paper] = new(
            "VOC 2012, VGG-16, 10 epochs, random resized crops of the central square of an image or patch, 224 pixels; the loss on whole "
                + "images is the mean over the classes, as in the paper's algorithm (its text has the sum); evaluated on val, because the labels of test are not published.",
            "data voc {voc} val",
            "--trainer patch --batch 16 --data voc {voc} train --patch-data voc-patches {voc} train --no-flip",
            new Dictionary<string, string> { ["vgg-16"] = "vgg-16", ["rate"] = "0.001" }
        ),
    };

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new(Paper, "figure-6", "Precision and recall of each class, with patches and without")
        {
            Measures =
            [
                Recall,
                Precision,
                .. Classes
                    .Index()
                    .SelectMany(entry => new[] { Measure.OfClass(entry.Index, entry.Item, "precision"), Measure.OfClass(entry.Index, entry.Item, "recall") }),
            ],
            Recipes = Recipes,
            Rows = [Switch(0), Switch(5)],
        },
        new(Paper, "figure-7", "Right and wrong answers over all classes against switch_epoch")
        {
            Measures = Counts,
            Recipes = Recipes,
            Rows = [.. Enumerable.Range(0, 10).Select(Switch)],
        },
        new(Paper, "figure-8", "Recall and precision over all classes against switch_epoch")
        {
            Measures = [Recall, Precision, AveragePrecision],
            Recipes = Recipes,
            Note =
                "The paper's switch_epoch goes to 10, which would leave no epoch for what is measured. The text gives of its figure: recall from 50 to 53 "
                + "%, precision a point less; at 5, recall 2 points more and precision 0.4 less; above 7 all is worse.",
            Rows = [.. Enumerable.Range(0, 10).Select(Switch)],
        },
        new(Paper, "figure-9", "Training time against switch_epoch")
        {
            Measures = [Measure.Seconds],
            Recipes = Recipes,
            Note =
                "The paper reports more than 30 % less. Here patches are resized to the size of whole images, which the paper does not state, and there are more "
                + "of them: an epoch on patches takes longer. Times are valid only if nothing else runs.",
            Rows = [.. Enumerable.Range(0, 10).Select(Switch)],
        },
        new(Paper, "learning-rate", "The learning rate of patch training")
        {
            Measures = [Recall, Precision],
            Recipes = Recipes,
            Note = Undecided,
            Rows = [Rate("0.0001", 52, 15.9), Rate("0.001", 51.8, 16.1), Rate("0.01", 49.4, 16.6)],
        },
        new(Paper, "batch-size", "The batch size of patch training")
        {
            Measures = [Recall, Precision, Measure.Seconds],
            Recipes = Recipes,
            Note = Undecided,
            Rows = [Batch(8, 63.2, 12.8, 2231), Batch(16, 60.4, 13.4, 1266), Batch(32, 60.5, 13.4, 1136)],
        },
    ];

    private static Row Switch(int epoch) =>
        new($"switch_epoch {Text(epoch)}", $"--backbone {{vgg-16}} --epochs 10 --lr {{rate}} --set " + $"SwitchEpoch={Text(epoch)}");

    private static Row Rate(string rate, double recall, double precision) =>
        new($"learning rate {rate}", $"--backbone {{vgg-16}} --epochs 10 --lr {rate} --set SwitchEpoch=5", new Figure(recall), new Figure(precision));

    private static Row Batch(int size, double recall, double precision, double seconds) =>
        new(
            $"batches of {Text(size)}",
            $"--backbone {{vgg-16}} --epochs 10 --lr {{rate}} --batch {Text(size)} --set SwitchEpoch=5",
            new Figure(recall),
            new Figure(precision),
            new Figure(seconds)
        );

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

namespace Samples.Reproduce;

/// <summary>Lee et al. 2021, "Exploiting Features with Split-and-Share Module".</summary>
internal static class SplitAndShareExperiments
{
    private const string Paper = "split-and-share";

    private static readonly Measure[] Accuracy = [Measure.Last, Measure.Training];

    private static readonly IReadOnlyDictionary<Scale, Recipe> Recipes = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = new(Scaled.WhatTiny, Scaled.TinyTest, $"{Scaled.Tiny} --stages 0 --keep last", Networks("cifar-resnet-8", "cifar-resnet-11-bottleneck")),
        [Scale.Small] = new(
            "CIFAR-100, 20 images of each class, without crops and flips, 30 epochs in batches of 32, learning rate 0.05, a tenth of it at one and at two "
                + "thirds; resnet-18, and for all other networks resnext-14-8x4d, of bottlenecks with 2048 channels at the end.",
            Scaled.CifarTest,
            $"{Scaled.FewCifar} --samples-per-class 20 --stages 0 --lr 0.05 --epochs 30 --schedule step:milestones=0.333;0.667",
            Networks("resnet-18", "resnext-14-8x4d")
        ),
        [Scale.Paper] = new(
            "90 epochs in batches of 256, learning rate 0.1, a tenth of it at 30 and 60; images resized to 256x256, random crops of 224, flips, evaluated on "
                + "one central crop. ResNeXts are 32x4d, which the paper does not state.",
            "data imagenet {imagenet}/val {imagenet}/synsets.txt",
            $"--data imagenet {{imagenet}}/train {{imagenet}}/synsets.txt --stages 0 --size 224 --set Resize=Squash {Scaled.KeptLarger} --padding 0"
                + " --batch 256 --schedule step:milestones=0.333333;0.666666 --optimizer sgd:nesterov=false --epochs 90 --keep last",
            new Dictionary<string, string>
            {
                ["resnet-18"] = "resnet-18",
                ["resnet-50"] = "resnet-50",
                ["resnet-101"] = "resnet-101",
                ["resnext-50"] = "resnext-50-32x4d",
                ["resnext-101"] = "resnext-101-32x4d",
            }
        ),
    };

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new(Paper, "table-1", "The Split-and-Share Module on networks of several depths")
        {
            Measures = Accuracy,
            Recipes = Recipes,
            Note =
                "The paper's figures of ResNet-50 are the better of two runs, by its Table 3 (75.60 and 75.65; with the module 76.37 and 76.68). It does not state "
                + "whether they are of the last or the best epoch; here the last.",
            Rows =
            [
                .. Pair("ResNet-18", "{resnet-18}", 70.04, 70.05),
                .. Pair("ResNet-50", "{resnet-50}", 75.65, 76.68),
                .. Pair("ResNet-101", "{resnet-101}", 76.62, 77.93),
                .. Pair("ResNeXt50", "{resnext-50}", 77.19, 77.96),
                .. Pair("ResNeXt101", "{resnext-101}", 78.46, 79.68),
            ],
        },
        new(Paper, "table-2", "One loss on the average of the classifiers, or one on each")
        {
            Measures = [Measure.Last, .. Enumerable.Range(1, 4).Select(Measure.Classifier)],
            Recipes = Recipes,
            Rows =
            [
                new("ResNet-50 + SSM", "--backbone {resnet-50} --head ssm", new(76.68), new(65.24), new(73.24), new(75.09), new(1.02)),
                new(
                    "ResNet-50 + SSM-individual",
                    "--backbone {resnet-50} --head ssm:individual-losses=true",
                    new(75.38),
                    new(75.60),
                    new(75.11),
                    new(76.18),
                    new(74.77)
                ),
            ],
        },
        new(Paper, "table-3", "Whether the Split-and-Share Module is an ensemble")
        {
            Measures = Accuracy,
            Recipes = Recipes,
            Rows =
            [
                new("one model", "--backbone {resnet-50} --head linear", new Figure(75.625)) { Group = "ResNet-50" },
                new("two models", "--backbone {resnet-50} --head linear", new Figure(77.25)) { Group = "ResNet-50", Models = 2 },
                new("one model", "--backbone {resnet-50} --head ssm", new Figure(76.525)) { Group = "ResNet-50 + SSM" },
                new("two models", "--backbone {resnet-50} --head ssm", new Figure(78.04)) { Group = "ResNet-50 + SSM", Models = 2 },
            ],
            Note =
                "The paper's single models are two each, 75.60 and 75.65, 76.37 and 76.68; here their means. The gains that "
                + "it states, +1.60 and +1.35, are those over the better one.",
        },
        new(Paper, "table-4", "Whether more parameters do the same")
        {
            Measures = [Measure.Last, Measure.Parameters, Measure.Training],
            Recipes = Recipes,
            Rows =
            [
                new("ResNet-50", "--backbone {resnet-50} --head linear", new(75.65), new(25.55)),
                new("ResNet-50 + SSM", "--backbone {resnet-50} --head ssm", new(76.68), new(28.63)),
                new("ResNet-50 (2FC)", "--backbone {resnet-50} --head parallel", new(75.91), new(27.60)),
                new("ResNet-50 (3FC)", "--backbone {resnet-50} --head parallel:layers=3", new(75.67), new(29.65)),
            ],
        },
    ];

    private static IEnumerable<Row> Pair(string group, string network, double plain, double split) =>
        [
            new Row("one layer", $"--backbone {network} --head linear", new Figure(plain)) { Group = group },
            new Row("SSM", $"--backbone {network} --head ssm", new Figure(split)) { Group = group },
        ];

    private static Dictionary<string, string> Networks(string basic, string bottleneck) =>
        new()
        {
            ["resnet-18"] = basic,
            ["resnet-50"] = bottleneck,
            ["resnet-101"] = bottleneck,
            ["resnext-50"] = bottleneck,
            ["resnext-101"] = bottleneck,
        };
}

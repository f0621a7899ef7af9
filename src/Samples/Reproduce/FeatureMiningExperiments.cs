using Microsoft.ML.FeatureMining.Strategies;

namespace Samples.Reproduce;

/// <summary>Xie et al. 2022, "Feature Mining: A Novel Training Strategy for Convolutional Neural Network", and its arXiv version of 2021.</summary>
internal static class FeatureMiningExperiments
{
    private const string Paper = "feature-mining";
    private const string Plain = "--stages 0";

    // The rule is stated: a run must not change when the trainer's default does.
    private const string Box = "--box-rule CutMix";
    private const string OneStage = $"--stages 1 {Box}";
    private const string Mined = $"--stages 2 {Box}";
    private const string Byot = "--strategy byot:ensemble-exits=true";
    private const string ClassWise = "--strategy cs-kd:partners=class";

    // Small experiments on CIFAR measure only the last epoch: validation after each epoch would double their time.
    private static readonly Measure[] Accuracy = [Measure.Highest, Measure.Last, Measure.Training];

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new(Paper, "table-1", "Feature Mining beside dropout methods on CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Cifar,
            Note =
                "The paper's p values of FM (2 layers) against the best dropout method are 0.018, 0.0006, 0.0002, 0.039, 0.005 and 0.010, in the order of "
                + "the networks; they do not follow from its means and deviations with four runs each. It does not state the rates of dropout and spatial dropout; "
                + "here 0.2.",
            Rows =
            [
                .. Dropouts(
                    "ResNet-56",
                    "{resnet-56}",
                    "SpatialDropout",
                    (73.71, 0.28),
                    (73.81, 0.27),
                    (74.38, 0.17),
                    (73.92, 0.10),
                    (74.55, 0.11),
                    (75.35, 0.07)
                ),
                .. Dropouts(
                    "ResNet-110",
                    "{resnet-110}",
                    "DropBlock",
                    (74.71, 0.23),
                    (74.69, 0.33),
                    (74.76, 0.12),
                    (74.92, 0.07),
                    (75.79, 0.08),
                    (76.90, 0.13)
                ),
                .. Dropouts(
                    "ResNet-164",
                    "{resnet-164}",
                    "DropBlock",
                    (74.98, 0.23),
                    (75.15, 0.11),
                    (75.34, 0.09),
                    (75.51, 0.14),
                    (76.51, 0.13),
                    (78.31, 0.21)
                ),
                .. Dropouts(
                    "DenseNet-100",
                    "{densenet-100}",
                    "SpatialDropout",
                    (77.25, 0.20),
                    (77.45, 0.12),
                    (77.97, 0.16),
                    (77.33, 0.09),
                    (78.24, 0.12),
                    (78.78, 0.09)
                ),
                .. Dropouts(
                    "WRN-28-10",
                    "{wrn-28-10}",
                    "SpatialDropout",
                    (79.35, 0.20),
                    (79.21, 0.15),
                    (79.63, 0.09),
                    (79.44, 0.24),
                    (79.75, 0.16),
                    (80.90, 0.22)
                ),
                .. Dropouts(
                    "PyramidNet-110",
                    "{pyramidnet-110}",
                    "SpatialDropout",
                    (81.54, 0.31),
                    (81.31, 0.24),
                    (81.60, 0.17),
                    (81.57, 0.21),
                    (82.13, 0.25),
                    (82.87, 0.15)
                ),
            ],
        },
        new(Paper, "table-2", "Feature Mining beside self-distillation on CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Cifar,
            Rows =
            [
                On("ResNet-110", "{resnet-110}", Plain, (74.71, 0.23)),
                On("ResNet-110+BYOT", "{resnet-110}", $"{Plain} {Byot}", (76.68, 0.14)),
                On("ResNet-110+CS-KD", "{resnet-110}", $"{Plain} {ClassWise}", (75.92, 0.08)),
                On("ResNet-110+FM", "{resnet-110}", Mined, (76.90, 0.21)),
                On("ResNet-110+FM+BYOT", "{resnet-110}", $"{Mined} {Byot}", (77.34, 0.16)) with
                {
                    Against = "ResNet-110+BYOT",
                },
                On("ResNet-110+FM+CS-KD", "{resnet-110}", $"{Mined} {ClassWise}", (77.68, 0.11)) with
                {
                    Against = "ResNet-110+CS-KD",
                },
            ],
        },
        new(Paper, "table-3", "Feature Mining with Mixup on CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Cifar,
            Rows =
            [
                .. Mixups("ResNet-110", "{resnet-110}", (74.71, 0.23), (77.78, 0.25), (76.90, 0.12), (79.13, 0.17)),
                .. Mixups("ResNet-164", "{resnet-164}", (74.98, 0.23), (79.22, 0.12), (78.31, 0.09), (81.04, 0.20)),
            ],
        },
        new(Paper, "table-4", "Feature Mining on Tiny ImageNet")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.TinyImageNet,
            Rows =
            [
                On("ResNet110", "{resnet-110}", Plain, (62.42, 0.25)),
                On("ResNet110+Dropout", "{resnet-110}", $"{Plain} --strategy dropout", (62.32, 0.05)),
                On("ResNet110+Spatial Dropout", "{resnet-110}", $"{Plain} --strategy spatial-dropout", (62.55, 0.10)),
                On("ResNet110+DropBlock", "{resnet-110}", $"{Plain} --strategy drop-block", (63.13, 0.29)),
                On("ResNet110+BYOT", "{resnet-110}", $"{Plain} {Byot}", (63.03, 0.17)),
                On("ResNet110+CS-KD", "{resnet-110}", $"{Plain} {ClassWise}", (64.29, 0.11)),
                On("ResNet110+FM", "{resnet-110}", Mined, (65.22, 0.06)),
            ],
        },
        new(Paper, "table-5", "Feature Mining on ImageNet")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.ImageNet,
            Rows = [On("ResNet-50", "{resnet-50}", Plain, (76.32, 0.02)), On("ResNet-50+FM", "{resnet-50}", Mined, (77.26, 0.04))],
        },
        new(Paper, "table-6", "Feature Mining beside self-distillation on CUB-200-2011")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Birds,
            Rows =
            [
                On("ResNet-50", "{resnet-50}", Plain, (66.73, 0.34)),
                On("ResNet-50+BYOT", "{resnet-50}", $"{Plain} {Byot}", (74.60, 0.41)),
                On("ResNet-50+CS-KD", "{resnet-50}", $"{Plain} {ClassWise},weight=3", (74.81, 0.23)),
                On("ResNet-50+FM", "{resnet-50}", Mined, (76.26, 0.27)),
            ],
        },
        new(Paper, "figure-3", "Validation accuracy on CUB-200-2011 over the epochs")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Birds,
            Curves = true,
            Note = "Figure 5 of the arXiv version.",
            Rows =
            [
                On("ResNet-50", "{resnet-50}", Plain, (66.73, 0.34)),
                On("ResNet-50+BYOT", "{resnet-50}", $"{Plain} {Byot}", (74.60, 0.41)),
                On("ResNet-50+FM", "{resnet-50}", Mined, (76.26, 0.27)),
            ],
        },
        new(Paper, "table-7", "Feature Mining as the backbone of a detector on Pascal VOC 2007")
        {
            Measures =
            [
                Measure.Test("map-2007", "mAP of VOC 2007 (11 points), %", "mean_average_precision2007", 100),
                Measure.Test("map", "mAP (area), %", "mean_average_precision", 100),
            ],
            Recipes = DetectionRecipes.Voc,
            Note =
                "RetinaNet on each backbone. The paper does not state how mAP is computed. At small scale there are few images to train and to test on, so that "
                + "only large differences can show.",
            Rows =
            [
                new("ResNet-50", $"--backbone {{resnet-50}} {Plain}", new Figure(70.14, 0.17)),
                new("ResNet-50+FM", $"--backbone {{resnet-50}} {Mined}", new Figure(71.11, 0.14)),
            ],
        },
        new(Paper, "table-8", "Feature Mining with wrong labels on CIFAR-100")
        {
            Measures = [Measure.Last, Measure.Highest, Measure.Training],
            Recipes = FeatureMiningRecipes.Noise,
            Note =
                "The paper reports \"average test accuracy\": by its section 4 the highest accuracy, averaged over runs; it may also mean epochs. Here that of "
                + "the last epoch comes first, because with wrong labels the highest accuracy is that of an early epoch. The number of epochs is not stated either; here that of Table 1.",
            Rows =
            [
                .. Noise("symmetric flip, 0.5", "symmetric:0.5", 45.73, 53.31),
                .. Noise("symmetric flip, 0.2", "symmetric:0.2", 61.16, 68.12),
                .. Noise("pair flip, 0.5", "pair:0.5", 35.73, 38.78),
                .. Noise("pair flip, 0.2", "pair:0.2", 63.83, 71.22),
            ],
        },
        new(Paper, "figure-4", "Feature Mining with few samples per class of CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Samples,
            Note = "Figure 6 of the arXiv version. The text gives neither the epochs, here those of Table 1, nor the numbers of samples, nor the accuracies.",
            Rows =
            [
                .. new[] { "{few}", "{more}", "{many}", "{most}" }.SelectMany(samples =>
                    new[]
                    {
                        new Row("ResNet-56", $"--backbone {{resnet-56}} --samples-per-class {samples} {Plain}") { Group = $"{samples} a class" },
                        new Row("ResNet-56+FM", $"--backbone {{resnet-56}} --samples-per-class {samples} {Mined}") { Group = $"{samples} a class" },
                    }
                ),
            ],
        },
        new(Paper, "table-9", "Variants of Feature Mining on CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Cifar,
            Rows =
            [
                On("ResNet-56", "{resnet-56}", Plain, (73.71, 0.28)),
                On("ResNet-56+FM (1 layer)", "{resnet-56}", OneStage, (74.55, 0.11)),
                On("ResNet-56+FM (2 layers)", "{resnet-56}", Mined, (75.35, 0.07)),
                On("ResNet-56+FM (3 layers)", "{resnet-56}", $"--stages 3 {Box}", (75.29, 0.12)),
                On("ResNet-56+Dropout-FM", "{resnet-56}", $"{Mined} --segmentation Points", (74.12, 0.23)),
                On("ResNet-56+SpatialDropout-FM", "{resnet-56}", $"{Mined} --segmentation Channels", (74.01, 0.17)),
                On("ResNet-56+non-complementary FM", "{resnet-56}", $"{Mined} --segmentation NonComplementary", (74.23, 0.09)),
            ],
        },
        new(Paper, "box-rules", "Readings of equation 1, the random box of Feature Mining, on CIFAR-100")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.Cifar,
            IsPaired = true,
            Note = "Not a table of the paper. The last two stages have maps of 16x16 and 8x8.",
            Rows = [new("ResNet-56", $"--backbone {{resnet-56}} {Plain}"), .. BoxRules("ResNet-56", "{resnet-56}")],
        },
        new(Paper, "box-rules-small-maps", "Readings of equation 1, the random box of Feature Mining, on the small maps of ResNet-50")
        {
            Measures = Accuracy,
            Recipes = FeatureMiningRecipes.SmallMaps,
            IsPaired = true,
            Note = "Not a table of the paper.",
            Rows = [new("ResNet-50", $"--backbone {{resnet-50}} {Plain}"), .. BoxRules("ResNet-50", "{resnet-50}")],
        },
        new(Paper, "activations", "How strongly the stages respond, with Feature Mining and without")
        {
            Measures = [Measure.Active(0), Measure.Active(1), Measure.Active(2)],
            Recipes = FeatureMiningRecipes.Cifar,
            Note = "Figure 4 of the arXiv version. Its text: more high activations with Feature Mining, most of all in the first layer. On 64 held-out images.",
            Rows = [new("ResNet-110", $"--backbone {{resnet-110}} {Plain}"), new("ResNet-110+FM", $"--backbone {{resnet-110}} {Mined}")],
        },
        new(Paper, "table-10", "Time of a training step with Feature Mining, batches of 128")
        {
            Measures = [Measure.MillisecondsPerStep],
            Recipes = FeatureMiningRecipes.Cost,
            Note =
                "The paper averages over the first 300 steps; here the median of epochs. Its GPU memory (1740, 1773 and 1959 MB) is not measured here. "
                + "Times are valid only if nothing else runs.",
            Rows = [Cost("ResNet-56", 0, 94), Cost("ResNet-56+FM (1 layer)", 1, 98), Cost("ResNet-56+FM (2 layers)", 2, 113)],
        },
    ];

    private static Row On(string name, string network, string arguments, (double Mean, double Std) published) =>
        new(name, $"--backbone {network} {arguments}", new Figure(published.Mean, published.Std));

    // Feature Mining on two stages is compared with the best dropout method, as in the paper's test.
    private static IEnumerable<Row> Dropouts(string group, string network, string best, params (double, double)[] published) =>
        new (string Name, string Arguments, string? Against)[]
        {
            ("Baseline", Plain, null),
            ("Dropout", $"{Plain} --strategy dropout", null),
            ("SpatialDropout", $"{Plain} --strategy spatial-dropout", null),
            ("DropBlock", $"{Plain} --strategy drop-block", null),
            ("FM (1 layer)", OneStage, null),
            ("FM (2 layers)", Mined, best),
        }.Zip(published, (row, figure) => On(row.Name, network, row.Arguments, figure) with { Group = group, Against = row.Against });

    private static IEnumerable<Row> Mixups(string name, string network, params (double, double)[] published) =>
        new (string Name, string Arguments, string? Against)[]
        {
            (name, Plain, null),
            ($"{name}+Mixup", $"{Plain} --strategy mixup", null),
            ($"{name}+FM", Mined, null),
            ($"{name}+FM+Mixup", $"{Mined} --strategy mixup", $"{name}+Mixup"),
        }.Zip(published, (row, figure) => On(row.Name, network, row.Arguments, figure) with { Group = name, Against = row.Against });

    private static IEnumerable<Row> Noise(string group, string noise, double plain, double mined) =>
        [
            new Row("ResNet-110", $"--backbone {{resnet-110}} {Plain} --label-noise {noise}", new Figure(plain)) { Group = group },
            new Row("ResNet-110+FM", $"--backbone {{resnet-110}} {Mined} --label-noise {noise}", new Figure(mined)) { Group = group },
        ];

    // Each rule is compared with CutMix's integers, those with plain training.
    private static IEnumerable<Row> BoxRules(string name, string network) =>
        from stages in new[] { 1, 2 }
        let mined = $"{name}+FM ({stages} {(stages == 1 ? "layer" : "layers")})"
        from rule in Enum.GetValues<BoxRule>()
        select new Row($"{mined}, {rule}", $"--backbone {network} --stages {stages} --box-rule {rule}")
        {
            Against = rule == BoxRule.CutMix ? name : $"{mined}, {BoxRule.CutMix}",
        };

    private static Row Cost(string name, int stages, double milliseconds) =>
        new(name, $"--backbone {{resnet-56}} --stages {stages} {Box}", new Figure(milliseconds));
}

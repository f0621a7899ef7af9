namespace Samples.Reproduce;

/// <summary>Sun et al. 2020, "Visual Inductive Priors Framework for Data-Efficient Image Classification".</summary>
internal static class PriorsExperiments
{
    private const string Paper = "visual-inductive-priors";

    // What the framework adds is off, and rows switch it on.
    private const string Bare =
        "--trainer vipf --loss cross-entropy --head linear --set CenterLossWeight=0 --set TreeSupervisionWeight=0 "
        + "--set TestTimeAugmentation=None --keep last";

    // Section 4.1: "used for learning". Not where they are what is compared, nor in Table 4, whose first row is 5.33 below that of Table 5: the "5.3%" that the
    // text gives to 360 epochs instead of 90.
    private const string Tricks = "--label-smoothing 0.1 --set Head.Dropout=0.2";
    private const string NoTricks = "--label-smoothing 0";

    private const string PartlyTrained =
        "The paper trains these on the training set and most of the validation set, and evaluates on the rest; here they are "
        + "trained on the training set and evaluated on the validation set.";

    private static readonly Measure[] Accuracy = [Measure.Last, Measure.Training];

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new(Paper, "table-1", "Dual selective kernels, positive class loss and center loss")
        {
            Measures = Accuracy,
            Recipes = Recipes(360, Tricks),
            Note =
                "The paper does not state the image size, whether ten crops are scored (here one) or dual pooling is on (here off). Its center loss (equation 6) is a sum over the batch, while the other loss is a mean; here it is "
                + "a mean, and the sum has a row of its own.",
            Rows =
            [
                Of("ResNeXt50", "{resnext-50}", 52.01),
                Of("D-ResNeXt50", "{d-resnext-50}", 54.45),
                Of("SK-ResNeXt50 without anti-aliasing", "{sk-resnext-50}-no-blur", 54.06),
                Of("SK-ResNeXt50", "{sk-resnext-50}", 54.37),
                Of("DSK-ResNeXt50", "{dsk-resnext-50}", 55.97),
                Of("DSK-ResNeXt50+PSL", "{dsk-resnext-50} --loss positive-class", 56.48) with
                {
                    Against = "DSK-ResNeXt50",
                },
                Of("DSK-ResNeXt50+PSL+CL", "{dsk-resnext-50} --loss positive-class --set CenterLossWeight=0.0005", 57.51) with
                {
                    Against = "DSK-ResNeXt50+PSL",
                },
                new("DSK-ResNeXt50+PSL+CL as a sum", "--backbone {dsk-resnext-50} --loss positive-class --strategy center-loss:mean-over-batch=false")
                {
                    Against = "DSK-ResNeXt50+PSL",
                },
            ],
        },
        new(Paper, "table-2", "Tree supervision")
        {
            Measures = Accuracy,
            Recipes = Recipes(720, Tricks, small: 40),
            Note =
                $"{PartlyTrained} Not stated: the image sizes of the EfficientNets, and which losses are on besides tree supervision (here cross entropy, without "
                + "positive class and center loss). Dropout of 0.2 replaces EfficientNet's own (0.3 to 0.5); its stochastic depth of 0.2 stays. The hierarchy is induced "
                + "from a training without it, which doubles the time of these rows. At the small scale all EfficientNets are b0, all ResNeSts of 14 layers.",
            Rows =
            [
                .. Trees("EfficientNet-b3", "{efficientnet-b3}", 62.42, 63.15),
                .. Trees("EfficientNet-b5", "{efficientnet-b5}", 65.43, 65.85),
                .. Trees("EfficientNet-b6", "{efficientnet-b6}", 65.67, 66.26),
                .. Trees("ResNeSt-101 (320x320)", "{resnest-101}", 65.96, 67.15),
                .. Trees("ResNeSt-200 (320x320)", "{resnest-200}", 67.40, 67.81),
            ],
        },
        new(Paper, "table-3", "DSK networks at two sizes")
        {
            Measures = Accuracy,
            Recipes = Recipes(540, Tricks, small: 30),
            Note =
                $"{PartlyTrained} The paper does not state whether the losses and tricks of the other tables are on; here they are off, except for label "
                + "smoothing, dropout and, at paper scale, CutMix with probability 0.5, which section 4.1 gives for all models. At the small scale, 48 pixels for 320, and "
                + "26 layers for 101.",
            Rows =
            [
                Of("DSK-ResNeXt50 (224x224)", "{dsk-resnext-50}", 67.35) with
                {
                    Group = "DSK-ResNeXt50",
                },
                Of("DSK-ResNeXt50 (320x320)", "{dsk-resnext-50} {size-320}", 69.20) with
                {
                    Group = "DSK-ResNeXt50",
                },
                Of("DSK-ResNeXt101 (224x224)", "{dsk-resnext-101}", 68.02) with
                {
                    Group = "DSK-ResNeXt101",
                },
                Of("DSK-ResNeXt101 (320x320)", "{dsk-resnext-101} {size-320}", 69.59) with
                {
                    Group = "DSK-ResNeXt101",
                },
            ],
        },
        new(Paper, "table-4", "The probability of CutMix")
        {
            Measures = Accuracy,
            Recipes = Recipes(90, NoTricks, side: 320),
            Note =
                "Without label smoothing and dropout: the first row is 5.33 below that of Table 5, the \"5.3%\" that the text gives to 360 epochs instead of 90.",
            Rows =
            [
                CutMix("ResNeXt50", "0", 45.23),
                CutMix("ResNeXt50+CutMix with prob=0.3", "0.3", 45.73),
                CutMix("ResNeXt50+CutMix with prob=0.5", "0.5", 46.25),
                CutMix("ResNeXt50+CutMix with prob=0.7", "0.7", 45.85),
                CutMix("ResNeXt50+CutMix with prob=1.0", "1", 44.35),
            ],
        },
        new(Paper, "table-5", "Label smoothing, dropout and dual pooling")
        {
            Measures = Accuracy,
            Recipes = Recipes(360, $"{NoTricks} --set CutMixProbability=0", side: 320),
            Note =
                "Image size and CutMix are not stated; here those of Table 4's first row, because the gain that the text gives for 360 epochs over 90 leads "
                + "from that row to this one's first. At the small scale, the last map has one position, where dual pooling is average pooling: its row is plain training.",
            Rows =
            [
                Of("ResNeXt50", "{resnext-50}", 50.56),
                Of("ResNeXt50+dual pool", "{resnext-50} --set Head.DualPool=true", 50.87),
                Of("ResNeXt50+label smooth", "{resnext-50} --label-smoothing 0.1", 50.70),
                Of("ResNeXt50+dropout with prob=0.2", "{resnext-50} --set Head.Dropout=0.2", 50.90),
                Of("ResNeXt50+dropout with prob=0.4", "{resnext-50} --set Head.Dropout=0.4", 50.84),
                Of(
                    "ResNeXt50+dual pool+label smooth+dropout with prob=0.2",
                    "{resnext-50} --set Head.DualPool=true --label-smoothing 0.1 --set Head.Dropout=0.2",
                    51.82
                ),
            ],
        },
    ];

    private static Dictionary<Scale, Recipe> Recipes(int epochs, string settings, int side = 224, int small = 80) =>
        new()
        {
            [Scale.Tiny] = new(Scaled.WhatTiny, Scaled.TinyTest, $"{Scaled.Tiny} {Bare} {settings}", Networks("14-8x4d", "efficientnet-b0", "resnest-14")),
            [Scale.Small] = new(
                $"50 classes of Tiny ImageNet at 32 pixels, 20 images per class, networks of 14 layers (8x4d) of the same blocks, {small} epochs (EfficientNet: "
                    + "B0, 45) in batches of 32, learning rate 0.003 (the paper's is 0.1 for batches of 1024) with warm-up and cosine, random resized crops of at "
                    + "least 0.35 of an image, flips, CutMix only in the table that is about it: in so few steps, networks do not fit the training images with it "
                    + "and smaller crops.",
                "data tiny-imagenet {tiny-imagenet}",
                $"{Scaled.FewTinyImageNet} {Bare} {settings} --set CutMixProbability=0 --augment random-resized-crop:min-area=0.35 --size 32 --epochs {small} "
                    + "--batch 32 --lr 0.003",
                Networks("14-8x4d", "efficientnet-b0 --epochs 45", "resnest-14")
            ),
            [Scale.Paper] = new(
                $"The VIPriors subset of ImageNet, {epochs} epochs, learning rate 0.1 with warm-up and cosine, {Scaled.ImageNetCrops}, {side} pixels where the row "
                    + "does not say, flips; CutMix with probability 0.5 in Tables 1 to 3 (section 4.1), as the row says in Table 4, off in Table 5; 16 batches of 64 per step (the paper: 64 on each of 16 devices).",
                "data imagenet {imagenet}/val {imagenet}/synsets.txt",
                $"--data imagenet {{imagenet}}/train {{imagenet}}/synsets.txt {Bare} {settings} --size {side} {Scaled.KeptLarger} --grad-accum-steps 16 --lr 0.1 --epochs {epochs}",
                Networks("50-32x4d", null, null)
            ),
        };

    private static Dictionary<string, string> Networks(string depth, string? efficient, string? split)
    {
        bool paper = efficient is null;
        string large = paper ? " --size 320" : "";
        return new()
        {
            ["resnext-50"] = $"resnext-{depth}",
            ["d-resnext-50"] = $"d-resnext-{depth}",
            ["sk-resnext-50"] = $"sk-resnext-{depth}",
            ["dsk-resnext-50"] = $"dsk-resnext-{depth}",
            ["dsk-resnext-101"] = paper ? "dsk-resnext-101-32x4d" : "dsk-resnext-26-8x4d",
            ["efficientnet-b3"] = efficient ?? "efficientnet-b3",
            ["efficientnet-b5"] = efficient ?? "efficientnet-b5",
            ["efficientnet-b6"] = efficient ?? "efficientnet-b6",
            ["resnest-101"] = (split ?? "resnest-101") + large,
            ["resnest-200"] = (split ?? "resnest-200") + large,
            ["size-320"] = paper ? "--size 320" : "--size 48",
        };
    }

    private static Row Of(string name, string arguments, double published) => new(name, $"--backbone {arguments}", new Figure(published));

    private static Row CutMix(string name, string probability, double published) =>
        Of(name, $"{{resnext-50}} --set " + $"CutMixProbability={probability}", published);

    private static IEnumerable<Row> Trees(string group, string network, double plain, double tree) =>
        [Of("plain", network, plain) with { Group = group }, Of("TSL", $"{network} --set TreeSupervisionWeight=1", tree) with { Group = group }];
}

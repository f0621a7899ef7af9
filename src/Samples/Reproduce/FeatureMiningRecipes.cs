namespace Samples.Reproduce;

/// <summary>The recipes of the Feature Mining paper, and their smaller scales.</summary>
internal static class FeatureMiningRecipes
{
    // The paper's networks on CIFAR, and small ones of the same families. With three stages each: stages count from the last.
    private static readonly Dictionary<string, string> Full = new()
    {
        ["resnet-56"] = "cifar-resnet-56-bottleneck",
        ["resnet-110"] = "cifar-resnet-110-bottleneck",
        ["resnet-164"] = "cifar-resnet-164-bottleneck",
        ["densenet-100"] = "densenet-bc-100-12 --batch 64",
        ["wrn-28-10"] = "wrn-28-10",
        ["pyramidnet-110"] = "pyramidnet-110-a270 --lr 0.5",
        ["resnet-50"] = "resnet-50",
        ["few"] = "50",
        ["more"] = "100",
        ["many"] = "200",
        ["most"] = "400",
    };

    private static readonly Dictionary<string, string> Small = new()
    {
        ["resnet-56"] = "cifar-resnet-20",
        ["resnet-110"] = "cifar-resnet-20",
        ["resnet-164"] = "cifar-resnet-20-bottleneck",
        ["densenet-100"] = "densenet-bc-22-12",
        ["wrn-28-10"] = "wrn-10-2",
        ["pyramidnet-110"] = "pyramidnet-14-a48",
        ["resnet-50"] = "resnext-14-1x16d-cifar-stem",
        ["few"] = "5",
        ["more"] = "10",
        ["many"] = "20",
        ["most"] = "40",
    };

    private static readonly Dictionary<string, string> Smallest = new()
    {
        ["resnet-56"] = "cifar-resnet-8",
        ["resnet-110"] = "cifar-resnet-8",
        ["resnet-164"] = "cifar-resnet-11-bottleneck",
        ["densenet-100"] = "densenet-bc-10-4",
        ["wrn-28-10"] = "wrn-10-1",
        ["pyramidnet-110"] = "pyramidnet-14-a48",
        ["resnet-50"] = "cifar-resnet-11-bottleneck",
        ["few"] = "5",
        ["more"] = "10",
        ["many"] = "15",
        ["most"] = "20",
    };

    // At 32 pixels: at their own 8, the last maps would have 2x2 positions.
    private static readonly Recipe Tiny = new(Scaled.WhatTiny, Scaled.TinyTest, $"{Scaled.Digits} --size 32 --validate-on-test --keep last", Smallest);

    // Learning rate 0.1, a tenth of it at half and at three quarters, Nesterov's momentum of 0.9, weight decay of 0.0001, crops with a padding of 4 and flips
    // are the trainer's own.
    private const string PaperEpochs = "--epochs 300 --validate-on-test --keep last";
    private const string PaperCifar = $"--cifar100 {{cifar-100}}/train.bin {PaperEpochs}";
    private const string WhatPaper =
        "300 epochs in batches of 128 (DenseNet: 64), learning rate 0.1 (PyramidNet: 0.5), a tenth of it at 150 and 225; residual "
        + "networks of bottleneck blocks, which the paper's memory figures fit; DenseNet-BC, which its accuracy fits.";
    private const string WhatSmall =
        "epochs in batches of 32, learning rate 0.1, a tenth of it at half and at three quarters, without crops and flips; small "
        + "networks of the same families, cifar-resnet-20 for ResNet-56 and ResNet-110.";

    private const string WhatSmallResNet50 =
        "resnext-14-1x16d-cifar-stem (four stages of one bottleneck block, whose maps at 56 pixels are those of ResNet-50 at 224), batches of 32, "
        + "learning rate 0.02 (with 0.1 it does not learn), a tenth of it at half and at three quarters";

    public static IReadOnlyDictionary<Scale, Recipe> Cifar { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new(
                $"20 images of each of 100 classes, 50 {WhatSmall}",
                Scaled.CifarTest,
                $"{Scaled.FewCifar} --samples-per-class 20 --epochs 50",
                Small
            ),
            [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
        };

    /// <summary>More epochs: wrong labels do harm once they are memorized.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Noise { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new(
                $"20 images of each of 100 classes, 80 {WhatSmall}",
                Scaled.CifarTest,
                $"{Scaled.FewCifar} --samples-per-class 20 --epochs 80",
                Small
            ),
            [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
        };

    /// <summary>The rows state the number of samples.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Samples { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new($"Images of 100 classes, 50 {WhatSmall}", Scaled.CifarTest, $"{Scaled.FewCifar} --epochs 50", Small),
            [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
        };

    public static IReadOnlyDictionary<Scale, Recipe> TinyImageNet { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new(
                $"50 classes, 20 images of each at 32 pixels, 60 {WhatSmall}",
                "data tiny-imagenet {tiny-imagenet}",
                $"{Scaled.FewTinyImageNet} --size 32 --padding 0 --no-flip --epochs 60 --batch 32 --keep last",
                Small
            ),
            [Scale.Paper] = new(
                $"{WhatPaper} The paper states no recipe for this set; here that for CIFAR.",
                "data tiny-imagenet {tiny-imagenet}",
                $"--data tiny-imagenet {{tiny-imagenet}} --size 64 {PaperEpochs}",
                Full
            ),
        };

    public static IReadOnlyDictionary<Scale, Recipe> ImageNet { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new(
                $"50 classes of Tiny ImageNet, 20 images of each at 56 pixels, without crops and flips, 15 epochs, {WhatSmallResNet50}.",
                "data tiny-imagenet {tiny-imagenet}",
                $"{Scaled.FewTinyImageNet} --size 56 --padding 0 --no-flip --lr 0.02 --epochs 15 --batch 32 --keep last",
                Small
            ),
            [Scale.Paper] = new(
                "300 epochs in batches of 256, a tenth of the learning rate at 75, 150 and 225; the initial rate (here 0.1), weight decay and "
                    + $"crops are not stated; here {Scaled.ImageNetCrops}, 224 pixels.",
                "data imagenet {imagenet}/val {imagenet}/synsets.txt",
                $"--data imagenet {{imagenet}}/train {{imagenet}}/synsets.txt --size 224 {Scaled.KeptLarger} --padding 0 --augment random-resized-crop --batch 256 "
                    + "--schedule step:milestones=0.25;0.5;0.75 --epochs 300 --validate-on-test --keep last",
                Full
            ),
        };

    public static IReadOnlyDictionary<Scale, Recipe> Birds { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = Tiny,
            [Scale.Small] = new(
                $"All images of the given part of the set, at 56 pixels, with flips, 40 epochs, {WhatSmallResNet50}.",
                "data cub-200 {cub-200}",
                "--data cub-200 {cub-200} --size 56 --padding 0 --lr 0.02 --batch 32 --epochs 40 --validate-on-test --keep last",
                Small
            ),
            [Scale.Paper] = new(
                "300 epochs in batches of 32, a tenth of the learning rate at 150 and 225; the initial rate (here 0.1), weight decay and crops "
                    + $"are not stated; here {Scaled.ImageNetCrops}, 224 pixels.",
                "data cub-200 {cub-200}",
                $"--data cub-200 {{cub-200}} --size 224 {Scaled.KeptLarger} --padding 0 --augment random-resized-crop --batch 32"
                    + " --epochs 300 --validate-on-test --keep last",
                Full
            ),
        };

    /// <summary>The last two stages have maps of 7x7 and 4x4, at paper scale of 14x14 and 7x7.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> SmallMaps { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = new(Scaled.WhatTiny, Scaled.TinyTest, $"{Scaled.Digits} --size 14 --validate-on-test --keep last", Smallest),
            [Scale.Small] = new(
                "50 classes of Tiny ImageNet, 20 images of each at 28 pixels, so that the last two stages have maps of 7x7 and 4x4, without crops and "
                    + $"flips, 24 epochs, {WhatSmallResNet50}.",
                "data tiny-imagenet {tiny-imagenet}",
                $"{Scaled.FewTinyImageNet} --size 28 --padding 0 --no-flip --lr 0.02 --epochs 24 --batch 32 --keep last",
                Small
            ),
            [Scale.Paper] = Birds[Scale.Paper],
        };

    /// <summary>The paper's network and batch at small and paper scale: a smaller network has another cost.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Cost { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = new("A network of 8 layers on digits.", Scaled.TinyTest, $"{Scaled.Digits} --size 32 --keep last", Smallest),
            [Scale.Small] = new(
                "The paper's network; the median of 5 epochs of 16 steps, on the CPU.",
                Scaled.CifarTest,
                "--cifar100 {cifar-100}/train.bin --samples-per-class 20 --epochs 5 --keep last",
                Full
            ),
            [Scale.Paper] = new("The median of 5 epochs.", Scaled.CifarTest, "--cifar100 {cifar-100}/train.bin --epochs 5 --keep last", Full),
        };
}

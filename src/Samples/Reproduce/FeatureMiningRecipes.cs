namespace Samples.Reproduce;

/// <summary>How the Feature Mining paper trains, and what becomes of it at the smaller scales.</summary>
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
        ["resnet-50"] = "resnet-18",
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
        ["resnet-50"] = "resnet-18-cifar-stem",
        ["few"] = "5",
        ["more"] = "10",
        ["many"] = "15",
        ["most"] = "20",
    };

    private static readonly Recipe Tiny = new(Scaled.WhatTiny, Scaled.TinyTest, $"{Scaled.Tiny} --validate-on-test --keep last", Smallest);

    // Learning rate 0.1, a tenth of it at half and at three quarters, Nesterov's momentum of 0.9, weight decay of 0.0001, crops with a padding of 4 and flips are the trainer's own.
    private const string PaperEpochs = "--epochs 300 --validate-on-test --keep last";
    private const string PaperCifar = $"--cifar100 {{cifar-100}}/train.bin {PaperEpochs}";
    private const string WhatPaper = "300 epochs in batches of 128 (DenseNet: 64), learning rate 0.1 (PyramidNet: 0.5), a tenth of it at 150 and 225; residual networks of bottleneck blocks, which the paper's memory figures fit; DenseNet-BC, which its accuracy fits.";
    private const string WhatSmall = "epochs in batches of 32, learning rate 0.1, a tenth of it at half and at three quarters, without crops and flips; small networks of the same families, cifar-resnet-20 for ResNet-56 and ResNet-110.";

    public static IReadOnlyDictionary<Scale, Recipe> Cifar { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new($"20 images of each of 100 classes, 50 {WhatSmall}", Scaled.CifarTest, $"{Scaled.FewCifar} --samples-per-class 20 --epochs 50", Small),
        [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
    };

    /// <summary>More epochs: wrong labels do harm where they are learnt by heart.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Noise { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new($"20 images of each of 100 classes, 80 {WhatSmall}", Scaled.CifarTest, $"{Scaled.FewCifar} --samples-per-class 20 --epochs 80", Small),
        [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
    };

    /// <summary>The rows say how many samples.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Samples { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new($"Images of 100 classes, 50 {WhatSmall}", Scaled.CifarTest, $"{Scaled.FewCifar} --epochs 50", Small),
        [Scale.Paper] = new(WhatPaper, Scaled.CifarTest, PaperCifar, Full),
    };

    public static IReadOnlyDictionary<Scale, Recipe> TinyImageNet { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new($"50 classes, 20 images of each at 32 pixels, 60 {WhatSmall}", "data tiny-imagenet {tiny-imagenet}",
            $"{Scaled.FewTinyImageNet} --size 32 --padding 0 --no-flip --epochs 60 --batch 32 --keep last", Small),
        [Scale.Paper] = new($"{WhatPaper} The paper tells no recipe for this set; here that for CIFAR.", "data tiny-imagenet {tiny-imagenet}", $"--data tiny-imagenet {{tiny-imagenet}} --size 64 {PaperEpochs}", Full),
    };

    public static IReadOnlyDictionary<Scale, Recipe> ImageNet { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new($"50 classes of Tiny ImageNet, 20 images of each at 64 pixels, resnet-18, 30 {WhatSmall}", "data tiny-imagenet {tiny-imagenet}",
            $"{Scaled.FewTinyImageNet} --size 64 --padding 0 --no-flip --epochs 30 --batch 32 --keep last", Small),
        [Scale.Paper] = new($"300 epochs in batches of 256, a tenth of the learning rate at 75, 150 and 225; not told: the first one, 0.1 here, weight decay, and crops, here {Scaled.ImageNetCrops}, 224 pixels.", "data imagenet {imagenet}/val {imagenet}/synsets.txt",
            $"--data imagenet {{imagenet}}/train {{imagenet}}/synsets.txt --size 224 {Scaled.KeptLarger} --padding 0 --augment random-resized-crop --batch 256 --schedule step:milestones=0.25;0.5;0.75 --epochs 300 --validate-on-test --keep last", Full),
    };

    public static IReadOnlyDictionary<Scale, Recipe> Birds { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = Tiny,
        [Scale.Small] = new("All images of the given part of the set, at 64 pixels, with flips, resnet-18 in batches of 32, 40 epochs, learning rate 0.05, a tenth of it at half and at three quarters.", "data cub-200 {cub-200}",
            "--data cub-200 {cub-200} --size 64 --padding 0 --lr 0.05 --batch 32 --epochs 40 --validate-on-test --keep last", Small),
        [Scale.Paper] = new($"300 epochs in batches of 32, a tenth of the learning rate at 150 and 225; not told: the first one, 0.1 here, weight decay, and crops, here {Scaled.ImageNetCrops}, 224 pixels.", "data cub-200 {cub-200}",
            $"--data cub-200 {{cub-200}} --size 224 {Scaled.KeptLarger} --padding 0 --augment random-resized-crop --batch 32 --epochs 300 --validate-on-test --keep last", Full),
    };

    /// <summary>At every scale the paper's network and batch: less of it would be another cost.</summary>
    public static IReadOnlyDictionary<Scale, Recipe> Cost { get; } = new Dictionary<Scale, Recipe>
    {
        [Scale.Tiny] = new("A network of 8 layers on digits.", Scaled.TinyTest, $"{Scaled.Tiny} --keep last", Smallest),
        [Scale.Small] = new("The paper's network; the median of 5 epochs of 16 steps, on the CPU.", Scaled.CifarTest, "--cifar100 {cifar-100}/train.bin --samples-per-class 20 --epochs 5 --keep last", Full),
        [Scale.Paper] = new("The median of 5 epochs.", Scaled.CifarTest, "--cifar100 {cifar-100}/train.bin --epochs 5 --keep last", Full),
    };
}

namespace Samples.Reproduce;

/// <summary>A classifier, whose network then becomes the backbone of a detector.</summary>
internal static class DetectionRecipes
{
    public static IReadOnlyDictionary<Scale, Recipe> Voc { get; } =
        new Dictionary<Scale, Recipe>
        {
            [Scale.Tiny] = new(
                "A network of 14 layers on digits, 1 epoch; then RetinaNet on images of two digits, 2 epochs.",
                Scaled.TinyTest,
                "--data list {digits}/train.csv --size 128 --padding 1 --no-flip --epochs 1 --batch 32 --keep last",
                new Dictionary<string, string> { ["resnet-50"] = "resnext-14-1x4d" }
            )
            {
                Detection =
                    "--voc {digits}/voc --part train --test-part test --size 64 --epochs 2 --batch 8 --no-flip --set Network.Channels=8 "
                    + "--set Network.HeadLayers=1",
            },
            [Scale.Small] = new(
                "A ResNet-18 that was trained on ImageNet, fine-tuned on 50 classes of Tiny ImageNet, 20 images of each at 160 pixels, 6 epochs; then RetinaNet "
                    + "on the given part of VOC 2007 at 192 pixels, 20 epochs. All stages of the backbone but the last stay as the classifier left them.",
                "data tiny-imagenet {tiny-imagenet}",
                $"{Scaled.FewTinyImageNet} --size 160 --padding 0 --no-flip --initial-weights mlnet/resnet18 --lr 0.005 --epochs 6 --batch 32 --keep last",
                new Dictionary<string, string> { ["resnet-50"] = "resnet-18-2223" }
            )
            {
                Detection =
                    "--voc {voc} --part trainval --test-part test --size 192 --epochs 20 --batch 2 --lr 0.0005 --keep last --set Network.Channels=64 "
                    + "--set Network.HeadLayers=1 --set Network.AnchorSize=2 --set FineTuning.FrozenStages=3 --set FineTuning.BackboneLearningRateFactor=1",
            },
            [Scale.Paper] = FeatureMiningRecipes.ImageNet[Scale.Paper] with
            {
                What =
                    $"The backbone: {FeatureMiningRecipes.ImageNet[Scale.Paper].What} Then RetinaNet at 800 pixels (the longer side), 12 epochs of SGD in batches of "
                    + "16, a tenth of the learning rate of 0.01 after 8 and 11, everything else as the trainer's defaults, such as a backbone that learns at 0.3 of "
                    + "the rate. The paper follows \"the fine-tuning strategy of the original method\", and trains on trainval of 2007 and 2012; this on the year that "
                    + "is given.",
                // The milestones are fractions of the 11 epochs after the warm-up.
                Detection =
                    "--voc {voc} --part trainval --test-part test --size 800 --epochs 12 --batch 16 --lr 0.01 --weight-decay 0.0001 --optimizer "
                    + "sgd:nesterov=false --schedule step:milestones=0.63636;0.90909 --keep last",
            },
        };
}

namespace Samples.Reproduce;

/// <summary>What the papers' recipes become at the smaller scales.</summary>
internal static class Scaled
{
    /// <summary>Handwritten digits: 200 of 8x8 to train on, 200 to measure on.</summary>
    public const string TinyTest = "data list {digits}/test.csv";

    /// <summary>Two epochs on them.</summary>
    public const string Tiny = "--data list {digits}/train.csv --size 8 --channels 1 --padding 1 --no-flip --epochs 2 --batch 32";

    public const string WhatTiny = "10 classes of 20 digits, 2 epochs.";

    /// <summary>Neither crops nor flips: with few images a class, networks overfit within minutes.</summary>
    public const string FewCifar = "--cifar100 {cifar-100}/train.bin --padding 0 --no-flip --batch 32 --keep last";

    /// <summary>A quarter of the classes, few images of each.</summary>
    public const string FewTinyImageNet = "--data tiny-imagenet {tiny-imagenet} --classes 50 --samples-per-class 20";

    /// <summary>Larger than the network sees, 256 pixels for 224; the middle is measured on.</summary>
    public const string ImageNetCrops = "random resized crops of the central square of a picture, measured on its middle 7/8";

    public const string KeptLarger = "--crop-ratio 0.875";

    public const string CifarTest = "cifar100 {cifar-100}/test.bin";
}

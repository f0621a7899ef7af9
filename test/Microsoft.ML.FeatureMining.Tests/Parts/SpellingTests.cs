using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Parts;

/// <summary>Keys as users of timm and torchvision write them, and suggestions for typos.</summary>
public sealed class SpellingTests
{
    [Theory]
    [InlineData("resnet18", "resnet-18")]
    [InlineData("resnet152", "resnet-152")]
    [InlineData("resnext50_32x4d", "resnext-50-32x4d")]
    [InlineData("resnext101_32x8d", "resnext-101-32x8d")]
    [InlineData("densenet121", "densenet-121")]
    [InlineData("vgg16", "vgg-16")]
    [InlineData("vgg19_bn", "vgg-19-bn")]
    [InlineData("efficientnet_b0", "efficientnet-b0")]
    [InlineData("resnest50d", "resnest-50")]
    [InlineData("resnest101e", "resnest-101")]
    [InlineData("skresnext50_32x4d", "sk-resnext-50-32x4d")]
    [InlineData("wide_resnet28_10", "wrn-28-10")]
    [InlineData("ResNet-50", "resnet-50")]
    [InlineData("cifar-resnet-56", "cifar-resnet-56")]
    [InlineData("alexnet", "alexnet")]
    public void Canonical_NameOfAnotherLibrary_IsTheKey(string name, string key) => Assert.Equal(key, BackboneCatalog.Canonical(name));

    [Fact]
    public void ToRecipe_NameOfAnotherLibrary_HasTheKey()
    {
        TrainingRecipe recipe = new FeatureMiningOptions { Backbone = "resnext50_32x4d" }.ToRecipe(new ImageShape(3, 64, 64), seed: 1);

        Assert.Equal("resnext-50-32x4d", recipe.Backbone);
        Assert.Empty(recipe.Problems());
    }

    [Theory]
    [InlineData("random_erasing", "random-erasing")]
    [InlineData("RandAugment", null)]
    [InlineData("Rand_Augment", "rand-augment")]
    public void Create_UnderscoresAndCapitals_FindThePart(string name, string? key)
    {
        if (key is null)
        {
            Assert.Contains(
                "Did you mean 'rand-augment'?",
                Assert.Throws<ArgumentException>(() => AugmentationCatalog.Create(name)).Message,
                StringComparison.Ordinal
            );
        }
        else
        {
            Assert.Equal(key, AugmentationCatalog.Create(name).Key);
        }
    }

    [Theory]
    [InlineData("mixpu", "mixup")]
    [InlineData("Cutmix", "cutmix")]
    [InlineData("center_los", "center-loss")]
    [InlineData("entirely different", null)]
    public void Nearest_Typo_IsTheNameWithFewEdits(string name, string? near) =>
        Assert.Equal(near, Spelling.Nearest(name, ["mixup", "cutmix", "center-loss", "drop-block"]));

    [Fact]
    public void Trainer_TypoInTheBackbone_GetsASuggestion() =>
        Assert.Contains(
            "Did you mean 'resnet-50'?",
            Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureMining(backbone: "resnt-50")).Message,
            StringComparison.Ordinal
        );
}

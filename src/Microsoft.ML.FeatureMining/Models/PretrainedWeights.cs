namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Weights of networks that were trained on ImageNet, for <see cref="Training.TrainingOptions.InitialWeights"/>. The constants and the names of
/// <see cref="All"/> can be used there.
/// </summary>
/// <example>
/// <code>new FeatureMiningOptions { InitialWeights = PretrainedWeights.ResNet18, Epochs = 10 }</code>
/// </example>
public static class PretrainedWeights
{
    /// <summary>
    /// The ResNet of the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18: 20 layers, 512 features, trained on ImageNet at 224 pixels. Needs no network
    /// connection: <c>dotnet add package Microsoft.ML.DnnImageFeaturizer.ResNet18</c> puts the file into the program's folder.
    /// </summary>
    public const string ResNet18 = "mlnet/resnet18";

    /// <summary>The weights with a known network and input.</summary>
    public static IReadOnlyList<PretrainedModel> All { get; } =
    [
        new PretrainedModel
        {
            Name = ResNet18,
            Backbone = "resnet-18-2223",
            ImageSize = 224,
            CropRatio = 0.875,
            Origin =
                "NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18, exported by CNTK 2.6. Trained on ImageNet; the package does not say how or by whom.",
            License = "MIT (the package)",
        },
    ];

    /// <summary>Finds weights by name, ignoring case; null if there are none with this name.</summary>
    public static PretrainedModel? Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Pretrained weights, with the network and the input that they were trained with.</summary>
public sealed record PretrainedModel
{
    internal static readonly double[] ImageNetMean = [0.485, 0.456, 0.406];
    internal static readonly double[] ImageNetStd = [0.229, 0.224, 0.225];

    /// <summary>The name, for <see cref="Training.TrainingOptions.InitialWeights"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The network, a key of <see cref="Networks.BackboneCatalog"/>.</summary>
    public required string Backbone { get; init; }

    /// <summary>Height and width of the network's input in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>The fraction of each side of a resized image that the network sees (timm's <c>crop_pct</c>).</summary>
    public double CropRatio { get; init; } = 1;

    /// <summary>The mean of red, green and blue that is subtracted from the input, as a fraction of 255.</summary>
    /// <value>ImageNet's: 0.485, 0.456, 0.406.</value>
    public IReadOnlyList<double> Mean { get; init; } = ImageNetMean;

    /// <summary>The standard deviation of red, green and blue that the input is divided by, as a fraction of 255.</summary>
    /// <value>ImageNet's: 0.229, 0.224, 0.225.</value>
    public IReadOnlyList<double> Std { get; init; } = ImageNetStd;

    /// <summary>Where the weights come from.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The license, as far as the source states it.</summary>
    public string License { get; init; } = "";
}

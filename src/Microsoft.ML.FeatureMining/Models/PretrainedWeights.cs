using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models.Hub;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Weights of networks that were trained on many images, for <see cref="Training.TrainingOptions.InitialWeights"/>. The constants and the names of
/// <see cref="All"/> can be used there.
/// </summary>
/// <example>
/// <code>new FeatureMiningOptions { InitialWeights = PretrainedWeights.ResNet18, Epochs = 10 }</code>
/// </example>
public static class PretrainedWeights
{
    /// <summary>
    /// The ResNet of the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18: 20 layers, 512 features, 224 pixels. Needs no network
    /// connection: <c>dotnet add package Microsoft.ML.DnnImageFeaturizer.ResNet18</c> puts the file into the program's folder.
    /// </summary>
    public const string ResNet18 = "mlnet/resnet18";

    private const string Apache = "Apache-2.0";
    private const string Bsd = "BSD-3-Clause";

    /// <summary>
    /// The weights with a known network and input. Those of timm are on the Hugging Face Hub: <see cref="Download"/> fetches them once. Other models of timm
    /// with a network of this library can be named as well: <c>timm/model</c> or <c>hf://owner/model</c>.
    /// </summary>
    public static IReadOnlyList<PretrainedModel> All { get; } =
    [
        new PretrainedModel
        {
            Name = ResNet18,
            Backbone = "resnet-18-2223",
            ImageSize = 224,
            CropRatio = 0.875,
            Origin = "NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18, exported by CNTK 2.6. It does not say who trained it and on which images.",
            License = "MIT (the package)",
        },
        Timm("resnet18.a1_in1k", "resnet-18", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnet34.a1_in1k", "resnet-34", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnet50.a1_in1k", "resnet-50", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnet101.a1_in1k", "resnet-101", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnet152.a1_in1k", "resnet-152", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnext50_32x4d.a1h_in1k", "resnext-50-32x4d", 224, 0.95, ResizeFilter.Bicubic, Apache),
        Timm("resnext101_32x8d.tv2_in1k", "resnext-101-32x8d", 176, 0.875, ResizeFilter.Bilinear, Bsd),
        Timm("vgg16.tv_in1k", "vgg-16", 224, 0.875, ResizeFilter.Bilinear, Bsd),
        Timm("vgg16_bn.tv_in1k", "vgg-16-bn", 224, 0.875, ResizeFilter.Bilinear, Bsd),
        Timm("densenet121.ra_in1k", "densenet-121", 224, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("efficientnet_b0.ra_in1k", "efficientnet-b0", 224, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("efficientnet_b1.ft_in1k", "efficientnet-b1", 224, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("efficientnet_b2.ra_in1k", "efficientnet-b2", 256, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("efficientnet_b3.ra2_in1k", "efficientnet-b3", 288, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("efficientnet_b4.ra2_in1k", "efficientnet-b4", 320, 0.875, ResizeFilter.Bicubic, Apache),
        Timm("resnest14d.gluon_in1k", "resnest-14", 224, 0.875, ResizeFilter.Bilinear, Apache),
        Timm("resnest26d.gluon_in1k", "resnest-26", 224, 0.875, ResizeFilter.Bilinear, Apache),
        Timm("resnest50d.in1k", "resnest-50", 224, 0.875, ResizeFilter.Bilinear, Apache),
        Timm("resnest101e.in1k", "resnest-101", 256, 0.875, ResizeFilter.Bilinear, Apache),
        Timm("skresnext50_32x4d.ra_in1k", "sk-resnext-50-32x4d-no-blur", 224, 0.875, ResizeFilter.Bicubic, Apache),
    ];

    /// <summary>Finds weights by name, ignoring case; null if there are none with this name.</summary>
    public static PretrainedModel? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Downloads weights from the Hugging Face Hub to its cache, where <see cref="Training.TrainingOptions.InitialWeights"/> finds them by the same name. Fit
    /// never downloads. What is in the cache is not downloaded again, and a download that was interrupted is resumed.
    /// </summary>
    /// <remarks>
    /// The environment variables of the hub apply: HF_HOME and HF_HUB_CACHE (where the cache is, by default <c>~/.cache/huggingface/hub</c>), HF_ENDPOINT (a
    /// mirror), HF_TOKEN (for models that need it), HF_HUB_OFFLINE (1: never connect).
    /// </remarks>
    /// <param name="name">A name of <see cref="All"/>, <c>timm/model</c>, or <c>hf://owner/model</c>; <c>@revision</c> may follow.</param>
    /// <param name="progress">Called several times per file on the same thread.</param>
    /// <param name="cancellationToken">Stops the download; the next call resumes it.</param>
    /// <returns>The path of the weights file in the cache. Weights that come with a NuGet package are not downloaded.</returns>
    /// <exception cref="ArgumentException">The name does not have this form.</exception>
    /// <exception cref="IOException">The hub cannot be reached, or refuses; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">The file has a wrong checksum, or is for a network that this library does not have.</exception>
    public static string Download(string name, Action<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ResNet18.Equals(name, StringComparison.OrdinalIgnoreCase) ? WeightSource.PackagePath()
            : HubName.TryParse(name, out HubName? hub) ? HubDownload.Run(hub, HubSettings.Current, progress, cancellationToken)
            : throw new ArgumentException(
                $"'{name}' is not the name of weights on the hub: use 'timm/model' or 'hf://owner/model'.{Spelling.Hint(name, All.Select(model => model.Name))}",
                nameof(name)
            );
    }

    private static PretrainedModel Timm(string model, string backbone, int imageSize, double cropRatio, ResizeFilter filter, string license) =>
        new()
        {
            Name = $"timm/{model}",
            Backbone = backbone,
            ImageSize = imageSize,
            CropRatio = cropRatio,
            ResizeFilter = filter,
            Origin = $"https://huggingface.co/timm/{model}",
            License = license,
        };
}

/// <summary>Progress of a download.</summary>
/// <param name="File">The name of the file.</param>
/// <param name="Received">The number of bytes received, including those of an earlier attempt.</param>
/// <param name="Total">The size of the file in bytes.</param>
public readonly record struct DownloadProgress(string File, long Received, long Total);

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

    /// <summary>How the images were interpolated when they were resized.</summary>
    public ResizeFilter ResizeFilter { get; init; }

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

using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>Reads timm's <c>config.json</c>: the network, and the input that it was trained with.</summary>
internal static class HubConfig
{
    private const long MaxBytes = 1 << 20;

    // Networks of timm that compute the same as the library's. Not efficientnet_b5 and larger, which have another epsilon in BatchNorm than torchvision's.
    private const string Architectures =
        @"^(resnet(18|34|50|101|152)|resnext(50_32x4d|101_(32x4d|32x8d|32x16d|32x32d|64x4d))|vgg(11|13|16|19)(_bn)?|densenet121|efficientnet_b[0-4]|"
        + "resnest(14d|26d|50d|101e|200e)|skresnext50_32x4d)$";

    /// <summary>The model that a file describes; null if it is not a configuration of timm.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or the network is not one of this library.</exception>
    public static PretrainedModel? Read(string path, string name)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new InvalidDataException($"'{path}' is too large for a configuration: more than {MaxBytes} bytes.");
            }

            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 16 });
            JsonElement root = json.RootElement;
            return root.TryGetProperty("architecture", out JsonElement architecture)
                ? Model(name, architecture.GetString() ?? "", root.TryGetProperty("pretrained_cfg", out JsonElement inner) ? inner : root)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The configuration '{path}' is damaged: {e.Message}", e);
        }
    }

    private static PretrainedModel Model(string name, string architecture, JsonElement settings)
    {
        if (!Regex.IsMatch(architecture, Architectures))
        {
            throw new InvalidDataException(
                $"The weights '{name}' are for the network '{architecture}' of timm, which this library does not have. docs/NETWORKS.md lists its networks."
            );
        }

        // timm's network has no blur pooling.
        string backbone = BackboneCatalog.Canonical(architecture) + (architecture == "skresnext50_32x4d" ? "-no-blur" : "");
        int[] size = [.. Numbers(settings, "input_size", [3, 224, 224]).Select(value => (int)value)];
        // Defaults as in timm.
        double crop = settings.TryGetProperty("crop_pct", out JsonElement ratio) ? ratio.GetDouble() : 0.875;
        bool isBilinear = settings.TryGetProperty("interpolation", out JsonElement interpolation) && interpolation.GetString() == "bilinear";
        double[] mean = Numbers(settings, "mean", PretrainedModel.ImageNetMean),
            std = Numbers(settings, "std", PretrainedModel.ImageNetStd);
        bool valid =
            size is [3, _, _]
            && size[1] == size[2]
            && new ImageShape(3, size[1], size[2]).IsInRange
            && mean.Length == 3
            && std.Length == 3
            && mean.All(double.IsFinite)
            && std.All(value => value > 0 && double.IsFinite(value));
        return valid
            ? new PretrainedModel
            {
                Name = name,
                Backbone = backbone,
                ImageSize = size[1],
                CropRatio = crop is >= ImagePreprocessing.MinCropRatio and <= 1 ? crop : 1,
                ResizeFilter = isBilinear ? ResizeFilter.Bilinear : ResizeFilter.Bicubic,
                Mean = mean,
                Std = std,
                Origin = $"https://huggingface.co/{name}",
            }
            : throw new InvalidDataException($"The configuration of '{name}' has an unusual input: only square color images are supported.");
    }

    private static double[] Numbers(JsonElement settings, string name, double[] otherwise) =>
        settings.TryGetProperty(name, out JsonElement values) && values.ValueKind == JsonValueKind.Array
            ? [.. values.EnumerateArray().Select(value => value.GetDouble())]
            : otherwise;
}

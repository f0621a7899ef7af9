using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models.Hub;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Initial weights, and what their source says about the network that they were trained in.</summary>
/// <param name="Name">As the user named them.</param>
/// <param name="Open">Opens the weights.</param>
/// <param name="Path">The file or the folder of a model that they are in; null if they are in memory.</param>
internal sealed record WeightSource(string Name, Func<WeightFile> Open, string? Path = null)
{
    private const string Package = "Microsoft.ML.DnnImageFeaturizer.ResNet18";

    private static readonly string PackageFile = System.IO.Path.Combine("DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");

    // The number of classes of ImageNet.
    private const int ImageNetClasses = 1000;

    /// <summary>Whether it is a model of this library, so that all tensors that do not belong to the backbone belong to its head.</summary>
    public bool IsModel { get; init; }

    /// <summary>The network's key; null if the source does not say it.</summary>
    public string? Backbone { get; init; }

    /// <summary>The shape of the network's input; null if the source does not say it.</summary>
    public ImageShape? Input { get; init; }

    /// <summary>The fraction of each side of an image that the network saw; null if the source does not say it.</summary>
    public double? CropRatio { get; init; }

    /// <summary>How the images were interpolated; null if the source does not say it.</summary>
    public ResizeFilter? Filter { get; init; }

    /// <summary>The normalization of the input; null if the source does not say it.</summary>
    public ChannelStatistics? Normalization { get; init; }

    /// <summary>The units of <see cref="Normalization"/>.</summary>
    public PixelType Element { get; init; }

    /// <summary>How the normalization is known, for the log.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Finds weights by name, or by the path of a file or folder. The format is checked, but weights are not read.</summary>
    /// <exception cref="InvalidDataException">The file has another format or is damaged.</exception>
    /// <exception cref="IOException">There are no such weights on this machine; the message says what to do.</exception>
    public static WeightSource Find(string name) =>
        PretrainedWeights.ResNet18.Equals(name, StringComparison.OrdinalIgnoreCase) ? OfPackage(PretrainedWeights.Find(name)!)
        : Directory.Exists(name) ? OfFolder(name)
        : File.Exists(name) ? OfFile(name)
        : HubName.TryParse(name, out HubName? hub) ? OfHub(hub, HubSettings.Current)
        : throw new FileNotFoundException(
            $"The file '{name}' of InitialWeights does not exist.{Spelling.Hint(name, PretrainedWeights.All.Select(model => model.Name))}"
        );

    /// <summary>The weights, or null and why they cannot be used.</summary>
    public static WeightSource? Try(Func<WeightSource> find, out string? problem)
    {
        try
        {
            problem = null;
            return find();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>The path of the package's file.</summary>
    /// <exception cref="FileNotFoundException">The program does not have the package.</exception>
    public static string PackagePath()
    {
        // ML.NET looks beside its assembly, which is another folder in notebooks.
        string[] folders = [AppContext.BaseDirectory, System.IO.Path.GetDirectoryName(typeof(WeightSource).Assembly.Location) ?? ""];
        return folders.Select(folder => System.IO.Path.Combine(folder, PackageFile)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"The initial weights '{PretrainedWeights.ResNet18}' need the package {Package}: run 'dotnet add package {Package}' in the project of the "
                    + $"program. The file '{System.IO.Path.Combine(folders[0], PackageFile)}' does not exist."
            );
    }

    private static WeightSource OfPackage(PretrainedModel model)
    {
        string path = PackagePath();
        return new WeightSource(model.Name, () => new MemoryWeights(DnnImageFeaturizer.Read(path, model.Std)), path).TrainedLike(model);
    }

    /// <summary>Finds weights in the cache of the hub.</summary>
    /// <exception cref="InvalidDataException">The file has another format or is damaged, or the network is not one of this library.</exception>
    /// <exception cref="FileNotFoundException">They were not downloaded yet.</exception>
    public static WeightSource OfHub(HubName name, HubSettings settings) =>
        new HubCache(name, settings).Weights is { } path
            ? OfFile(path, name.Id) with
            {
                Name = name.ToString(),
            }
            : throw new FileNotFoundException(
                $"The initial weights '{name}' were not downloaded yet, and Fit does not download. Call PretrainedWeights.Download(\"{name}\") once. Without a "
                    + $"network, download {HubCache.ConfigFile} and {HubCache.WeightFiles[0]} of https://huggingface.co/{name.Id} on another machine, and set "
                    + "InitialWeights to the folder with both."
            );

    private static WeightSource OfFile(string path, string? hubName = null)
    {
        WeightFormat format = WeightFormats.Of(path);
        if (format == WeightFormat.ModelZip)
        {
            return OfModel(path, ModelZip.ReadManifest(path), () => new MemoryWeights(ModelZip.Read(path).Weights));
        }

        WeightSource source = OfTensors(path, () => WeightFiles.Open(path, format));
        string config = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path) ?? "", HubCache.ConfigFile);
        // The hub's files have these names in every folder.
        PretrainedModel? model =
            HubCache.WeightFiles.Contains(System.IO.Path.GetFileName(path)) && File.Exists(config) ? HubConfig.Read(config, hubName ?? path)
            : hubName is not null ? PretrainedWeights.Find(hubName)
            : null;
        return model is null ? source : source.TrainedLike(model);
    }

    private static WeightSource OfFolder(string path) =>
        File.Exists(System.IO.Path.Combine(path, SavedModel.ManifestFile)) ? OfExport(path, SavedModel.ReadManifest(path))
        : HubCache.WeightFiles.Select(file => System.IO.Path.Combine(path, file)).FirstOrDefault(File.Exists) is { } weights ? OfFile(weights)
        : throw new FileNotFoundException(
            $"The folder '{path}' of InitialWeights has no {SavedModel.ManifestFile} of an exported model and no {HubCache.WeightFiles[0]}. "
                + "Name a file of weights."
        );

    private static WeightSource OfExport(string path, ModelManifest manifest) => OfModel(path, manifest, () => SavedModel.OpenWeights(path, manifest));

    private static WeightSource OfModel(string path, ModelManifest manifest, Func<WeightFile> open) =>
        new(path, open, path)
        {
            IsModel = true,
            Backbone = manifest.Backbone,
            Input = manifest.Preprocessing.Shape,
            CropRatio = manifest.Preprocessing.CropRatio,
            Filter = manifest.Preprocessing.Filter,
            Normalization = new ChannelStatistics([.. manifest.Mean], [.. manifest.Std]),
            Element = manifest.Element,
            Reason = $"of the model '{path}'",
        };

    // A file of tensors does not say how the input was normalized. With a classifier for 1000 classes, the network was trained on ImageNet.
    private static WeightSource OfTensors(string path, Func<WeightFile> open)
    {
        using WeightFile file = open();
        bool isImageNet = file.Entries.Any(entry => entry.Shape is [ImageNetClasses] && ClassifierNames.IsClassifier(entry.Name));
        return new WeightSource(path, open, path)
        {
            Normalization = isImageNet ? ChannelStatistics.OfFractions(PretrainedModel.ImageNetMean, PretrainedModel.ImageNetStd) : null,
            Reason = isImageNet ? "of ImageNet, because the file has a classifier for its 1000 classes" : "",
        };
    }

    private WeightSource TrainedLike(PretrainedModel model) =>
        this with
        {
            Backbone = model.Backbone,
            Input = new ImageShape(model.Mean.Count, model.ImageSize, model.ImageSize),
            CropRatio = model.CropRatio,
            Filter = model.ResizeFilter,
            Normalization = ChannelStatistics.OfFractions(model.Mean, model.Std),
            Reason = $"of the weights '{model.Name}'",
        };
}

/// <summary>The names of classifiers in the models of torchvision, timm and this library.</summary>
internal static class ClassifierNames
{
    private static readonly string[] Roots = ["fc", "classifier", "head", "heads", "pre_logits", "exits"];

    /// <summary>Whether a tensor belongs to a classifier.</summary>
    public static bool IsClassifier(string name) => Array.IndexOf(Roots, Root(name)) >= 0;

    /// <summary>The name of the outermost module of a tensor.</summary>
    public static string Root(string name) =>
        (name.StartsWith(WeightLoader.Wrapper, StringComparison.Ordinal) ? name[WeightLoader.Wrapper.Length..] : name).Split('.', 2)[0];
}

using System.IO.Compression;
using System.Text;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>A trained model in its stored form: manifest and weights. Immutable; has no native memory.</summary>
internal sealed class SavedModel(ModelManifest manifest, NamedTensors weights)
{
    public const string ManifestFile = "manifest.json";
    public const string WeightsFile = "weights.safetensors";

    public ModelManifest Manifest { get; } = manifest;

    public NamedTensors Weights { get; } = weights;

    /// <summary>The number of values in weights and biases, which are distinguished from buffers by their PyTorch names.</summary>
    public long ParameterCount =>
        Weights
            .Tensors.Where(tensor => tensor.Name.EndsWith(".weight", StringComparison.Ordinal) || tensor.Name.EndsWith(".bias", StringComparison.Ordinal))
            .Sum(tensor => tensor.Count);

    /// <summary>Creates the network on the CPU.</summary>
    /// <exception cref="InvalidDataException">The weights are those of another network.</exception>
    public ImageNetwork LoadNetwork() =>
        NetworkFactory.Load(Manifest.Backbone, Manifest.Preprocessing.Shape.Channels, Manifest.ClassCount, Weights, Manifest.Head, Manifest.Exits);

    /// <summary>Creates the network for scoring only.</summary>
    /// <inheritdoc cref="LoadNetwork"/>
    public ImageNetwork LoadForScoring(Device device) =>
        NetworkFactory.CreateForScoring(
            Manifest.Backbone,
            Manifest.Preprocessing.Shape.Channels,
            Manifest.ClassCount,
            Weights,
            device,
            Manifest.Head,
            Manifest.Exits
        );

    /// <summary>Writes both files to a folder, which is created if it does not exist. Each file is replaced atomically.</summary>
    public void SaveFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        // A process may end, or another one read, between the two. Equal weights have equal files, whatever the manifest.
        string id = Convert.ToHexStringLower(Weights.Checksum(""));
        AtomicFile.Write(Path.Combine(folder, WeightsFile), stream => Safetensors.Write(Weights, stream, id));
        string manifest = (Manifest with { WeightsId = id }).ToJson();
        AtomicFile.Write(Path.Combine(folder, ManifestFile), stream => stream.Write(Encoding.UTF8.GetBytes(manifest)));
    }

    /// <exception cref="InvalidDataException">A file is damaged, or the files are of two models.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static SavedModel LoadFolder(string folder)
    {
        ModelManifest manifest = ReadManifest(folder);
        using FileStream weights = File.OpenRead(Path.Combine(folder, WeightsFile));
        return new SavedModel(manifest with { WeightsId = null }, Safetensors.Read(weights, Check));

        void Check(SafetensorsHeader header)
        {
            CheckPair(folder, manifest, header);
            WeightBudget.Check(manifest, header.Entries);
        }
    }

    /// <summary>Opens the weights of a folder.</summary>
    /// <inheritdoc cref="LoadFolder"/>
    public static WeightFile OpenWeights(string folder, ModelManifest manifest)
    {
        SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, WeightsFile));
        try
        {
            CheckPair(folder, manifest, file.Header);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Weights that other programs or earlier versions wrote have no id.
    private static void CheckPair(string folder, ModelManifest manifest, SafetensorsHeader weights)
    {
        if (weights.Id is { } id && id != manifest.WeightsId)
        {
            throw new InvalidDataException(
                $"'{ManifestFile}' and '{WeightsFile}' in '{folder}' are of two models: an export was interrupted, or is being written. Export the model again."
            );
        }
    }

    /// <summary>Reads the manifest alone.</summary>
    /// <inheritdoc cref="LoadFolder"/>
    public static ModelManifest ReadManifest(string folder) => ModelManifest.FromJson(File.ReadAllText(Path.Combine(folder, ManifestFile)));
}

/// <summary>Reads a network from a zip written by <c>mlContext.Model.Save</c>, without ML.NET and without the other steps of the pipeline.</summary>
internal static class ModelZip
{
    private const long MaxManifestBytes = 64 << 20;

    /// <exception cref="InvalidDataException">The zip has no network, has several, or is damaged; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SavedModel Read(string path) =>
        Open(
            path,
            SavedModel.ManifestFile,
            (text, file) =>
            {
                ModelManifest manifest = ModelManifest.FromJson(text);
                using Stream weights = file(SavedModel.WeightsFile).Open();
                return new SavedModel(manifest, Safetensors.Read(weights, header => WeightBudget.Check(manifest, header.Entries)));
            }
        );

    /// <summary>Reads the manifest alone.</summary>
    /// <inheritdoc cref="Read"/>
    public static ModelManifest ReadManifest(string path) => Open(path, SavedModel.ManifestFile, (text, _) => ModelManifest.FromJson(text));

    /// <summary>Whether a zip has a file with this name in any of its folders.</summary>
    /// <exception cref="InvalidDataException">The zip is damaged.</exception>
    public static bool Has(string path, string file)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        return zip.Entries.Any(entry => entry.Name == file);
    }

    /// <summary>Copies a zip file, with the weights uncompressed: compression saves only a few percent and makes loading slower.</summary>
    public static void StoreWeights(Stream from, Stream to)
    {
        using ZipArchive source = new(from, ZipArchiveMode.Read, leaveOpen: true);
        using ZipArchive target = new(to, ZipArchiveMode.Create, leaveOpen: true);
        foreach (ZipArchiveEntry entry in source.Entries)
        {
            CompressionLevel level = entry.Name == SavedModel.WeightsFile ? CompressionLevel.NoCompression : CompressionLevel.Optimal;
            ZipArchiveEntry copy = target.CreateEntry(entry.FullName, level);
            copy.LastWriteTime = entry.LastWriteTime;
            using Stream content = entry.Open();
            using Stream copied = copy.Open();
            content.CopyTo(copied);
        }
    }

    /// <summary>Reads the network whose manifest has this file name.</summary>
    /// <param name="path">The zip.</param>
    /// <param name="manifestFile">The name of the manifest, which only one folder of the zip may have.</param>
    /// <param name="read">Reads the network from the text of the manifest, and from the other files of its folder by name.</param>
    /// <inheritdoc cref="Read"/>
    public static T Open<T>(string path, string manifestFile, Func<string, Func<string, ZipArchiveEntry>, T> read)
    {
        try
        {
            using ZipArchive zip = ZipFile.OpenRead(path);
            ZipArchiveEntry[] manifests = [.. zip.Entries.Where(entry => entry.Name == manifestFile)];
            if (manifests.Length != 1)
            {
                throw new InvalidDataException(
                    manifests.Length == 0
                        ? "It has no classifier of this library."
                        : $"It is an ensemble of {manifests.Length} networks; use a model with one network."
                );
            }

            string folder = manifests[0].FullName[..^manifestFile.Length];
            return read(
                Text(manifests[0]),
                name => zip.GetEntry(folder + name) ?? throw new InvalidDataException($"The file '{folder}{name}' is missing in it.")
            );
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The model '{path}' cannot be used for initial weights. {e.Message}", e);
        }
    }

    private static string Text(ZipArchiveEntry entry)
    {
        if (entry.Length > MaxManifestBytes)
        {
            throw new InvalidDataException($"The manifest has {entry.Length} bytes; the maximum is {MaxManifestBytes}.");
        }

        using StreamReader reader = new(entry.Open());
        return reader.ReadToEnd();
    }
}

/// <summary>Protects against zip bombs: a large weights file must not declare more than the model's network needs.</summary>
internal static class WeightBudget
{
    // Smaller files are not checked, because creating a network to compute its size takes time.
    private const long UncheckedBytes = 256 << 20;

    /// <exception cref="InvalidDataException">The file declares more bytes than the network has.</exception>
    public static void Check(ModelManifest manifest, IReadOnlyList<SafetensorsEntry> entries) =>
        Check(
            entries,
            manifest.Backbone,
            manifest.ClassCount,
            classes => NetworkFactory.Create(manifest.Backbone, manifest.Preprocessing.Shape.Channels, classes, manifest.Head, manifest.Exits)
        );

    /// <param name="entries">The declared tensors.</param>
    /// <param name="backbone">The key of the backbone.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="create">Creates the network for a number of classes.</param>
    /// <exception cref="InvalidDataException">The file declares more bytes than the network has.</exception>
    public static void Check<TNetwork>(IReadOnlyList<SafetensorsEntry> entries, string backbone, int classes, Func<int, TNetwork> create)
        where TNetwork : INamedState, IDisposable
    {
        long declared = entries.Sum(entry => entry.Bytes);
        if (declared <= UncheckedBytes)
        {
            return;
        }

        using IDisposable loaded = WeightLayers.ForWeights(entries.Sum(entry => entry.Count));
        if (declared > ExpectedBytes(classes, create))
        {
            throw new InvalidDataException(
                $"The model's weights declare {declared} bytes, more than {backbone} with {classes} classes needs. The file is damaged."
            );
        }
    }

    // The size is linear in the number of classes, so two small networks are enough, however many classes the manifest declares.
    private static long ExpectedBytes<TNetwork>(int classes, Func<int, TNetwork> create)
        where TNetwork : INamedState, IDisposable
    {
        long two = Bytes(2);
        return two + ((classes - 2) * (Bytes(3) - two));

        long Bytes(int count)
        {
            using TNetwork network = create(count);
            return network.NamedState().Sum(entry => entry.Value.numel() * entry.Value.element_size());
        }
    }
}

using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Reads the models that a <see cref="TeacherDistillation"/> names.</summary>
internal static class TeacherFiles
{
    /// <summary>The recipe with the hash of each teacher, for the manifest and for the identity of the run.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static TrainingRecipe WithHashes(TrainingRecipe recipe) =>
        recipe with
        {
            Strategies =
            [
                .. recipe.Strategies.Select(strategy =>
                    strategy is TeacherDistillation distillation ? distillation.WithHash(Hash(distillation.Paths)) : strategy
                ),
            ],
        };

    /// <summary>SHA-256 over the files of the models, as lowercase hexadecimal digits. Of a folder: manifest and weights.</summary>
    public static string Hash(IReadOnlyList<string> paths)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        foreach (string file in paths.SelectMany(FilesOf))
        {
            using FileStream stream = File.OpenRead(file);
            for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The networks of the models, with weights that sum to 1: each model has the same weight, divided among the networks of an ensemble.</summary>
    /// <exception cref="ArgumentException">A model has no image classifier, or more than one.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static IReadOnlyList<(SavedModel Model, string Name, double Weight)> Read(IReadOnlyList<string> paths) =>
        [.. paths.SelectMany(path => Networks(path).Select(network => (network.Model, path, network.Share / paths.Count)))];

    private static IReadOnlyList<(SavedModel Model, double Share)> Networks(string path)
    {
        if (Directory.Exists(path))
        {
            return [(SavedModel.LoadFolder(path), 1.0)];
        }

        ITransformer model = new MLContext().Model.Load(path, out _);
        try
        {
            return [.. TransformerChains.NetworksOf(model).Select(network => (network.Network.Model.Saved, network.Share))];
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"The teacher '{path}' cannot be used. {e.Message}", e);
        }
        finally
        {
            (model as IDisposable)?.Dispose();
        }
    }

    private static string[] FilesOf(string path) =>
        Directory.Exists(path) ? [Path.Combine(path, SavedModel.ManifestFile), Path.Combine(path, SavedModel.WeightsFile)] : [path];
}

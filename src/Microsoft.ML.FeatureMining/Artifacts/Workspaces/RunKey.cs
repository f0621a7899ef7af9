using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

/// <summary>A name for a run that only the same recipe on the same images has.</summary>
internal static class RunKey
{
    private const int NameBytes = 6;

    /// <param name="recipe">The recipe.</param>
    /// <param name="train">The training images.</param>
    /// <param name="validation">The validation images, where there are any.</param>
    /// <param name="begin">The weights that the run begins with, where they are those of an earlier run.</param>
    public static string Of(TrainingRecipe recipe, ImageSet train, ImageSet? validation, NamedTensors? begin = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(ArtifactManifest.Describe(recipe)));
        hash.AppendData(train.ContentHash());
        if (validation is not null)
        {
            hash.AppendData(validation.ContentHash());
        }

        foreach (NamedTensor tensor in begin?.Tensors ?? [])
        {
            hash.AppendData(tensor.Bytes);
        }

        return "run-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }
}

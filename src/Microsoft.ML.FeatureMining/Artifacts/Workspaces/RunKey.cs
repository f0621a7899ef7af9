using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Artifacts.Workspaces;

/// <summary>A name for a run that only the same recipe on the same images has.</summary>
internal static class RunKey
{
    private const int NameBytes = 6;

    public static string Of(TrainingRecipe recipe, ImageSet train, ImageSet? validation)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(ArtifactManifest.Describe(recipe)));
        hash.AppendData(train.ContentHash());
        if (validation is not null)
        {
            hash.AppendData(validation.ContentHash());
        }

        return "run-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }
}

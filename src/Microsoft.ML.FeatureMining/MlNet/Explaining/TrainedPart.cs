using System.Text.Json;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>Which part of its last features a model was trained on.</summary>
internal static class TrainedPart
{
    private const int Side = 8;

    /// <summary>1 where the features took part; null where all did.</summary>
    public static HeatMap? Of(ArtifactManifest manifest)
    {
        foreach (JsonElement strategy in manifest.Recipe is { ValueKind: JsonValueKind.Object } recipe && recipe.TryGetProperty("strategies", out JsonElement all) ? all.EnumerateArray() : default)
        {
            if (strategy.TryGetProperty("key", out JsonElement key) && key.GetString() == new FixedMask().Key
                && strategy.TryGetProperty("kept", out JsonElement kept) && Enum.TryParse(kept.GetString(), ignoreCase: true, out MapHalf half))
                return new HeatMap(Side, Side, FixedMask.Mask(half, Side, Side));
        }
        return null;
    }
}

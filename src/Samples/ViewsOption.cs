using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Augmentation;

namespace Samples;

/// <summary>Test-time augmentation on the command line.</summary>
internal static class ViewsOption
{
    private static readonly Dictionary<string, TestTimeAugmentation> Names = new(StringComparer.Ordinal)
    {
        ["none"] = TestTimeAugmentation.None,
        ["flip"] = TestTimeAugmentation.Flip,
        ["ten-crop"] = TestTimeAugmentation.TenCrop,
    };

    public static Option<TestTimeAugmentation?> Create()
    {
        Option<TestTimeAugmentation?> option = new("--tta")
        {
            Description = $"Views of each picture whose scores are averaged: {string.Join(", ", Names.Keys)}; the model's own where it is not given.",
            CustomParser = result =>
            {
                if (Names.TryGetValue(result.Tokens[0].Value, out TestTimeAugmentation views))
                {
                    return views;
                }

                result.AddError($"--tta is one of {string.Join(", ", Names.Keys)}.");
                return null;
            },
        };
        return option;
    }

    public static ITransformer Apply(MLContext ml, ITransformer model, TestTimeAugmentation? views) => views is { } given ? ml.Model.WithTestTimeAugmentation(model, given) : model;
}

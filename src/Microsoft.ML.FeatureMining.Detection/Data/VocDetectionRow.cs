using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>An image of Pascal VOC and its objects. Each property is a column in ML.NET.</summary>
internal sealed record VocDetectionRow
{
    public string ImagePath { get; set; } = "";

    public string[] Label { get; set; } = [];

    public float[] BoundingBoxes { get; set; } = [];

    public bool[] Difficult { get; set; } = [];

    public static VocDetectionRow Of(VocImage image, bool withDifficult)
    {
        VocObject[] objects = [.. image.Objects.Where(thing => withDifficult || !thing.Difficult)];
        return new VocDetectionRow
        {
            ImagePath = image.Path,
            Label = [.. objects.Select(thing => thing.ClassName)],
            BoundingBoxes = [.. objects.SelectMany(thing => Corners(thing.Box))],
            Difficult = [.. objects.Select(thing => thing.Difficult)],
        };
    }

    private static float[] Corners(AnnotationBox box) => [box.X, box.Y, box.X + box.Width, box.Y + box.Height];
}

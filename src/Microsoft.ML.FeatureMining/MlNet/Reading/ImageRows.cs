using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>A picture file and its class.</summary>
internal sealed class ImageFileRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

/// <summary>A picture that was in no file of its own, and its class.</summary>
internal sealed class EncodedImageRow
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}

/// <summary>A picture file, its class, and where on the picture it is.</summary>
internal sealed class BoxedImageRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    [VectorType(4)]
    public float[] Box { get; set; } = [];
}

/// <summary>A picture file and its classes.</summary>
internal sealed class MultilabelImageRow
{
    public string ImagePath { get; set; } = "";

    public string[] Labels { get; set; } = [];
}

/// <summary>A picture that was in no file of its own, and the number of its class.</summary>
internal sealed class NumberedImageRow
{
    public byte[] Image { get; set; } = [];

    public uint Label { get; set; }
}

/// <summary>A part of a picture file, and what is on it.</summary>
internal sealed class PatchRow
{
    public string ImagePath { get; set; } = "";

    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}

/// <summary>A picture file of an ImageNet class.</summary>
internal sealed class SynsetImageRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    public string Description { get; set; } = "";

    public static SynsetImageRow Of(SynsetImageFile file) => new() { ImagePath = file.Path, Label = file.Class.Id, Description = file.Class.Description };
}

/// <summary>A picture of Pascal VOC and the classes on it.</summary>
internal sealed class VocImageRow
{
    public string ImagePath { get; set; } = "";

    public string[] Labels { get; set; } = [];

    public string[] DifficultLabels { get; set; } = [];
}

/// <summary>An object on a picture of Pascal VOC.</summary>
internal sealed class VocObjectRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    [VectorType(4)]
    public float[] Box { get; set; } = [];

    public bool Difficult { get; set; }

    public bool Truncated { get; set; }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A row of a program whose images do not come from files.</summary>
internal sealed class EncodedImage
{
    public byte[] Image { get; set; } = [];

    [KeyType(3)]
    public uint Label { get; set; }

    public string ImagePath { get; set; } = "";
}

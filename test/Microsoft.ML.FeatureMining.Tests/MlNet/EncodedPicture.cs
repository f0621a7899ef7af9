using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A row as a program has it that takes pictures from elsewhere than files.</summary>
internal sealed class EncodedPicture
{
    public byte[] Image { get; set; } = [];

    [KeyType(3)]
    public uint Label { get; set; }

    public string ImagePath { get; set; } = "";
}

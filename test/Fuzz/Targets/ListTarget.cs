using Microsoft.ML.FeatureMining.Datasets;

namespace Fuzz.Targets;

/// <summary>A list of images and classes, as CSV.</summary>
internal sealed class ListTarget() : FileTarget(".csv")
{
    public override string Name => "csv";

    public override IEnumerable<byte[]> Seeds() =>
        [Utf8("id,ImagePath,Label\r\n1,\"a \"\"b\"\".jpg\",cat\r\n2,sub/c.jpg,\"dog, old\"\r\n3,d.jpg,cat"), Utf8("imagepath;label\na.jpg;cat\nb.jpg;dog\n")];

    protected override void ReadFile(string path) => ImageList.Read(path, new ImageListFormat());
}

using Microsoft.ML.FeatureMining.Imaging;

namespace Fuzz.Targets;

/// <summary>The decoder, over all formats.</summary>
internal sealed class ImageTarget : FuzzTarget
{
    private const long MaxPixels = 1 << 20;

    public override string Name => "image";

    public override IEnumerable<byte[]> Seeds() =>
        from file in Directory.EnumerateFiles(Goldens.Folder("images"))
        where Path.GetExtension(file) is ".jpg" or ".png" or ".bmp" or ".gif" or ".webp" && new FileInfo(file).Length < 2000
        select File.ReadAllBytes(file);

    protected override void Read(byte[] input) => ImageCodec.Decode(input, MaxPixels);

    protected override bool IsRefusal(Exception error) => error is ImageDecodeException;
}

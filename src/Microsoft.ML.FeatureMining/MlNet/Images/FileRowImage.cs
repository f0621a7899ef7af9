using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

/// <summary>A picture file, opened only when its pixels are wanted.</summary>
internal sealed class FileRowImage(string path, ImagePreprocessing preprocessing, long maxPixels) : RowImage
{
    public override long Bytes => 0;

    public override string File => path;

    public override byte[] ContentHash()
    {
        FileInfo file = new(path);
        string state = file.Exists ? FormattableString.Invariant($"{file.Length} {file.LastWriteTimeUtc.Ticks}") : "missing";
        return SHA256.HashData(Encoding.UTF8.GetBytes($"{path}\n{state}"));
    }

    public override RowImage For(ImagePreprocessing other) => new FileRowImage(path, other, maxPixels);

    protected override int PixelBytes => preprocessing.Shape.Length;

    public override void Read(Memory<byte> pixels)
    {
        try
        {
            LentFile.Use(path, encoded => preprocessing.Apply(encoded, maxPixels, pixels));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageDecodeException(e.Message, e);
        }
    }
}

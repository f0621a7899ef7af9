using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A temporary folder of tiny noisy images in three classes, which differ in color.</summary>
public sealed class ColoredImages : IDisposable
{
    public const int PerClass = 12;
    public static readonly string[] Names = ["blue", "green", "red"];

    private const int Side = 12;

    public ColoredImages()
    {
        Root = Directory.CreateTempSubdirectory("colored-images-").FullName;
        Random random = new(7);
        for (int i = 0; i < PerClass * Names.Length; i++)
        {
            string folder = Path.Combine(Root, Names[i % Names.Length]);
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Combine(folder, $"{i:D3}.png"), Png(i % Names.Length, random));
        }
    }

    public string Root { get; }

    /// <summary>Interleaves the classes, so that consecutive rows contain all of them.</summary>
    internal IDataView Rows(MLContext ml) =>
        ml.Data.LoadFromEnumerable(ImageFolder.Read(Root).OrderBy(row => Path.GetFileName(row.ImagePath), StringComparer.Ordinal).ToArray());

    public static byte[] Png(int label, Random random)
    {
        var pixels = new byte[Side * Side * 3];
        random.NextBytes(pixels);
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((pixels[i] / 2) + (i % 3 == 2 - label ? 120 : 0));
        }

        return ImageCodec.EncodePng(pixels, Side, Side);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

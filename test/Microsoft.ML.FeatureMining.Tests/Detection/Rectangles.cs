using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A temporary folder of images of noise with one or two colored rectangles, and their boxes. Every fourth image has none.</summary>
public sealed class Rectangles : IDisposable
{
    public const int Images = 16;
    public const int Width = 96;
    public const int Height = 72;

    public static readonly string[] Names = ["blue", "green", "red"];

    private static readonly byte[][] Colors =
    [
        [30, 40, 230],
        [30, 220, 40],
        [230, 40, 30],
    ];

    public Rectangles()
    {
        Root = Directory.CreateTempSubdirectory("rectangles-").FullName;
        Random random = new(3);
        Rows = [.. Enumerable.Range(0, Images).Select(i => Draw(i, random))];
    }

    public string Root { get; }

    public RectangleRow[] Rows { get; }

    /// <summary>Rows with the columns ImagePath, Label (names) and BoundingBoxes.</summary>
    public IDataView View(MLContext ml) => ml.Data.LoadFromEnumerable(Rows);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private RectangleRow Draw(int index, Random random)
    {
        byte[] pixels = new byte[Width * Height * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)random.Next(90, 140);
        }

        List<string> names = [];
        List<float> boxes = [];
        for (int half = 0; half < (index % 4 == 3 ? 0 : 1 + (index % 2)); half++)
        {
            int color = (index + half) % Names.Length;
            (int width, int height) = (random.Next(26, 45), random.Next(26, 56));
            (int left, int top) = ((half * Width / 2) + random.Next((Width / 2) - width), random.Next(Height - height));
            for (int y = top; y < top + height; y++)
            {
                for (int x = left; x < left + width; x++)
                {
                    Colors[color].CopyTo(pixels.AsSpan(((y * Width) + x) * 3));
                }
            }

            names.Add(Names[color]);
            boxes.AddRange([left, top, left + width, top + height]);
        }

        string path = Path.Combine(Root, FormattableString.Invariant($"{index:D2}.png"));
        File.WriteAllBytes(path, ImageCodec.EncodePng(pixels, Width, Height));
        return new RectangleRow
        {
            ImagePath = path,
            Label = [.. names],
            BoundingBoxes = [.. boxes],
        };
    }
}

public sealed record RectangleRow
{
    public string ImagePath { get; set; } = "";

    public string[] Label { get; set; } = [];

    public float[] BoundingBoxes { get; set; } = [];
}

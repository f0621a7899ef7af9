using Microsoft.ML.Data;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Which bytes of a pixel become which numbers, in which order.</summary>
internal sealed record PixelLayout(ColorBits Colors, ColorsOrder Order, bool Interleave, float Offset, float Scale, bool AsFloats)
{
    private const string Bgra = "BGRA";
    private const string Rgba = "RGBA";

    public NumberDataViewType ItemType => AsFloats ? NumberDataViewType.Single : NumberDataViewType.Byte;

    /// <summary>The letters of the colors taken, in the order of extraction.</summary>
    private string Planes => string.Concat(Order.ToString().Where(letter => Colors.HasFlag(ColorOf(letter))));

    public static PixelLayout Read(BinaryReader reader)
        => new((ColorBits)reader.ReadByte(), (ColorsOrder)reader.ReadByte(), reader.ReadBoolean(), reader.ReadSingle(), reader.ReadSingle(), reader.ReadBoolean());

    public void Write(BinaryWriter writer)
    {
        writer.Write((byte)Colors);
        writer.Write((byte)Order);
        writer.Write(Interleave);
        writer.Write(Offset);
        writer.Write(Scale);
        writer.Write(AsFloats);
    }

    public VectorDataViewType TypeFor(ImageDataViewType image) => Interleave
        ? new VectorDataViewType(ItemType, image.Height, image.Width, Planes.Length)
        : new VectorDataViewType(ItemType, Planes.Length, image.Height, image.Width);

    public void Extract(MLImage image, Span<float> numbers)
    {
        bool plain = Offset == 0 && Scale == 1;
        Each(image, numbers, value => plain ? value : (value - Offset) * Scale);
    }

    public void Extract(MLImage image, Span<byte> numbers) => Each(image, numbers, value => value);

    private static ColorBits ColorOf(char letter) => letter switch
    {
        'A' => ColorBits.Alpha,
        'R' => ColorBits.Red,
        'G' => ColorBits.Green,
        _ => ColorBits.Blue,
    };

    private void Each<T>(MLImage image, Span<T> numbers, Func<byte, T> convert)
    {
        ReadOnlySpan<byte> pixels = image.Pixels;
        string stored = image.PixelFormat == MLPixelFormat.Bgra32 ? Bgra : Rgba;
        string planes = Planes;
        int count = image.Width * image.Height;
        for (int plane = 0; plane < planes.Length; plane++)
        {
            int from = stored.IndexOf(planes[plane]);
            int to = Interleave ? plane : plane * count;
            int step = Interleave ? planes.Length : 1;
            for (int i = 0; i < count; i++, from += 4, to += step)
                numbers[to] = convert(pixels[from]);
        }
    }
}

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>The image column of a schema, in one of the three forms that ML.NET has for pictures, or paths of picture files.</summary>
internal sealed class ImageColumn
{
    public const string Expected = "VarVector<Byte>, Vector<Single>, Image or Text";

    /// <summary>A text column of this name is taken for the pictures' files when an error is to name one; LoadImageFolder and ML.NET's samples call it so.</summary>
    public const string PathColumnName = "ImagePath";

    private readonly ImagePreprocessing _preprocessing;
    private readonly long _maxPixels;

    private ImageColumn(DataViewSchema.Column column, DataViewSchema.Column? path, ImagePreprocessing preprocessing, long maxPixels)
    {
        (Column, PathColumn, _preprocessing, _maxPixels) = (column, path, preprocessing, maxPixels);
    }

    public DataViewSchema.Column Column { get; }

    public DataViewSchema.Column? PathColumn { get; }

    /// <summary>The shape that its images come out in.</summary>
    public ImageShape Shape => _preprocessing.Shape;

    /// <summary>What decides how a value of it becomes pixels.</summary>
    public string Description => FormattableString.Invariant($"{Column.Type} {Element} {_preprocessing} {_maxPixels}");

    /// <summary>Whether it holds paths of picture files, which can be read in any order.</summary>
    public bool IsFiles => Column.Type is TextDataViewType;

    public PixelType Element => ElementOf(Column.Type) ?? PixelType.Byte;

    /// <summary>The columns that <see cref="Reader"/> and <see cref="PathReader"/> need.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => PathColumn is { } path ? [Column, path] : [Column];

    /// <summary>Finds the column; the type of planar floats decides the shape where it has three dimensions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is no image.</exception>
    public static ImageColumn Bind(DataViewSchema schema, string name, ImagePreprocessing preprocessing, long maxPixels)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound("image", name);
        if (ElementOf(column.Type) is not { } element)
            throw ColumnError.Mismatch("image", name, Expected, column.Type.ToString()!);
        ImageShape shape = element == PixelType.Single ? PlanarShape(column, preprocessing.Shape) : preprocessing.Shape;
        DataViewSchema.Column? path = column.Type is TextDataViewType ? column : schema.GetColumnOrNull(PathColumnName);
        return new ImageColumn(column, path?.Type is TextDataViewType ? path : null, preprocessing with { Shape = shape }, maxPixels);
    }

    /// <summary>As <see cref="Bind"/>; where there is no such column, the files that <see cref="PathColumnName"/> names are taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is neither, or the column is no image.</exception>
    public static ImageColumn BindOrFiles(DataViewSchema schema, string name, ImagePreprocessing preprocessing, long maxPixels) =>
        schema.GetColumnOrNull(name) is null && schema.GetColumnOrNull(PathColumnName) is { Type: TextDataViewType } path
            ? Bind(schema, path.Name, preprocessing, maxPixels)
            : Bind(schema, name, preprocessing, maxPixels);

    /// <summary>What kind of pixels a column of that type gives; null for a type that is no image.</summary>
    public static PixelType? ElementOf(DataViewType type) => type switch
    {
        VectorDataViewType { IsKnownSize: false, ItemType: NumberDataViewType item } when item.RawType == typeof(byte) => PixelType.Byte,
        VectorDataViewType { IsKnownSize: true, ItemType: NumberDataViewType item } when item.RawType == typeof(float) => PixelType.Single,
        ImageDataViewType or TextDataViewType => PixelType.Byte,
        _ => null,
    };

    /// <summary>Reads the image of the row's current position.</summary>
    public Func<RowImage> Reader(DataViewRow row) => Column.Type switch
    {
        TextDataViewType => FileReader(row),
        ImageDataViewType => BitmapReader(row.GetGetter<MLImage>(row.Schema[Column.Index])),
        VectorDataViewType { IsKnownSize: true } => PlanarReader(row.GetGetter<VBuffer<float>>(row.Schema[Column.Index])),
        _ => EncodedReader(row.GetGetter<VBuffer<byte>>(row.Schema[Column.Index])),
    };

    /// <summary>Reads the file of the row's current position; null where it is not known.</summary>
    public Func<string?> PathReader(DataViewRow row)
    {
        if (PathColumn is not { } path)
            return () => null;
        ValueGetter<ReadOnlyMemory<char>> getter = row.GetGetter<ReadOnlyMemory<char>>(row.Schema[path.Index]);
        return () =>
        {
            ReadOnlyMemory<char> value = default;
            getter(ref value);
            return value.ToString();
        };
    }

    /// <summary>An error that names the column, the row and, where it is known, the file.</summary>
    public ImageDecodeException Unreadable(long row, string? file, ImageDecodeException cause) => new(
        FormattableString.Invariant($"The image of column '{Column.Name}', row {row}{(file is null ? "" : $", file '{file}'")}, cannot be read: {cause.Message}"), cause);

    private Func<RowImage> FileReader(DataViewRow row)
    {
        Func<string?> path = PathReader(row);
        return () => new FileRowImage(path()!, _preprocessing, _maxPixels);
    }

    private Func<RowImage> EncodedReader(ValueGetter<VBuffer<byte>> getter)
    {
        VBuffer<byte> buffer = default;
        return () =>
        {
            getter(ref buffer);
            var encoded = new byte[buffer.Length];
            buffer.CopyTo(encoded);
            return new EncodedRowImage(encoded, _preprocessing, _maxPixels);
        };
    }

    private static Func<RowImage> PlanarReader(ValueGetter<VBuffer<float>> getter)
    {
        VBuffer<float> buffer = default;
        return () =>
        {
            getter(ref buffer);
            var values = new float[buffer.Length];
            buffer.CopyTo(values);
            return new PlanarRowImage(values);
        };
    }

    private Func<RowImage> BitmapReader(ValueGetter<MLImage> getter)
    {
        // Never disposed here: a getter that makes images disposes of the one it finds, another hands out the user's own.
        MLImage? image = null;
        return () =>
        {
            getter(ref image!);
            return new BitmapRowImage(image, _preprocessing);
        };
    }

    private static ImageShape PlanarShape(DataViewSchema.Column column, ImageShape wanted)
    {
        VectorDataViewType type = (VectorDataViewType)column.Type;
        if (type.Dimensions.Length == 3)
            return new ImageShape(type.Dimensions[0], type.Dimensions[1], type.Dimensions[2]);
        return type.Size == wanted.Length ? wanted : throw ColumnError.Mismatch(
            "image", column.Name, FormattableString.Invariant($"{wanted.Length} floats of a {wanted} image"), column.Type.ToString()!);
    }
}

/// <summary>What a row holds, copied out of it: it can be turned into pixels later and on another thread.</summary>
internal abstract class RowImage
{
    /// <summary>The memory it takes, so that a reader knows when it has enough of them.</summary>
    public abstract long Bytes { get; }

    /// <summary>The file that its pixels come from; null where they come out of the row.</summary>
    public virtual string? File => null;

    /// <summary>The same picture for a network that asks for another preprocessing.</summary>
    public abstract RowImage For(ImagePreprocessing preprocessing);

    /// <summary>Bytes of its pixels.</summary>
    protected abstract int PixelBytes { get; }

    /// <summary>The raw bytes of an image as the network takes it, [C,H,W]: a byte or a little-endian float each.</summary>
    /// <exception cref="ImageDecodeException">There is no image in it.</exception>
    public byte[] ToPixels()
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(PixelBytes);
        Read(pixels);
        return pixels;
    }

    /// <summary>The same into memory that is there; as long as an image is.</summary>
    /// <exception cref="ImageDecodeException">There is no image in it.</exception>
    public abstract void Read(Memory<byte> pixels);

    /// <summary>A hash of what it holds; of a file, which is not opened for it, of its name, length and time.</summary>
    public abstract byte[] ContentHash();
}

/// <summary>The pixels of an MLImage.</summary>
internal sealed class BitmapRowImage : RowImage
{
    private readonly ImagePreprocessing _preprocessing;
    private readonly DecodedImage? _image;

    public BitmapRowImage(MLImage? image, ImagePreprocessing preprocessing)
        : this(image is null ? null : ToRgb(image), preprocessing)
    {
    }

    private BitmapRowImage(DecodedImage? image, ImagePreprocessing preprocessing)
    {
        (_image, _preprocessing) = (image, preprocessing);
    }

    public override long Bytes => _image?.Pixels.LongLength ?? 0;

    public override byte[] ContentHash() => _image is null ? [] : SHA256.HashData([.. BitConverter.GetBytes(_image.Width), .. _image.Pixels]);

    public override RowImage For(ImagePreprocessing other) => new BitmapRowImage(_image, other);

    protected override int PixelBytes => _preprocessing.Shape.Length;

    public override void Read(Memory<byte> pixels) =>
        _preprocessing.Apply(_image ?? throw new ImageDecodeException("There is no picture: the value is missing."), pixels.Span);

    private static DecodedImage ToRgb(MLImage image)
    {
        (int red, int blue) = image.PixelFormat switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            _ => throw new ImageDecodeException($"An MLImage of pixel format {image.PixelFormat} is neither Rgba32 nor Bgra32."),
        };
        ReadOnlySpan<byte> pixels = image.Pixels;
        var rgb = new byte[checked(image.Width * image.Height * 3)];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (pixels[from + red], pixels[from + 1], pixels[from + blue]);
        return new DecodedImage(image.Width, image.Height, 3, rgb);
    }
}

/// <summary>The bytes of a picture file.</summary>
internal sealed class EncodedRowImage(byte[] encoded, ImagePreprocessing preprocessing, long maxPixels) : RowImage
{
    public override long Bytes => encoded.Length;

    public override byte[] ContentHash() => SHA256.HashData(encoded);

    public override RowImage For(ImagePreprocessing other) => new EncodedRowImage(encoded, other, maxPixels);

    protected override int PixelBytes => preprocessing.Shape.Length;

    public override void Read(Memory<byte> pixels)
    {
        if (encoded.Length == 0)
            throw new ImageDecodeException("There is no picture: the value is empty, as for a file that is missing.");
        preprocessing.Apply(encoded, maxPixels, pixels);
    }
}

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
            PooledFile.Use(path, encoded => preprocessing.Apply(encoded, maxPixels, pixels));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageDecodeException(e.Message, e);
        }
    }
}

/// <summary>Planar floats, taken as they are.</summary>
internal sealed class PlanarRowImage(float[] values) : RowImage
{
    public override long Bytes => values.LongLength * sizeof(float);

    public override byte[] ContentHash() => SHA256.HashData(MemoryMarshal.AsBytes<float>(values));

    public override RowImage For(ImagePreprocessing other) => this;

    protected override int PixelBytes => values.Length * sizeof(float);

    public override void Read(Memory<byte> pixels)
    {
        if (!Array.TrueForAll(values, float.IsFinite))
            throw new ImageDecodeException("A pixel is not a finite number.");
        MemoryMarshal.AsBytes<float>(values).CopyTo(pixels.Span);
    }
}

/// <summary>Errors about a column of the input, in the words of ML.NET's own trainers.</summary>
internal static class ColumnError
{
    public static ArgumentOutOfRangeException NotFound(string role, string name) => new("inputSchema", $"Could not find {role} column '{name}'");

    public static ArgumentOutOfRangeException Mismatch(string role, string name, string expected, string actual) =>
        new("inputSchema", $"Schema mismatch for {role} column '{name}': expected {expected}, got {actual}");
}

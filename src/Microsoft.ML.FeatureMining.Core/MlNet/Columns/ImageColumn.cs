using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>
/// The image column of a schema: encoded bytes, planar floats, MLImage, or paths of image files. Reads an <see cref="ImageSource"/> per row and decodes it.
/// </summary>
internal sealed class ImageColumn
{
    public const string Expected = "VarVector<Byte>, Vector<Single>, Image or Text";

    /// <summary>The default name of the column.</summary>
    public const string ImageColumnName = "Image";

    /// <summary>The text column with file names for error messages; LoadImageFolder and ML.NET's samples use this name.</summary>
    public const string PathColumnName = "ImagePath";

    private readonly DataViewSchema.Column? _path;
    private readonly long _maxPixels;

    private ImageColumn(DataViewSchema.Column column, DataViewSchema.Column? path, ImagePreprocessing preprocessing, long maxPixels)
    {
        (Column, _path, Preprocessing, _maxPixels) = (column, path, preprocessing, maxPixels);
    }

    public DataViewSchema.Column Column { get; }

    /// <summary>How its images are preprocessed.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>The shape of its images after preprocessing.</summary>
    public ImageShape Shape => Preprocessing.Shape;

    public PixelType Element => ElementOf(Column.Type) ?? PixelType.Byte;

    /// <summary>Who decodes its images; null for planar floats.</summary>
    public ImageOrigin? Origin =>
        Element == PixelType.Single ? null
        : Column.Type is ImageDataViewType ? ImageOrigin.MLImage
        : ImageOrigin.Files;

    /// <summary>A warning if the images of a model were decoded in another way than those of this column; else null.</summary>
    /// <param name="trained">Who decoded the images of the model; null if it is not known.</param>
    public string? OriginWarning(ImageOrigin? trained) =>
        trained is { } one && Origin is { } other && one != other
            ? $"The network was trained on {Describe(one)}, but column '{Column.Name}' has {Describe(other)}. Their pixels differ if files have an EXIF "
                + "orientation or transparency, so scores may be wrong. Load the images as in training."
            : null;

    private static string Describe(ImageOrigin origin) => origin == ImageOrigin.MLImage ? "MLImage (LoadImages)" : "encoded images or paths";

    /// <summary>Bytes of one preprocessed image.</summary>
    public int ImageBytes => PixelTypes.ImageBytes(Shape, Element);

    /// <summary>Everything that determines the decoded pixels of a value; part of the content key of cached images.</summary>
    public string Description => FormattableString.Invariant($"{Column.Type} {Element} {Preprocessing} {_maxPixels}");

    /// <summary>Whether it has paths of image files, which can be read in any order.</summary>
    public bool IsFiles => Column.Type is TextDataViewType;

    /// <summary>The columns that <see cref="Reader(DataViewRow)"/> needs.</summary>
    public IEnumerable<DataViewSchema.Column> Columns => _path is { } path ? [Column, path] : [Column];

    /// <summary>Finds the column. If a column of planar floats has three dimensions, they are the image shape.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or its type is not an image type.</exception>
    public static ImageColumn Bind(DataViewSchema schema, string name, ImagePreprocessing preprocessing, long maxPixels)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound("image", name);
        if (ElementOf(column.Type) is not { } element)
        {
            throw ColumnError.Mismatch("image", name, Expected, column.Type.ToString()!);
        }

        if (element == PixelType.Byte && preprocessing.Shape.Channels is not (1 or 3))
        {
            throw new ArgumentException(
                FormattableString.Invariant(
                    $"Channels is {preprocessing.Shape.Channels}, but the images of column '{name}' are decoded to color or gray. Set Channels to 3 or 1; "
                ) + "only planar floats may have another number of channels."
            );
        }

        ImageShape shape = element == PixelType.Single ? PlanarShape(column, preprocessing.Shape) : preprocessing.Shape;
        DataViewSchema.Column? path = column.Type is TextDataViewType ? column : schema.GetColumnOrNull(PathColumnName);
        return new ImageColumn(column, path?.Type is TextDataViewType ? path : null, preprocessing with { Shape = shape }, maxPixels);
    }

    /// <summary>
    /// The name, or if there is no such column, <see cref="ImageColumnName"/> if it has images, or <see cref="PathColumnName"/> if it is text.
    /// </summary>
    public static string Usual(DataViewSchema schema, string name) =>
        schema.GetColumnOrNull(name) is not null ? name
        : schema.GetColumnOrNull(ImageColumnName) is { } image && ElementOf(image.Type) is not null ? ImageColumnName
        : schema.GetColumnOrNull(PathColumnName) is { Type: TextDataViewType } ? PathColumnName
        : name;

    /// <summary>
    /// The column to train on: the name, or <see cref="PathColumnName"/> if the name is <see cref="ImageColumnName"/> and there is no such column. No other
    /// name is replaced: a misspelled one must not train on other images.
    /// </summary>
    public static string TrainingName(DataViewSchema schema, string name) => name == ImageColumnName ? Usual(schema, name) : name;

    /// <summary>The same before Fit.</summary>
    public static string TrainingName(SchemaShape shape, string name) =>
        name == ImageColumnName
        && shape.All(column => column.Name != name)
        && shape.Any(column => column is { Name: PathColumnName, Kind: SchemaShape.Column.VectorKind.Scalar, ItemType: TextDataViewType })
            ? PathColumnName
            : name;

    /// <summary>Like <see cref="Bind"/>, but for the column that <see cref="Usual"/> finds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such column exists, or the type of the column is not an image type.</exception>
    public static ImageColumn BindOrUsual(DataViewSchema schema, string name, ImagePreprocessing preprocessing, long maxPixels) =>
        Bind(schema, Usual(schema, name), preprocessing, maxPixels);

    /// <summary>
    /// The column of patches: <paramref name="name"/>, unless it has paths and there are images in <see cref="ImageColumnName"/>. A patch that was cut out of
    /// a file has the path of the whole image.
    /// </summary>
    public static string PatchesName(DataViewSchema schema, string name) =>
        schema.GetColumnOrNull(name)?.Type is TextDataViewType && schema.GetColumnOrNull(ImageColumnName) is { } image && ElementOf(image.Type) is not null
            ? ImageColumnName
            : name;

    /// <summary>The pixel type of images in a column of that type; null if it is not an image type.</summary>
    public static PixelType? ElementOf(DataViewType type) =>
        type switch
        {
            VectorDataViewType { IsKnownSize: false, ItemType: NumberDataViewType item } when item.RawType == typeof(byte) => PixelType.Byte,
            VectorDataViewType { IsKnownSize: true, ItemType: NumberDataViewType item } when item.RawType == typeof(float) => PixelType.Single,
            ImageDataViewType or TextDataViewType => PixelType.Byte,
            _ => null,
        };

    /// <summary>Returns a function that reads the image at the row's current position.</summary>
    public Func<ImageSource> Reader(DataViewRow row) =>
        Column.Type switch
        {
            TextDataViewType => Reader<ReadOnlyMemory<char>>(row, (path, _) => ImageSource.OfPath(path.ToString(), row.Position)),
            // Not disposed here: ML.NET's getters dispose the previous image themselves, and other getters return images that the user owns.
            ImageDataViewType => Reader<MLImage?>(row, (image, file) => ImageSource.OfImage(image is null ? null : ToRgb(image), row.Position, file)),
            VectorDataViewType { IsKnownSize: true } => Reader<VBuffer<float>>(row, (planar, file) => ImageSource.OfPlanar(Copy(planar), row.Position, file)),
            _ => Reader<VBuffer<byte>>(row, (encoded, file) => ImageSource.OfEncoded(Copy(encoded), row.Position, file)),
        };

    /// <summary>Decodes and preprocesses an image, [C,H,W].</summary>
    /// <param name="image">An image of this column.</param>
    /// <param name="pixels">Receives the pixels; its length must be that of one image.</param>
    /// <param name="preprocessing">The preprocessing; null for the column's own.</param>
    /// <returns>The size of the image before resizing; default for planar floats.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read; the message names the column, the row and, if it is known, the file.</exception>
    public ImageSize Decode(ImageSource image, Memory<byte> pixels, ImagePreprocessing? preprocessing = null)
    {
        try
        {
            return image.Decode(preprocessing ?? Preprocessing, _maxPixels, pixels);
        }
        catch (ImageDecodeException e)
        {
            throw new ImageDecodeException($"The image of {NameOf(image)}, cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Decodes and preprocesses an image into a new array.</summary>
    public byte[] Decode(ImageSource image, ImagePreprocessing? preprocessing = null)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(PixelTypes.ImageBytes((preprocessing ?? Preprocessing).Shape, Element));
        Decode(image, pixels, preprocessing);
        return pixels;
    }

    /// <inheritdoc cref="ImageSource.View"/>
    public DecodedImage? View(ImageSource image, ImagePreprocessing preprocessing, int longest) => image.View(preprocessing, _maxPixels, longest);

    /// <summary>Column, row and file, for error messages.</summary>
    public string NameOf(ImageSource image) =>
        FormattableString.Invariant($"column '{Column.Name}', row {image.Row}{(image.File is null ? "" : $", file '{image.File}'")}");

    private Func<ImageSource> Reader<T>(DataViewRow row, Func<T, string?, ImageSource> copy)
    {
        ValueGetter<T> getValue = row.GetGetter<T>(row.Schema[Column.Index]);
        ValueGetter<ReadOnlyMemory<char>>? getPath = _path is { } path ? row.GetGetter<ReadOnlyMemory<char>>(row.Schema[path.Index]) : null;
        T value = default!;
        ReadOnlyMemory<char> file = default;
        return () =>
        {
            getValue(ref value);
            getPath?.Invoke(ref file);
            return copy(value, getPath is null ? null : file.ToString());
        };
    }

    private static T[] Copy<T>(VBuffer<T> vector)
    {
        T[] copy = new T[vector.Length];
        vector.CopyTo(copy);
        return copy;
    }

    private static DecodedImage ToRgb(MLImage image)
    {
        (int red, int blue) = image.PixelFormat switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            _ => throw new ImageDecodeException($"The pixel format of an MLImage is {image.PixelFormat}; Rgba32 and Bgra32 are supported."),
        };
        ReadOnlySpan<byte> pixels = image.Pixels;
        byte[] rgb = new byte[checked(image.Width * image.Height * 3)];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
        {
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (pixels[from + red], pixels[from + 1], pixels[from + blue]);
        }

        return new DecodedImage(image.Width, image.Height, 3, rgb);
    }

    private static ImageShape PlanarShape(DataViewSchema.Column column, ImageShape wanted)
    {
        VectorDataViewType type = (VectorDataViewType)column.Type;
        if (type.Dimensions.Length == 3)
        {
            return new ImageShape(type.Dimensions[0], type.Dimensions[1], type.Dimensions[2]);
        }

        return type.Size == wanted.Length
            ? wanted
            : throw ColumnError.Mismatch(
                "image",
                column.Name,
                FormattableString.Invariant($"{wanted.Length} floats of a {wanted} image"),
                column.Type.ToString()!
            );
    }
}

/// <summary>Errors about a column of the input, with the same wording as ML.NET's own trainers.</summary>
internal static class ColumnError
{
    public static ArgumentOutOfRangeException NotFound(string role, string name) => new("inputSchema", $"Could not find {role} column '{name}'");

    /// <summary>A label that was not mapped to a key, or a set of classes.</summary>
    public static ArgumentOutOfRangeException NotAKey(string name, string actual) =>
        new(
            "inputSchema",
            $"{Mismatched("label", name, "Key<UInt32>", actual)}. "
                + (
                    actual.Contains("Vector", StringComparison.Ordinal)
                        ? "This trainer takes one class per image; MultilabelClassification().Trainers.PatchTraining takes sets of classes."
                        : $"Map it to a key first: mlContext.Transforms.Conversion.MapValueToKey(\"{name}\")."
                )
        );

    public static ArgumentOutOfRangeException Mismatch(string role, string name, string expected, string actual) =>
        new("inputSchema", Mismatched(role, name, expected, actual));

    private static string Mismatched(string role, string name, string expected, string actual) =>
        $"Schema mismatch for {role} column '{name}': expected {expected}, got {actual}";
}

using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

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

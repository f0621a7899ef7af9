using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The columns of the labeled objects of an image, by the conventions of Microsoft.ML.TorchSharp's object detection.</summary>
/// <param name="Labels">The class of each object: a vector of keys or names.</param>
/// <param name="Boxes">x0, y0, x1, y1 of each object, in pixels of the upright image: a vector of floats.</param>
/// <param name="Difficult">Whether each object is difficult: a vector of Boolean values; null if none is.</param>
/// <param name="Path">The file of the image, for errors; null if the rows do not name it.</param>
internal sealed record ObjectColumns(DataViewSchema.Column Labels, DataViewSchema.Column Boxes, DataViewSchema.Column? Difficult, DataViewSchema.Column? Path)
{
    public const string ClassesExpected = "Vector<Key<UInt32>> or Vector<Text>";
    public const string BoxesExpected = "Vector<Single>";

    public IEnumerable<DataViewSchema.Column> All => new[] { Labels, Boxes, Difficult, Path }.OfType<DataViewSchema.Column>();

    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public static ObjectColumns Bind(DataViewSchema schema, string labels, string boxes, string? difficult = null)
    {
        DataViewSchema.Column? path = schema.GetColumnOrNull(ImageColumn.PathColumnName);
        return new ObjectColumns(
            Find(schema, "label", labels, IsClasses, ClassesExpected),
            Find(schema, "bounding box", boxes, IsFloats, BoxesExpected),
            difficult is null
                ? null
                : Find(schema, "difficult", difficult, type => type is VectorDataViewType { ItemType: BooleanDataViewType }, "Vector<Boolean>"),
            path?.Type is TextDataViewType ? path : null
        );
    }

    public static DataViewSchema.Column Find(DataViewSchema schema, string role, string name, Func<DataViewType, bool> fits, string expected)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound(role, name);
        return fits(column.Type) ? column : throw ColumnError.Mismatch(role, name, expected, column.Type.ToString()!);
    }

    public static bool IsClasses(DataViewType type) =>
        type is VectorDataViewType { ItemType: TextDataViewType } or VectorDataViewType { ItemType: KeyDataViewType { Count: > 0 } }
        && ((VectorDataViewType)type).ItemType.RawType != typeof(ulong);

    public static bool IsFloats(DataViewType type) => type is VectorDataViewType { ItemType: NumberDataViewType item } && item.RawType == typeof(float);
}

/// <summary>A labeled object before its class has a number.</summary>
/// <param name="Class">The name of its class; empty if it is missing.</param>
/// <param name="Box">Its box in pixels of the upright image.</param>
/// <param name="IsDifficult">Whether average precision ignores it.</param>
internal readonly record struct NamedBox(string Class, Box Box, bool IsDifficult);

/// <summary>Reads the labeled objects of the rows of a cursor, and checks each on its own.</summary>
internal sealed class ObjectReader
{
    private const int Corners = 4;

    private readonly DataViewRow _row;
    private readonly ObjectColumns _columns;
    private readonly Func<string[]> _readClasses;
    private readonly Func<float[]> _readBoxes;
    private readonly Func<bool[]>? _readDifficult;
    private readonly ValueGetter<ReadOnlyMemory<char>>? _readPath;

    public ObjectReader(DataViewRow row, ObjectColumns columns)
    {
        (_row, _columns) = (row, columns);
        _readClasses = ClassNames(row, columns.Labels);
        _readBoxes = Vector<float>(row, columns.Boxes);
        _readDifficult = columns.Difficult is { } difficult ? Vector<bool>(row, difficult) : null;
        _readPath = columns.Path is { } path ? row.GetGetter<ReadOnlyMemory<char>>(row.Schema[path.Index]) : null;
    }

    /// <summary>The row and, if it is known, the file, for errors.</summary>
    public string Where
    {
        get
        {
            ReadOnlyMemory<char> file = default;
            _readPath?.Invoke(ref file);
            return FormattableString.Invariant($"row {_row.Position}{(_readPath is null ? "" : $", file '{file}'")}");
        }
    }

    /// <summary>The objects of the current row; an image may have none.</summary>
    /// <exception cref="ArgumentException">The vectors do not match, or a box is not finite or empty; the message names the row.</exception>
    public NamedBox[] Read()
    {
        (string[] classes, float[] boxes, bool[]? difficult) = (_readClasses(), _readBoxes(), _readDifficult?.Invoke());
        if (boxes.Length != Corners * classes.Length)
        {
            throw Fault(
                FormattableString.Invariant(
                    $"{classes.Length} labels and {boxes.Length} numbers in column '{_columns.Boxes.Name}'; each object needs four: x0, y0, x1, y1"
                )
            );
        }

        if (difficult is not null && difficult.Length != classes.Length)
        {
            throw Fault(FormattableString.Invariant($"{classes.Length} labels and {difficult.Length} values in column '{_columns.Difficult!.Value.Name}'"));
        }

        return [.. classes.Select((name, i) => new NamedBox(name, Check(i, boxes.AsSpan(Corners * i, Corners)), difficult?[i] ?? false))];
    }

    /// <summary>Returns a function that reads a vector of keys or names as names; a missing key is empty.</summary>
    public static Func<string[]> ClassNames(DataViewRow row, DataViewSchema.Column column)
    {
        if (((VectorDataViewType)column.Type).ItemType is TextDataViewType)
        {
            Func<ReadOnlyMemory<char>[]> texts = Vector<ReadOnlyMemory<char>>(row, column);
            return () => Array.ConvertAll(texts(), text => text.ToString());
        }

        IReadOnlyList<string> names = ClassKeys.Of(column).Names;
        Func<uint[]> keys = Vector<uint>(row, column);
        return () => Array.ConvertAll(keys(), key => key == 0 ? "" : names[(int)key - 1]);
    }

    public static Func<T[]> Vector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(row.Schema[column.Index]);
        VBuffer<T> buffer = default;
        return () =>
        {
            getter(ref buffer);
            T[] values = new T[buffer.Length];
            buffer.CopyTo(values);
            return values;
        };
    }

    private Box Check(int index, ReadOnlySpan<float> corners)
    {
        Box box = new(corners[0], corners[1], corners[2], corners[3]);
        return box is { IsFinite: true, Width: > 0, Height: > 0 }
            ? box
            : throw Fault(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"an invalid box of object {index}: x0 {box.Left}, y0 {box.Top}, x1 {box.Right}, y1 {box.Bottom}. "
                        + $"They must be finite, x1 above x0, and y1 above y0"
                )
            );
    }

    private ArgumentException Fault(string what) => new($"The objects in column '{_columns.Labels.Name}' cannot be used: {Where}, has {what}.");
}

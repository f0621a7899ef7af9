using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>
/// A label that is the objects of an image. Each row has its own number, and <see cref="SetsOf"/> gives the objects of each number in the network's input.
/// </summary>
internal sealed class ObjectLabelColumn : LabelColumn
{
    // In warnings, of an object with a missing key.
    private const string NoClass = "(missing)";

    private readonly ObjectColumns _columns;
    private readonly List<(string Where, ObjectBox[] Objects)> _rows = [];

    private ObjectLabelColumn(ObjectColumns columns, ClassKeys keys)
        : base(columns.Labels, keys) => _columns = columns;

    public override IEnumerable<DataViewSchema.Column> Columns => _columns.All;

    public override bool IsClass => false;

    /// <summary>Finds the columns of the training rows and their classes: the values of the keys, or all names, in ordinal order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">No row has an object.</exception>
    public static ObjectLabelColumn Bind(IDataView rows, string labels, string boxes)
    {
        ObjectColumns columns = ObjectColumns.Bind(rows.Schema, labels, boxes);
        ClassKeys keys =
            ((VectorDataViewType)columns.Labels.Type).ItemType is KeyDataViewType ? ClassKeys.Of(columns.Labels) : KeysOfText(rows, columns.Labels);
        return new ObjectLabelColumn(columns, keys);
    }

    /// <summary>Objects of other classes are left out, and counted as unknown.</summary>
    public override LabelColumn BindTo(DataViewSchema schema, string name)
    {
        ObjectColumns columns = ObjectColumns.Bind(schema, name, _columns.Boxes.Name);
        return new ObjectLabelColumn(columns, Keys);
    }

    public override string Describe(int number) => FormattableString.Invariant($"{_rows[number].Objects.Length} objects");

    public override Func<int?> Reader(DataViewRow row)
    {
        ObjectReader reader = new(row, _columns);
        int number = 0;
        return () =>
        {
            // Every pass returns the same rows, and the first one keeps them.
            if (number == _rows.Count)
            {
                _rows.Add((reader.Where, [.. Known(reader.Read())]));
            }

            return number++;
        };
    }

    public override IReadOnlyList<float[]> SetsOf(IReadOnlyList<ImageSize> sizes, ImagePreprocessing preprocessing)
    {
        CheckUnits();
        return
        [
            .. _rows.Select(
                (row, number) =>
                    number < sizes.Count && sizes[number] is { Width: > 0 } size
                        ? ObjectSet.ToNumbers(row.Objects.Select((thing, index) => Fit(thing, index, row.Where, size, preprocessing.Fitted(size))))
                        : []
            ),
        ];
    }

    private IEnumerable<ObjectBox> Known(NamedBox[] objects)
    {
        foreach (NamedBox thing in objects)
        {
            if (Find(thing.Class.Length > 0 ? thing.Class : NoClass) is { } index)
            {
                yield return new ObjectBox(thing.Box, index, thing.IsDifficult);
            }
        }
    }

    // Clips the box to the image and scales it as the image was.
    private ObjectBox Fit(ObjectBox thing, int index, string where, ImageSize image, ImageSize fitted)
    {
        Box box = thing.Box.Clip(image.Height, image.Width);
        if (!(box.Width > 0 && box.Height > 0))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The box of object {index} of {where}, is outside its image of {image} pixels: x0 {thing.Box.Left}, y0 {thing.Box.Top}, "
                        + $"x1 {thing.Box.Right}, y1 {thing.Box.Bottom} in column '{_columns.Boxes.Name}'. Boxes are in pixels of the upright image."
                )
            );
        }

        (float x, float y) = ((float)fitted.Width / image.Width, (float)fitted.Height / image.Height);
        return thing with { Box = new Box(box.Left * x, box.Top * y, box.Right * x, box.Bottom * y) };
    }

    private void CheckUnits()
    {
        Box[] boxes = [.. _rows.SelectMany(row => row.Objects).Select(thing => thing.Box)];
        if (boxes.Length > 0 && boxes.All(box => box is { Right: <= 1, Bottom: <= 1 }))
        {
            throw new ArgumentException(
                $"All boxes in column '{_columns.Boxes.Name}' are within 1x1 pixel. They must be in pixels; if they are fractions of the image, multiply x by its "
                    + "width and y by its height."
            );
        }
    }

    private static ClassKeys KeysOfText(IDataView rows, DataViewSchema.Column labels)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        using DataViewRowCursor cursor = InputRows.Open(rows, [labels]);
        Func<string[]> read = ObjectReader.ClassNames(cursor, labels);
        while (cursor.MoveNext())
        {
            names.UnionWith(read().Where(name => name.Length > 0));
        }

        return names.Count > 0
            ? ClassKeys.OfText([.. names])
            : throw new InvalidOperationException($"No row has an object in column '{labels.Name}'; at least one object is required.");
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Decodes every image of a data view on all cores and collects the data of a report.</summary>
internal sealed class ImageInspector(long maxPixels)
{
    private const int ChunkRows = 256;

    /// <exception cref="ArgumentOutOfRangeException">There is no column of encoded images and no column of paths.</exception>
    public ImageSetReport Inspect(IDataView rows, string labelColumnName, string imageColumnName)
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(imageColumnName);
        RowClasses? classes = rows.Schema.GetColumnOrNull(labelColumnName) is null ? null : RowClasses.Read(rows, labelColumnName);
        List<(ImageRow, ImageFacts)> images = [];
        List<UnreadableImage> unreadable = [];
        foreach ((ImageRow Row, byte[]? Encoded)[] chunk in Rows(rows, classes, imageColumnName).Chunk(ChunkRows))
        {
            var results = new (ImageFacts Facts, string? Cause)[chunk.Length];
            ParallelLoop.For(chunk.Length, i => results[i] = FactsOf(chunk[i].Row, chunk[i].Encoded));
            foreach ((ImageRow row, (ImageFacts facts, string? cause)) in chunk.Select(entry => entry.Row).Zip(results))
            {
                if (cause is null)
                {
                    images.Add((row, facts));
                }
                else
                {
                    unreadable.Add(new UnreadableImage(row, cause));
                }
            }
        }
        int unlabeled = classes?.OfRows.Count(index => index < 0) ?? 0;
        return new ImageSetReport(classes is null ? [] : CountsOf(classes), images, unreadable, unlabeled);
    }

    /// <summary>The number of rows of each class, and its balancing weight.</summary>
    public static IReadOnlyList<ClassCount> CountsOf(RowClasses classes)
    {
        int[] counts = classes.Counts();
        return [.. classes.Names.Zip(counts, (name, rows) => new ClassCount(name, rows, counts.Sum() / ((double)counts.Length * rows)))];
    }

    private (ImageFacts, string?) FactsOf(ImageRow row, byte[]? encoded)
    {
        try
        {
            ImageFacts facts = default;
            if (encoded is null)
            {
                PooledFile.Use(row.File!, content => facts = ImageFacts.Of(content, maxPixels));
                return (facts, null);
            }

            return encoded.Length > 0
                ? (ImageFacts.Of(encoded, maxPixels), null)
                : (default, "The value is empty. LoadRawImageBytes gives an empty value if the file is missing.");
        }
        catch (Exception e) when (e is ImageDecodeException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (default, e.Message);
        }
    }

    // Encoded images are copied out of the row; files are opened later, when they are decoded.
    private static IEnumerable<(ImageRow Row, byte[]? Encoded)> Rows(IDataView rows, RowClasses? classes, string imageColumnName)
    {
        DataViewSchema.Column? path = rows.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is { Type: TextDataViewType } text ? text : null;
        DataViewSchema.Column? image = rows.Schema.GetColumnOrNull(imageColumnName);
        if (image is { } column && !(column.Type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Byte))
        {
            throw ColumnError.Mismatch("image", imageColumnName, "VarVector<Byte>", column.Type.ToString()!);
        }

        if (image is null && path is null)
        {
            throw ColumnError.NotFound("image", imageColumnName);
        }

        using DataViewRowCursor cursor = InputRows.Open(rows, new[] { image, path }.OfType<DataViewSchema.Column>());
        ValueGetter<VBuffer<byte>>? readImage = image is { } encoded ? cursor.GetGetter<VBuffer<byte>>(cursor.Schema[encoded.Index]) : null;
        ValueGetter<ReadOnlyMemory<char>>? readPath = path is { } file ? cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[file.Index]) : null;
        for (int i = 0; cursor.MoveNext(); i++)
        {
            ReadOnlyMemory<char> name = default;
            readPath?.Invoke(ref name);
            string? label = classes?.OfRows[i] is >= 0 and var index ? classes.Names[index] : null;
            yield return (new ImageRow(cursor.Position, readPath is null ? null : name.ToString(), label), readImage is null ? null : Bytes(readImage));
        }
    }

    private static byte[] Bytes(ValueGetter<VBuffer<byte>> read)
    {
        VBuffer<byte> buffer = default;
        read(ref buffer);
        return [.. buffer.DenseValues()];
    }
}

/// <summary>A row of a data view with an image.</summary>
/// <param name="Position">The row's position, from 0.</param>
/// <param name="File">The image's file; null if the row does not name one.</param>
/// <param name="Label">Its label as text; null if it has none.</param>
public sealed record ImageRow(long Position, string? File, string? Label);

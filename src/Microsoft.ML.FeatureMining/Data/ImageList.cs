namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Reads a CSV or TSV file of pictures and their labels. The pictures are not looked for.</summary>
internal static class ImageList
{
    /// <summary>Each record's picture and label, in the order of the file.</summary>
    /// <exception cref="FileNotFoundException">There is no such list.</exception>
    /// <exception cref="InvalidDataException">The list is not of that format; the message names file and line.</exception>
    public static IReadOnlyList<ImageFile> Read(string path, ImageListFormat format) => [.. Rows(path, format).Select(row => row.Label.Length > 0
        ? new ImageFile(row.Image, row.Label)
        : throw TextFault.At(path, row.Line, "the label is empty."))];

    /// <summary>Each record's picture and labels, in the order of the file; a picture may have none.</summary>
    /// <exception cref="FileNotFoundException">There is no such list.</exception>
    /// <exception cref="InvalidDataException">The list is not of that format; the message names file and line.</exception>
    public static IReadOnlyList<MultilabelImageFile> ReadMultilabel(string path, ImageListFormat format) => [.. Rows(path, format).Select(row =>
        new MultilabelImageFile(row.Image, [.. row.Label.Split(format.LabelSeparator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)]))];

    private static IEnumerable<(int Line, string Image, string Label)> Rows(string path, ImageListFormat format)
    {
        string folder = format.ImageFolder ?? Path.GetDirectoryName(Path.GetFullPath(path))!;
        (int image, int label)? columns = null;
        foreach (DelimitedRecord record in DelimitedText.Read(path, format.SeparatorOf(path)))
        {
            if (columns is null)
            {
                columns = Columns(path, record, format);
                if (format.HasHeader)
                    continue;
            }
            string file = record.Fields[columns.Value.image];
            if (file.Length == 0 || file.Contains('\0'))
                throw TextFault.At(path, record.Line, file.Length == 0 ? "the picture's path is empty." : "the picture's path holds a null character.");
            yield return (record.Line, Path.GetFullPath(file, Path.GetFullPath(folder)), record.Fields[columns.Value.label].Trim());
        }
        if (columns is null)
            throw new InvalidDataException($"'{path}' is empty.");
    }

    private static (int Image, int Label) Columns(string path, DelimitedRecord first, ImageListFormat format)
    {
        if (format.HasHeader)
            return (Column(format.PathColumn), Column(format.LabelColumn));
        return first.Fields.Length == 2
            ? (0, 1)
            : throw TextFault.At(path, first.Line, FormattableString.Invariant($"there are {first.Fields.Length} fields; without a header there are two, picture and label."));

        int Column(string name) => Array.IndexOf(first.Fields, name) is var index and >= 0
            ? index
            : throw TextFault.At(path, first.Line, $"the header has no column '{name}'; it has {string.Join(", ", first.Fields.Select(field => $"'{field}'"))}.");
    }
}

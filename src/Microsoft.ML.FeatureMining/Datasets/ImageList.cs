using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Reads a CSV or TSV file of images and their labels. Does not check whether the images exist.</summary>
internal static class ImageList
{
    private const StringSplitOptions Trim = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    /// <summary>The image and label of each record, in the order of the file.</summary>
    /// <exception cref="FileNotFoundException">The list does not exist.</exception>
    /// <exception cref="InvalidDataException">The list does not have that format; the message names file and line.</exception>
    public static IReadOnlyList<ImageFileRow> Read(string path, ImageListFormat format) =>
        [
            .. Rows(path, format)
                .Select(row =>
                    row.Label.Length > 0
                        ? new ImageFileRow { ImagePath = row.Image, Label = row.Label }
                        : throw TextFault.At(path, row.Line, "the label is empty.")
                ),
        ];

    /// <summary>The image and labels of each record, in the order of the file. An image may have no label.</summary>
    /// <exception cref="FileNotFoundException">The list does not exist.</exception>
    /// <exception cref="InvalidDataException">The list does not have that format; the message names file and line.</exception>
    public static IReadOnlyList<MultilabelImageRow> ReadMultilabel(string path, ImageListFormat format) =>
        [
            .. Rows(path, format)
                .Select(row => new MultilabelImageRow
                {
                    ImagePath = row.Image,
                    Labels = [.. row.Label.Split(format.LabelSeparator, Trim).Distinct(StringComparer.Ordinal)],
                }),
        ];

    private static IEnumerable<(int Line, string Image, string Label)> Rows(string path, ImageListFormat format)
    {
        string folder = format.ImageFolder ?? Path.GetDirectoryName(Path.GetFullPath(path))!;
        (int image, int label)? columns = null;
        bool isEmpty = true;
        foreach (DelimitedRecord record in DelimitedText.Read(path, SeparatorOf(path, format)))
        {
            if (columns is null)
            {
                columns = Columns(path, record, format);
                if (format.HasHeader)
                {
                    continue;
                }
            }
            string file = record.Fields[columns.Value.image];
            if (file.Length == 0 || file.Contains('\0'))
            {
                throw TextFault.At(path, record.Line, file.Length == 0 ? "the image's path is empty." : "the image's path contains a null character.");
            }

            isEmpty = false;
            yield return (record.Line, PathOf(file, Path.GetFullPath(folder)), ComposedText.Of(record.Trimmed(columns.Value.label)));
        }
        if (isEmpty)
        {
            throw new InvalidDataException(columns is null ? $"'{path}' is empty." : $"'{path}' has a header, but lists no images.");
        }
    }

    // Spreadsheets write semicolons where the comma is the decimal separator.
    private static char SeparatorOf(string path, ImageListFormat format)
    {
        char usual = Path.GetExtension(path).ToLowerInvariant() is ".tsv" or ".tab" ? '\t' : ',';
        if (format.Separator is null && format.HasHeader && File.Exists(path) && File.ReadLines(path).FirstOrDefault() is { } header)
        {
            return new[] { usual, ',', ';', '\t' }.FirstOrDefault(IsHeader, usual);

            bool IsHeader(char separator) =>
                header.Split(separator).Select(name => name.Trim('"')).ToArray() is { Length: > 1 } names
                && IndexOf(names, format.PathColumn) >= 0
                && IndexOf(names, format.LabelColumn) >= 0;
        }

        return format.Separator ?? usual;
    }

    private static int IndexOf(string[] names, string name) =>
        Array.IndexOf(names, name) is var index and >= 0
            ? index
            : Array.FindIndex(names, other => other.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase));

    // As people write paths: file://..., ~/..., and on Unix also with backslashes, unless a file has such a name.
    private static string PathOf(string file, string folder)
    {
        if (file.StartsWith("file:", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(file, UriKind.Absolute, out Uri? uri) && uri.IsFile)
        {
            return uri.LocalPath;
        }

        string path = file.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), file[2..])
            : Path.GetFullPath(file, folder);
        return Path.DirectorySeparatorChar == '/' && file.Contains('\\', StringComparison.Ordinal) && !File.Exists(path)
            ? Path.GetFullPath(file.Replace('\\', '/'), folder)
            : path;
    }

    private static (int Image, int Label) Columns(string path, DelimitedRecord first, ImageListFormat format)
    {
        if (format.HasHeader)
        {
            return (Column(format.PathColumn), Column(format.LabelColumn));
        }

        return first.Fields.Length == 2
            ? (0, 1)
            : throw TextFault.At(
                path,
                first.Line,
                FormattableString.Invariant($"there are {first.Fields.Length} fields; a list without a header must have two, image and label.")
            );

        int Column(string name) =>
            IndexOf(first.Fields, name) is var index and >= 0
                ? index
                : throw TextFault.At(
                    path,
                    first.Line,
                    $"the header has no column '{name}'; it has {string.Join(", ", first.Fields.Select(field => $"'{field}'"))}."
                );
    }
}

/// <summary>A row of a list of images with any number of labels per image. Each property is a column in ML.NET.</summary>
internal sealed record MultilabelImageRow
{
    public string ImagePath { get; set; } = "";

    /// <summary>The distinct classes.</summary>
    public string[] Labels { get; set; } = [];
}

/// <summary>The format of a list of images and their labels (RFC 4180: fields may be quoted).</summary>
public sealed record ImageListFormat
{
    /// <summary>Whether the first record contains the column names. If not, there must be exactly two columns: the images, then the labels.</summary>
    /// <value>true.</value>
    public bool HasHeader { get; init; } = true;

    /// <summary>The name of the column of image files. If there is no exact match, case is ignored.</summary>
    /// <value>ImagePath.</value>
    public string PathColumn { get; init; } = "ImagePath";

    /// <summary>The name of the column of labels. If there is no exact match, case is ignored.</summary>
    /// <value>Label.</value>
    public string LabelColumn { get; init; } = "Label";

    /// <summary>The separator of the fields.</summary>
    /// <value>
    /// null: the comma, semicolon or tab that separates the columns of the header. Without a header, a tab for a .tsv or .tab file, otherwise a comma.
    /// </value>
    public char? Separator { get; init; }

    /// <summary>The separator of labels within a field, for an image with several labels.</summary>
    /// <value>A semicolon.</value>
    public char LabelSeparator { get; init; } = ';';

    /// <summary>The base folder of relative image paths.</summary>
    /// <value>The folder of the list.</value>
    public string? ImageFolder { get; init; }
}

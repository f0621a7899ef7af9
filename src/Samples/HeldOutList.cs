using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;

namespace Samples;

/// <summary>
/// The list of the images that a model was tested on, beside the model: <c>birds.test.csv</c> of <c>birds.zip</c>. With it, <c>evaluate</c> needs no images
/// on the command line.
/// </summary>
internal static class HeldOutList
{
    private const string Paths = "ImagePath";
    private const string Label = "Label";

    // The column's name tells a list of sets of classes from a list of classes.
    private const string Labels = "Labels";

    public static string PathOf(FileInfo model) => Path.ChangeExtension(model.FullName, ".test.csv");

    /// <summary>Checks that a file in the place of the list is the list of a model that is replaced too, not a file of the user.</summary>
    /// <exception cref="ArgumentException">There is a file but no model.</exception>
    public static void Try(FileInfo model)
    {
        if (!model.Exists && File.Exists(PathOf(model)))
        {
            throw new ArgumentException(
                $"--model: the list of test images would replace '{PathOf(model)}', but there is no model '{model}' that it belongs to. Choose another name "
                    + "for the model, or remove the file."
            );
        }
    }

    /// <summary>Writes the list, or removes the one of an earlier model if the rows cannot be listed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">The test images; null if there are none.</param>
    /// <param name="source">The options that load the data set that the rows are from, with full paths.</param>
    /// <returns>Whether there is a list.</returns>
    public static bool Write(FileInfo model, IDataView? rows, IReadOnlyList<string> source)
    {
        string path = PathOf(model);
        if (rows is null || (AreFiles(rows) ? FileLines(rows) : HeldOutRows.Lines(rows, source)) is not { } lines)
        {
            File.Delete(path);
            return false;
        }

        OutputFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + Environment.NewLine))));
        return true;
    }

    /// <summary>Loads the list beside a model. Images that are gone are told of and left out.</summary>
    /// <exception cref="ArgumentException">There is no list.</exception>
    /// <exception cref="InvalidDataException">None of its images exists any more.</exception>
    public static IDataView Load(MLContext ml, FileInfo model)
    {
        string path = PathOf(model);
        if (!File.Exists(path))
        {
            throw new ArgumentException(
                $"There is no list of test images beside the model ('{path}'). Give labeled images: --images, --data, --cifar10 or --cifar100."
            );
        }

        string header = File.ReadLines(path).FirstOrDefault() ?? "";
        if (header == HeldOutRows.Header)
        {
            return HeldOutRows.Load(ml, path);
        }

        bool isMultilabel = header.EndsWith(Labels, StringComparison.Ordinal);
        IDataView listed = isMultilabel
            ? DataSets.Labeled(ml, ml.Data.LoadMultilabelImageList(path, new ImageListFormat { LabelColumn = Labels }))
            : ml.Data.LoadImageList(path);
        string[] gone = [.. listed.GetColumn<string>(Paths).Where(file => !File.Exists(file))];
        long all = listed.GetRowCount() ?? listed.GetColumn<string>(Paths).LongCount();
        if (gone.Length == all)
        {
            throw new InvalidDataException($"None of the {all} test images listed in '{path}' exists any more, such as '{gone.FirstOrDefault()}'.");
        }

        if (gone.Length > 0)
        {
            Console.Error.WriteLine($"warning: {gone.Length} of {all} test images are gone and not measured, such as '{gone[0]}'.");
        }

        Console.WriteLine($"The {all - gone.Length} test images listed in {path}:");
        HashSet<string> missing = new(gone, StringComparer.Ordinal);
        return gone.Length == 0 ? listed : ml.Data.FilterByCustomPredicate<PathOfImage>(listed, row => missing.Contains(row.ImagePath));
    }

    private static bool AreFiles(IDataView rows) =>
        rows.Schema.GetColumnOrNull(Paths) is not null && rows.Schema.GetColumnOrNull("Image") is null && !rows.GetColumn<string>(Paths).Any(TarImages.IsInTar);

    private static IEnumerable<string> FileLines(IDataView rows)
    {
        bool isMultilabel = rows.Schema[Label].Type is VectorDataViewType;
        IEnumerable<string> labels = isMultilabel ? rows.GetColumn<string[]>(Label).Select(set => string.Join(';', set)) : rows.GetColumn<string>(Label);
        IEnumerable<string> lines = rows.GetColumn<string>(Paths).Zip(labels, (file, label) => $"{CsvText.Of(Path.GetFullPath(file))},{CsvText.Of(label)}");
        return lines.Prepend($"{Paths},{(isMultilabel ? Labels : Label)}");
    }

    private sealed class PathOfImage
    {
        public string ImagePath { get; set; } = "";
    }
}

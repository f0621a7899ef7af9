using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;

namespace Samples;

/// <summary>The list of test images that are not files of their own, such as CIFAR's: their rows in a data set, and the options that load it.</summary>
internal static class HeldOutRows
{
    /// <summary>The first line of the list.</summary>
    public const string Header = "Row,Label,ImagePath,Source";

    /// <summary>The lines of the list; null if these rows cannot be listed.</summary>
    /// <param name="rows">The test images.</param>
    /// <param name="source">The options that load the data set, with full paths.</param>
    public static IEnumerable<string>? Lines(IDataView rows, IReadOnlyList<string> source)
    {
        // The words are in quotes, and a quote cannot be quoted. What may be a signature of an address is not kept.
        bool canBeListed = source.All(word =>
            !word.Contains('"', StringComparison.Ordinal) && !(TarImages.IsAddress(word) && word.AsSpan().IndexOfAny("?@") >= 0)
        );
        if (rows.Schema["Label"].Type is VectorDataViewType || !canBeListed)
        {
            return null;
        }

        string words = CsvText.Of(string.Join(' ', source.Select(word => $"\"{word}\"")));
        return [Header, .. Read(rows).Select(row => $"{Text(row.Number)},{CsvText.Of(row.Label)},{CsvText.Of(row.ImagePath)},{words}")];
    }

    /// <exception cref="InvalidDataException">The list is damaged, or the data set has changed.</exception>
    public static IDataView Load(MLContext ml, string path)
    {
        DelimitedRecord[] lines = [.. DelimitedText.Read(path, ',').Skip(1)];
        if (lines.Length == 0)
        {
            throw new InvalidDataException($"The list '{path}' has no rows.");
        }

        Row[] listed = [.. lines.Select(line => Parse(path, line))];
        IDataView all = LoadSource(ml, path, [.. CommandLineParser.SplitCommandLine(lines[0].Fields[^1])]);
        HashSet<long> wanted = [.. listed.Select(row => row.Number)];
        IDataView rows = ml.Data.FilterByStatefulCustomPredicate<AnyRow, Position>(
            all,
            (_, position) => !wanted.Contains(position.Row++),
            position => position.Row = 0
        );
        if (!Read(rows).SequenceEqual(listed.OrderBy(row => row.Number)))
        {
            throw new InvalidDataException($"The data set has changed: it does not have the images that are listed in '{path}'. Give labeled images.");
        }

        Console.WriteLine($"The {listed.Length} test images listed in {path}:");
        return rows;
    }

    private static IDataView LoadSource(MLContext ml, string path, string[] source)
    {
        bool isTest = source.FirstOrDefault()?.StartsWith(ImageInput.TestPrefix, StringComparison.Ordinal) == true;
        ImageInput input = isTest ? new ImageInput(ImageInput.TestPrefix, "", DataPart.Test) : new ImageInput("--", "", DataPart.Train);
        Command command = new("load");
        input.AddTo(command);
        ParseResult parsed = command.Parse(source);
        return parsed.Errors.Count == 0 ? input.Load(parsed, ml) : throw new InvalidDataException($"The list '{path}' is damaged: {parsed.Errors[0].Message}");
    }

    private static Row Parse(string path, DelimitedRecord line) =>
        line.Fields is [string number, string label, string image, _] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long row)
            ? new Row(row, label, image)
            : throw TextFault.At(path, line.Line, $"expected {Header}.");

    // The number of a row is its position in the data set that was loaded first, however few of its rows are left.
    private static IEnumerable<Row> Read(IDataView rows)
    {
        DataViewSchema.Column label = rows.Schema["Label"];
        DataViewSchema.Column? path = rows.Schema.GetColumnOrNull("ImagePath");
        using DataViewRowCursor cursor = rows.GetRowCursor(path is { } images ? [label, images] : [label]);
        ValueGetter<DataViewRowId> getId = cursor.GetIdGetter();
        Func<string> readLabel = label.Type is TextDataViewType ? Reader<ReadOnlyMemory<char>>(cursor, label) : Reader<uint>(cursor, label);
        Func<string> readPath = path is { } column ? Reader<ReadOnlyMemory<char>>(cursor, column) : () => "";
        DataViewRowId id = default;
        while (cursor.MoveNext())
        {
            getId(ref id);
            yield return new Row((long)id.Low, readLabel(), readPath());
        }
    }

    private static Func<string> Reader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        return () =>
        {
            T value = default!;
            getter(ref value);
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        };
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Row(long Number, string Label, string ImagePath);

    private sealed class AnyRow;

    private sealed class Position
    {
        public long Row { get; set; }
    }
}

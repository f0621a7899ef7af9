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
    public const string Header = "Row,Label,Source";

    /// <summary>The lines of the list; null if these rows cannot be listed.</summary>
    /// <param name="rows">The test images.</param>
    /// <param name="source">The options that load the data set, with full paths.</param>
    public static IEnumerable<string>? Lines(IDataView rows, IReadOnlyList<string> source)
    {
        // The words are separated by blanks and quoted, and a quote cannot be quoted.
        if (rows.Schema["Label"].Type is VectorDataViewType || source.Any(word => word.Contains('"', StringComparison.Ordinal)))
        {
            return null;
        }

        string words = CsvText.Of(string.Join(' ', source.Select(word => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word)));
        return [Header, .. Read(rows).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Row},{CsvText.Of(row.Label)},{words}"))];
    }

    /// <exception cref="InvalidDataException">The list is damaged, or the data set is not the one of the list.</exception>
    public static IDataView Load(MLContext ml, string path)
    {
        TextLoader.Options format = new()
        {
            Separators = [','],
            HasHeader = true,
            AllowQuoting = true,
            ReadMultilines = true,
        };
        Entry[] list = [.. ml.Data.CreateEnumerable<Entry>(ml.Data.LoadFromTextFile<Entry>(path, format), reuseRowObject: false)];
        if (list.Length == 0)
        {
            throw new InvalidDataException($"The list '{path}' has no rows.");
        }

        string[] source = [.. CommandLineParser.SplitCommandLine(list[0].Source)];
        string prefix = source.FirstOrDefault()?.StartsWith(ImageInput.TestPrefix, StringComparison.Ordinal) == true ? ImageInput.TestPrefix : "--";
        ImageInput input = new(prefix, "", prefix == "--" ? DataPart.Train : DataPart.Test);
        Command command = new("load");
        input.AddTo(command);
        ParseResult parsed = command.Parse(source);
        if (parsed.Errors.Count > 0)
        {
            throw new InvalidDataException($"The list '{path}' is damaged: {parsed.Errors[0].Message}");
        }

        HashSet<long> wanted = [.. list.Select(entry => entry.Row)];
        IDataView rows = ml.Data.FilterByStatefulCustomPredicate<AnyRow, Position>(
            input.Load(parsed, ml),
            (_, position) => !wanted.Contains(position.Row++),
            position => position.Row = 0
        );
        (long Row, string Label)[] found = [.. Read(rows)];
        if (!found.Select(row => row.Label).SequenceEqual(list.OrderBy(entry => entry.Row).Select(entry => entry.Label), StringComparer.Ordinal))
        {
            throw new InvalidDataException($"The images of '{list[0].Source}' are not those of the list '{path}': the classes differ. Give labeled images.");
        }

        Console.WriteLine($"The {found.Length} test images listed in {path}:");
        return rows;
    }

    // The identity of a row is its position in the data set that was loaded first, however few of its rows are left.
    private static IEnumerable<(long Row, string Label)> Read(IDataView rows)
    {
        DataViewSchema.Column column = rows.Schema["Label"];
        using DataViewRowCursor cursor = rows.GetRowCursor([column]);
        ValueGetter<DataViewRowId> getId = cursor.GetIdGetter();
        Func<string> readLabel = column.Type is TextDataViewType ? Reader<ReadOnlyMemory<char>>(cursor, column) : Reader<uint>(cursor, column);
        DataViewRowId id = default;
        while (cursor.MoveNext())
        {
            getId(ref id);
            yield return ((long)id.Low, readLabel());
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

    private sealed class Entry
    {
        [LoadColumn(0)]
        public long Row { get; set; }

        [LoadColumn(1)]
        public string Label { get; set; } = "";

        [LoadColumn(2)]
        public string Source { get; set; } = "";
    }

    private sealed class AnyRow;

    private sealed class Position
    {
        public long Row { get; set; }
    }
}

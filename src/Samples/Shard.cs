using System.CommandLine;
using System.Globalization;
using Microsoft.ML;

namespace Samples;

/// <summary>One of several parts of the images, each for a process of its own: consecutive images, as many in each part give or take one.</summary>
/// <param name="Number">The number of the part, from 1.</param>
/// <param name="Parts">The number of parts.</param>
internal sealed record Shard(int Number, int Parts)
{
    /// <summary>The option <c>--shard</c>.</summary>
    public static Option<string?> CreateOption()
    {
        Option<string?> option = new("--shard")
        {
            Description =
                "Take only part I of N of the images, as I/N with I from 1, such as 2/4. In a job array of Slurm that starts at 1: "
                + "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT.",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && Parse(result.Tokens[0].Value) is null)
            {
                result.AddError($"--shard: '{result.Tokens[0].Value}' is not a part. Write I/N with I from 1 to N, such as 2/4.");
            }
        });
        return option;
    }

    /// <summary>The part that the value of the option names; null for all images.</summary>
    public static Shard? Of(string? text) => text is null ? null : Parse(text);

    /// <summary>The items of this part.</summary>
    public T[] Take<T>(T[] all) => all[(int)First(all.Length)..(int)(First(all.Length) + Count(all.Length))];

    /// <summary>The rows of this part.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="all">The number of all rows.</param>
    public IDataView Take(MLContext ml, IDataView rows, out long all)
    {
        all = CountOf(rows);
        // SkipRows and TakeRows refuse 0.
        return Count(all) == 0
            ? throw new ArgumentException($"--shard {this}: this part is empty, because there are only {all} images. Use fewer parts.")
            : ml.Data.TakeRows(First(all) == 0 ? rows : ml.Data.SkipRows(rows, First(all)), Count(all));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Parts}");

    private static Shard? Parse(string text) =>
        text.Split('/') is [string first, string second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int of)
        && number >= 1
        && number <= of
            ? new Shard(number, of)
            : null;

    private static long CountOf(IDataView rows)
    {
        if (rows.GetRowCount() is { } known)
        {
            return known;
        }

        using DataViewRowCursor cursor = rows.GetRowCursor([]);
        long count = 0;
        while (cursor.MoveNext())
        {
            count++;
        }

        return count;
    }

    private long First(long all) => all * (Number - 1) / Parts;

    private long Count(long all) => (all * Number / Parts) - First(all);
}

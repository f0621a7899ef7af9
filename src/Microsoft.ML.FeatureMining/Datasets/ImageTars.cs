using System.Runtime.ExceptionServices;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Images in tar files (shards) in WebDataset's layout. <c>mlContext.Data.LoadImageTars</c> lists them.</summary>
public static class ImageTars
{
    /// <summary>Reads an image that <c>LoadImageTars</c> listed.</summary>
    /// <param name="imagePath">A value of the column ImagePath: <c>tar:SHARD#NAME@OFFSET+LENGTH~VERSION</c>.</param>
    /// <returns>The encoded image.</returns>
    /// <exception cref="ArgumentException">The text is not such a value.</exception>
    /// <exception cref="IOException">The tar file cannot be read or has changed, or it is on a server and was not loaded in this process.</exception>
    public static byte[] ReadImage(string imagePath)
    {
        ArgumentNullException.ThrowIfNull(imagePath);
        return TarMember.Parse(imagePath) is { } member
            ? member.Read()
            : throw new ArgumentException($"'{imagePath}' is not a value of the column ImagePath of LoadImageTars.", nameof(imagePath));
    }

    /// <summary>Reads the headers of all tar files, several at once.</summary>
    /// <param name="patterns">Paths, addresses and patterns.</param>
    /// <param name="format">The members to read.</param>
    /// <param name="warn">Receives what was not read.</param>
    /// <param name="token">Stops reading.</param>
    /// <returns>The images, in the order of the tar files, and in each in the order of its members.</returns>
    internal static IReadOnlyList<TarImageRow> Read(IEnumerable<string> patterns, ImageTarFormat format, Action<string> warn, CancellationToken token)
    {
        string[]? classNames = format.ClassNamesPath is { } path ? ReadClassNames(path) : null;
        string[] shards = [.. patterns.SelectMany(TarPattern.Expand)];
        var rows = new IReadOnlyList<TarImageRow>[shards.Length];
        var notes = new List<string>[shards.Length];
        var problems = new Exception?[shards.Length];
        int last = shards.Length;
        ParallelLoop.For(
            shards.Length,
            i =>
            {
                // After a problem, only the tar files before it are still read, so that the same problem is reported each time.
                if (i > Volatile.Read(ref last))
                {
                    return;
                }

                try
                {
                    notes[i] = [];
                    rows[i] = TarShard.Read(shards[i], format, classNames, notes[i].Add, token);
                }
                catch (Exception e)
                {
                    lock (problems)
                    {
                        (problems[i], last) = (e, Math.Min(last, i));
                    }
                }
            }
        );
        if (Array.Find(problems, problem => problem is not null) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        foreach (string note in notes.SelectMany(note => note))
        {
            warn(note);
        }

        TarImageRow[] all = [.. rows.SelectMany(row => row)];
        return all.Length > 0
            ? all
            : throw new InvalidDataException(
                shards.Length == 0 ? "No tar files were given."
                : shards.Length == 1 ? $"'{TarNameOf(shards[0])}' contains no images."
                : FormattableString.Invariant($"The {shards.Length} tar files '{TarNameOf(shards[0])}' to '{TarNameOf(shards[^1])}' contain no images.")
            );
    }

    // The number of a line is the number of the class, so that lines cannot be skipped.
    private static string[] ReadClassNames(string path)
    {
        TextLine[] lines = [.. TextLine.Read(path)];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((int i, TextLine line) in lines.Index())
        {
            if (line.Number != i + 1)
            {
                throw TextFault.At(path, i + 1, "the line is empty. Line N must have the name of class N - 1.");
            }

            if (!names.Add(ComposedText.Of(line.Text)))
            {
                throw line.Fault($"'{line.Text}' is already on an earlier line. Give each class a name of its own.");
            }
        }

        return lines.Length > 0 ? [.. lines.Select(line => ComposedText.Of(line.Text))] : throw new InvalidDataException($"'{path}' is empty.");
    }

    // Without the query of an address.
    private static string TarNameOf(string shard) => RemoteFile.IsAddress(shard) ? shard.Split('?')[0] : shard;
}

/// <summary>
/// Which members of a tar file in WebDataset's layout have the labels. The members of one image have the same key, in any order: <c>birds/0001.jpg</c> and
/// <c>birds/0001.cls</c> have the key <c>birds/0001</c>, everything up to the first dot of the file name.
/// </summary>
public sealed record ImageTarFormat
{
    /// <summary>The extension of the members that have the label as text: a class name, or a number.</summary>
    /// <value>cls.</value>
    public string LabelExtension { get; init; } = "cls";

    /// <summary>Takes the label from this field of the member <c>json</c> instead: text or a number at the top level.</summary>
    /// <value>null: from <see cref="LabelExtension"/>.</value>
    public string? JsonField { get; init; }

    /// <summary>A text file of the names of the classes, for labels that are numbers: line 1 has the name of class 0.</summary>
    /// <value>null: the label is the text in the tar file.</value>
    public string? ClassNamesPath { get; init; }

    /// <summary>Whether an image without a label is an error. Otherwise its Label is empty.</summary>
    /// <value>true.</value>
    public bool RequireLabels { get; init; } = true;
}

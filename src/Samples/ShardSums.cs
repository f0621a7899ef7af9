using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Evaluation;

namespace Samples;

/// <summary>The file that <c>evaluate --shard I/N --sums FILE</c> writes and <c>evaluate --merge</c> reads.</summary>
/// <param name="Shard">The number of the part, from 1.</param>
/// <param name="Of">The number of parts.</param>
/// <param name="Images">The number of images of all parts.</param>
/// <param name="Model">The checksum of the model's file.</param>
/// <param name="Views">The value of --tta; null for that of the model.</param>
/// <param name="IsMultilabel">Whether an image may have several classes.</param>
/// <param name="Sums">What the metrics are computed from.</param>
internal sealed record ShardSums(int Shard, int Of, long Images, string Model, string? Views, bool IsMultilabel, JsonElement Sums)
{
    // Of the missing parts, in the error.
    private const int Named = 10;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The sums of metrics of one part.</summary>
    public static ShardSums Create(Shard shard, long images, FileInfo model, string? views, Metrics metrics)
    {
        using FileStream stream = model.OpenRead();
        return new ShardSums(
            shard.Number,
            shard.Parts,
            images,
            Convert.ToHexStringLower(SHA256.HashData(stream)),
            views,
            metrics.Multilabel is not null,
            JsonElement.Parse(metrics.Multilabel?.ToJson() ?? metrics.Multiclass!.ToJson())
        );
    }

    /// <summary>Replaces the file when it is complete.</summary>
    public void Write(FileInfo file) => OutputFile.Write(file.FullName, JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>The metrics of all images from the files of all parts, in any order.</summary>
    /// <exception cref="InvalidDataException">A file is not of this kind, or the files do not belong together; the message names the file.</exception>
    public static Metrics Merge(IReadOnlyList<FileInfo> files)
    {
        (FileInfo File, ShardSums Sums)[] all = [.. files.Select(file => (file, Read(file))).OrderBy(entry => entry.Item2.Shard)];
        (FileInfo first, ShardSums common) = all[0];
        foreach ((FileInfo file, ShardSums sums) in all)
        {
            string? other =
                sums.Model != common.Model || sums.IsMultilabel != common.IsMultilabel ? "another model"
                : sums.Views != common.Views ? "another --tta"
                : sums.Images != common.Images ? "other images"
                : sums.Of != common.Of ? FormattableString.Invariant($"{sums.Of} parts, not {common.Of}")
                : null;
            if (other is not null)
            {
                throw new InvalidDataException($"The sums in '{file}' are of {other} than those in '{first}'. Evaluate all parts with the same command.");
            }
        }

        if (all.GroupBy(entry => entry.Sums.Shard).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidDataException($"'{twice.First().File}' and '{twice.Last().File}' both have part {twice.Key} of {common.Of}. Give each part once.");
        }

        if (common.Of < 1)
        {
            throw new InvalidDataException($"'{first}' is damaged: it is of {common.Of} parts.");
        }

        int[] missing = [.. Enumerable.Range(1, common.Of).Except(all.Select(entry => entry.Sums.Shard)).Take(Named)];
        string more = common.Of - all.Length > missing.Length ? ", ..." : "";
        return missing.Length > 0
                ? throw new InvalidDataException($"Of {common.Of} parts, part {string.Join(", ", missing)}{more} is missing. Give the files of all parts.")
            : common.IsMultilabel
                ? new Metrics(null, MultilabelClassificationMetrics.Merge(all.Select(entry => Parse(entry, MultilabelClassificationMetrics.FromJson))))
            : new Metrics(ClassificationReport.Merge(all.Select(entry => Parse(entry, ClassificationReport.FromJson))), null);
    }

    private static T Parse<T>((FileInfo File, ShardSums Sums) entry, Func<string, T> read)
    {
        try
        {
            return read(entry.Sums.Sums.GetRawText());
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{entry.File}': {e.Message}", e);
        }
    }

    private static ShardSums Read(FileInfo file)
    {
        try
        {
            return JsonSerializer.Deserialize<ShardSums>(File.ReadAllText(file.FullName), Json)
                ?? throw new InvalidDataException($"'{file}' is not a file that 'evaluate --shard --sums' wrote.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{file}' is not a file that 'evaluate --shard --sums' wrote. {e.Message}", e);
        }
    }
}

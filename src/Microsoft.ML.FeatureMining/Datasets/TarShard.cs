using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Reads the headers and the labels of one tar file in WebDataset's layout. Images are read later, where <see cref="TarMember"/> says.</summary>
/// <param name="name">The tar file, as <see cref="TarMember.Shard"/>.</param>
/// <param name="version">Its version.</param>
/// <param name="format">The members to read.</param>
/// <param name="classNames">The names of the classes, for labels that are numbers; null if labels are names.</param>
internal sealed class TarShard(string name, string version, ImageTarFormat format, IReadOnlyList<string>? classNames)
{
    private const int MaxLabelBytes = 1 << 20;
    private const int MaxImageBytes = 1 << 30;

    private readonly TarHeaders _headers = new(name);
    private readonly Dictionary<string, Sample> _samples = new(StringComparer.Ordinal);
    private readonly List<(string Key, string Member, long Offset, int Length)> _images = [];

    // Many images share a label.
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
    private int _links;

    /// <summary>Opens a tar file and reads its images.</summary>
    /// <param name="path">The full path or the address.</param>
    /// <param name="format">The members to read.</param>
    /// <param name="classNames">The names of the classes, for labels that are numbers; null if labels are names.</param>
    /// <param name="warn">Receives a sentence about what was not read.</param>
    /// <param name="token">Stops reading.</param>
    /// <exception cref="IOException">The tar file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged or has another layout; the message names the tar file and the key or the byte.</exception>
    public static IReadOnlyList<TarImageRow> Read(
        string path,
        ImageTarFormat format,
        IReadOnlyList<string>? classNames,
        Action<string> warn,
        CancellationToken token
    )
    {
        if (RemoteFile.IsAddress(path))
        {
            RemoteFile remote = RemoteFile.Open(path, token);
            using Stream parts = remote.OpenStream(token);
            return new TarShard(remote.Name, remote.Version, format, classNames).Read(parts, warn, token);
        }

        if (UnixFile.Of(path) is { IsRegular: false })
        {
            throw new InvalidDataException($"'{path}' is not a file, so its images cannot be read in any order. Give the paths of tar files.");
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return new TarShard(path, TarMember.VersionOf(file.SafeFileHandle), format, classNames).Read(file, warn, token);
    }

    private IReadOnlyList<TarImageRow> Read(Stream stream, Action<string> warn, CancellationToken token)
    {
        foreach (TarEntry entry in _headers.Read(stream, token))
        {
            Add(entry);
        }

        TarImageRow[] rows = [.. _images.Select(image => RowOf(image.Key, new TarMember(name, image.Member, image.Offset, image.Length, version)))];
        foreach (string note in Notes(rows.Length))
        {
            warn($"'{name}': {note}");
        }

        return rows;
    }

    private void Add(TarEntry entry)
    {
        if (entry.EntryType is TarEntryType.HardLink or TarEntryType.SymbolicLink)
        {
            _links++;
        }

        if (
            entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
            || MemberName.Parse(entry.Name) is not { } member
        )
        {
            return;
        }

        Sample sample = _samples.GetValueOrDefault(member.Key);
        if (member.Extension == LabelExtension)
        {
            CheckFirst(member, sample.HasLabel, "labels");
            sample = sample with { HasLabel = true, Label = LabelOf(entry, member) };
        }
        else if (FolderScan.IsImage(member.Extension))
        {
            CheckFirst(member, sample.HasImage, "images");
            if (entry.Length > MaxImageBytes)
            {
                throw Fault(member.Key, FormattableString.Invariant($"the image has {entry.Length} bytes; the maximum is {MaxImageBytes}."));
            }

            sample = sample with { HasImage = true };
            _images.Add((member.Key, member.FullName, entry.DataOffset, (int)entry.Length));
        }

        _samples[member.Key] = sample;
    }

    private string LabelExtension => format.JsonField is null ? format.LabelExtension.ToLowerInvariant() : "json";

    private TarImageRow RowOf(string key, TarMember image)
    {
        string label = _samples[key].Label ?? "";
        return label.Length > 0 || !format.RequireLabels
            ? new TarImageRow(image, label)
            : throw Fault(
                key,
                $"there is no label{(format.JsonField is { } field ? $", field '{field}'," : "")} in '{key}.{LabelExtension}'. Add it, or set RequireLabels to false to load images without a label."
            );
    }

    private string? LabelOf(TarEntry entry, MemberName member)
    {
        if (entry.Length > MaxLabelBytes)
        {
            throw Fault(member.Key, FormattableString.Invariant($"the label '{member.FullName}' has {entry.Length} bytes; the maximum is {MaxLabelBytes}."));
        }

        byte[] bytes = _headers.ReadData(entry);
        string text = format.JsonField is { } field ? FieldOf(bytes, field, member.Key) : TextOf(bytes, member);
        text = ComposedText.Of(text.Trim());
        if (text.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0)
        {
            throw Fault(member.Key, $"the label '{member.FullName}' has more than one line.");
        }

        if (classNames is null || text.Length == 0)
        {
            _labels.Add(text);
            return _labels.TryGetValue(text, out string? shared) ? shared : text;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < classNames.Count
            ? classNames[number]
            : throw Fault(
                member.Key,
                FormattableString.Invariant(
                    $"the label '{Shortened(text)}' is not a number from 0 to {classNames.Count - 1}, one for each line of ClassNamesPath."
                )
            );
    }

    private string TextOf(byte[] bytes, MemberName member)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw Fault(member.Key, $"the label '{member.FullName}' is not text in UTF-8.");
        }
    }

    private string FieldOf(byte[] bytes, string field, string key)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(field, out JsonElement value) ? ""
                : value.ValueKind == JsonValueKind.String ? value.GetString()!
                : value.ValueKind == JsonValueKind.Number ? value.GetRawText()
                : throw Fault(key, $"the field '{field}' of '{key}.json' is neither text nor a number.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Fault(key, $"'{key}.json' is not valid JSON: {e.Message}");
        }
    }

    private IEnumerable<string> Notes(int images)
    {
        if (_samples.FirstOrDefault(sample => !sample.Value.HasImage).Key is { } lonely)
        {
            int count = _samples.Values.Count(sample => !sample.HasImage);
            yield return FormattableString.Invariant(
                $"{count} {(count == 1 ? "key has" : "keys have")} no image in a format that is read, such as '{lonely}'."
            );
        }
        else if (images == 0)
        {
            yield return "there are no images.";
        }

        if (_links > 0)
        {
            yield return FormattableString.Invariant(
                $"{_links} {(_links == 1 ? "link was" : "links were")} not read. Make the tar file anew with --dereference and --hard-dereference."
            );
        }
    }

    private void CheckFirst(MemberName member, bool isThere, string what)
    {
        if (isThere)
        {
            throw Fault(member.Key, $"the key has two {what}; the second is '{member.FullName}'. Give each image a key of its own.");
        }
    }

    private InvalidDataException Fault(string key, string problem) => new($"'{name}', key '{key}': {problem}");

    private static string Shortened(string text) => text.Length > 100 ? text[..100] + "..." : text;

    private readonly record struct Sample(bool HasImage, bool HasLabel, string? Label);

    /// <summary>The name of a member: all up to the first dot of the file name is the key, the rest in lower case the extension.</summary>
    private readonly record struct MemberName(string FullName, string Key, string Extension)
    {
        /// <summary>Null for a name without key or extension, as of hidden files, and for WebDataset's own notes.</summary>
        public static MemberName? Parse(string name)
        {
            string path = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
            int start = path.LastIndexOf('/') + 1;
            int dot = path.IndexOf('.', start);
            return dot > start && dot < path.Length - 1 && !IsNote(path) ? new MemberName(path, path[..dot], path[(dot + 1)..].ToLowerInvariant()) : null;
        }

        // __name__, and the folder of macOS.
        private static bool IsNote(string path)
        {
            string first = path.Split('/')[0];
            return first == "__MACOSX"
                || (first.Length > 4 && first.StartsWith("__", StringComparison.Ordinal) && first.EndsWith("__", StringComparison.Ordinal));
        }
    }
}

/// <summary>An image in a tar file. Each property is a column in ML.NET.</summary>
/// <param name="member">Where the image is.</param>
/// <param name="label">Its class; empty if it has none.</param>
internal sealed class TarImageRow(TarMember member, string label)
{
    /// <summary>Stands for a path: <see cref="TarMember"/>.</summary>
    public string ImagePath => member.ToString();

    /// <summary>The encoded image, read when a cursor asks for it.</summary>
    public byte[] Image => member.Read();

    public string Label => label;
}

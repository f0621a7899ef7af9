using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// A file in a tar file, and where its bytes are. As text it is <c>tar:SHARD#NAME@OFFSET+LENGTH~VERSION</c>, which stands for a path: it is read without
/// reading the headers of the tar file again, in any order and by any thread.
/// </summary>
/// <param name="Shard">The tar file: an absolute path, or an address (http, https) without its query.</param>
/// <param name="Name">The name in the tar file; only for messages.</param>
/// <param name="Offset">The position of its first byte.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Version">Changes if the tar file is replaced by another.</param>
internal sealed record TarMember(string Shard, string Name, long Offset, int Length, string Version)
{
    private const string Prefix = "tar:";
    private const int VersionBytes = 8;

    // '#' in a name is escaped, so that the last one separates it from the shard, whose name may have any characters.
    private static readonly Regex Pattern = new(
        @"^tar:(?<shard>.+)#(?<name>[^#]*)@(?<offset>[0-9]{1,18})\+(?<length>[0-9]{1,10})~(?<version>[0-9a-f]{16})$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline
    );

    /// <summary>The member that a path stands for; null if it is the path of a file.</summary>
    public static TarMember? Parse(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal)
        && Pattern.Match(path) is { Success: true } match
        && int.TryParse(match.Groups["length"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            ? new TarMember(
                match.Groups["shard"].Value,
                Unescape(match.Groups["name"].Value),
                long.Parse(match.Groups["offset"].Value, CultureInfo.InvariantCulture),
                length,
                match.Groups["version"].Value
            )
            : null;

    /// <summary>A path as people know it: of a member, the tar file and the name in it.</summary>
    public static string NameOf(string path) => Parse(path) is { } member ? member.ShortName : path;

    /// <summary>The version of a tar file.</summary>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="stamp">What else changes with its content: a time, or the tag that a server gives it.</param>
    public static string VersionOf(long length, string stamp) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {stamp}"))).AsSpan(0, VersionBytes)
        );

    /// <summary>The version of an open local file.</summary>
    public static string VersionOf(SafeFileHandle file) =>
        VersionOf(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file).Ticks.ToString(CultureInfo.InvariantCulture));

    /// <summary>Shard and name, for messages.</summary>
    public string ShortName => $"{Shard}#{Name}";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Shard}#{Escape(Name)}@{Offset}+{Length}~{Version}");

    /// <summary>Reads it into a new array.</summary>
    /// <inheritdoc cref="Use"/>
    public byte[] Read()
    {
        byte[] bytes = [];
        Fill(() => bytes = GC.AllocateUninitializedArray<byte>(Length));
        return bytes;
    }

    /// <summary>Reads it into a pooled buffer.</summary>
    /// <param name="use">Receives all its bytes; must not keep them.</param>
    /// <exception cref="IOException">The tar file cannot be read, or has changed.</exception>
    public void Use(Action<ReadOnlySpan<byte>> use)
    {
        byte[]? buffer = null;
        try
        {
            Fill(() => (buffer = ArrayPool<byte>.Shared.Rent(Length)).AsMemory(0, Length));
            use(buffer.AsSpan(0, Length));
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static string Escape(string name) => name.Replace("%", "%25", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal);

    private static string Unescape(string name) => name.Replace("%23", "#", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);

    // A path may come from strangers: memory is allocated only for bytes that exist.
    private void Fill(Func<Memory<byte>> allocate)
    {
        if (RemoteFile.IsAddress(Shard))
        {
            RemoteFile remote = RemoteFile.Opened(Shard, Version);
            CheckEnd(remote.Length);
            remote.Read(Offset, allocate(), CancellationToken.None);
            return;
        }

        if (UnixFile.Of(Shard) is { IsRegular: false })
        {
            throw new IOException($"'{Shard}' is not a file.");
        }

        using SafeFileHandle file = File.OpenHandle(Shard, options: FileOptions.RandomAccess);
        if (VersionOf(file) != Version)
        {
            throw new IOException($"'{Shard}' has changed since it was loaded. Call LoadImageTars again.");
        }

        CheckEnd(RandomAccess.GetLength(file));
        int read = RandomReads.Fill(file, allocate().Span, Offset);
        if (read < Length)
        {
            throw EndsAfter(read);
        }
    }

    private void CheckEnd(long length)
    {
        if (Offset > length - Length)
        {
            throw EndsAfter(Math.Clamp(length - Offset, 0, Length));
        }
    }

    private IOException EndsAfter(long bytes) => new(FormattableString.Invariant($"'{ShortName}' ends after {bytes} of {Length} bytes."));
}

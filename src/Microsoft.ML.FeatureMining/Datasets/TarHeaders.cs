using System.Formats.Tar;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Reads the headers of a tar file in V7, ustar, pax or GNU format, and notices if the file is damaged, truncated or compressed.</summary>
/// <param name="name">The tar file, for errors.</param>
internal sealed class TarHeaders(string name)
{
    private const int BlockBytes = 512;
    private const int MaxExtendedBytes = 1 << 20;
    private const int MaxPaddingBytes = 1 << 20;

    // Fields of a header.
    private const int SizeAt = 124;
    private const int SizeDigits = 12;
    private const int ChecksumAt = 148;
    private const int ChecksumDigits = 8;
    private const int TypeAt = 156;

    private readonly byte[] _header = new byte[BlockBytes];
    private string? _last;

    /// <summary>The entries in order. Their data need not be read; it is at <see cref="TarEntry.DataOffset"/>.</summary>
    /// <exception cref="InvalidDataException">The tar file is damaged; the message names it and the byte.</exception>
    public IEnumerable<TarEntry> Read(Stream stream, CancellationToken token)
    {
        CheckUncompressed(stream);
        long end = 0;
        using TarReader reader = new(stream, leaveOpen: true);
        while (Next(reader, stream, end) is { } entry)
        {
            token.ThrowIfCancellationRequested();
            end = EndOf(entry, stream.Length);
            yield return entry;
            _last = entry.Name;
        }

        CheckEnd(stream, end);
    }

    /// <summary>The data of an entry, before the next one is read.</summary>
    public byte[] ReadData(TarEntry entry)
    {
        byte[] bytes = new byte[entry.Length];
        Guarded(entry.DataOffset, () => entry.DataStream?.ReadAtLeast(bytes, bytes.Length));
        return bytes;
    }

    private void CheckUncompressed(Stream stream)
    {
        byte[] start = new byte[6];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        string? kind =
            read < start.Length ? null
            : start is [0x1F, 0x8B, ..] ? "gzip"
            : start is [0x28, 0xB5, 0x2F, 0xFD, ..] ? "zstd"
            : start is [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] ? "xz"
            : start is [(byte)'B', (byte)'Z', (byte)'h', ..] ? "bzip2"
            : null;
        if (kind is not null)
        {
            throw new InvalidDataException(
                $"'{name}' is compressed ({kind}), so its images cannot be read in any order. Decompress it to a plain .tar; images are compressed already."
            );
        }
    }

    private TarEntry? Next(TarReader reader, Stream stream, long position)
    {
        Guarded(position, () => CheckHeaders(stream, position));
        return Guarded(position, () => reader.GetNextEntry());
    }

    // TarReader does not verify checksums, and it allocates what an extended header asks for: the headers before that of a member, which have its long name or
    // its pax attributes.
    private bool CheckHeaders(Stream stream, long position)
    {
        long before = stream.Position;
        byte[] header = _header;
        while (position + BlockBytes <= stream.Length)
        {
            stream.Position = position;
            stream.ReadExactly(header);
            if (header.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            {
                break;
            }

            // The sum of all bytes, with spaces in place of the checksum itself.
            Span<byte> checksum = header.AsSpan(ChecksumAt, ChecksumDigits);
            long? wanted = Octal(checksum);
            checksum.Fill((byte)' ');
            if (wanted != header.Sum(value => (long)value) && wanted != header.Sum(value => (long)unchecked((sbyte)value)))
            {
                throw Damaged(position, "the checksum of the header is wrong.");
            }

            if (header[TypeAt] is not ((byte)'x' or (byte)'g' or (byte)'L' or (byte)'K'))
            {
                break;
            }

            long size = Octal(header.AsSpan(SizeAt, SizeDigits)) ?? long.MaxValue;
            if (size > MaxExtendedBytes)
            {
                throw Damaged(position, FormattableString.Invariant($"an extended header is longer than {MaxExtendedBytes} bytes or has no valid length."));
            }

            position += BlockBytes + RoundedUp(size);
        }

        stream.Position = before;
        return true;
    }

    private static long? Octal(ReadOnlySpan<byte> field)
    {
        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        if (digits.Length == 0 || digits.IndexOfAnyExceptInRange((byte)'0', (byte)'7') >= 0)
        {
            return null;
        }

        long number = 0;
        foreach (byte digit in digits)
        {
            number = (number * 8) + digit - '0';
        }

        return number;
    }

    private long EndOf(TarEntry entry, long length)
    {
        long left = length - entry.DataOffset;
        return entry.Length >= 0 && entry.Length <= left
            ? entry.DataOffset + RoundedUp(entry.Length)
            : throw new InvalidDataException(
                FormattableString.Invariant(
                    $"'{name}' is truncated: '{Shortened(entry.Name)}' has {entry.Length} bytes, but the tar file ends {left} bytes after its start, at byte {length}. Copy or download it again."
                )
            );
    }

    // A tar file ends with blocks of zeros. Without them, it may have been cut between two members.
    private void CheckEnd(Stream stream, long end)
    {
        long left = stream.Length - end;
        if (left < BlockBytes)
        {
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"'{name}' is truncated: the block of zeros that ends a tar file is missing at byte {end}. Copy or download it again; if it was made so, add 1,024 zeros."
                )
            );
        }

        byte[] rest = new byte[Math.Min(left, MaxPaddingBytes)];
        stream.Position = end;
        Guarded(end, () => stream.ReadAtLeast(rest, rest.Length));
        int other = rest.AsSpan().IndexOfAnyExcept((byte)0);
        if (other >= 0 || left > MaxPaddingBytes)
        {
            throw Damaged(
                end + Math.Max(other, 0),
                "there is data after the end of the tar file. If tar files were joined with cat, unpack them and make one; give several as several paths."
            );
        }
    }

    private T Guarded<T>(long position, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (InvalidDataException e) when (e.Message.Contains(name, StringComparison.Ordinal))
        {
            throw;
        }
        // A damaged header makes TarReader throw overflows and other exceptions. Errors of the disk and of the server are not wrapped.
        catch (Exception e)
            when (e is EndOfStreamException or not (IOException or UnauthorizedAccessException or OutOfMemoryException or OperationCanceledException))
        {
            throw Damaged(position, e.Message, e);
        }
    }

    private InvalidDataException Damaged(long position, string problem, Exception? cause = null) =>
        new(
            FormattableString.Invariant($"'{name}' is damaged, truncated or no tar file, at byte {position}: {problem}")
                + (_last is null ? "" : $" The last member before it is '{Shortened(_last)}'.")
                + " Copy or download it again.",
            cause
        );

    private static long RoundedUp(long bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    private static string Shortened(string text) => text.Length > 100 ? text[..100] + "..." : text;
}

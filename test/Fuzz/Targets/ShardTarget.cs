using System.Formats.Tar;
using Microsoft.ML.FeatureMining.Datasets;

namespace Fuzz.Targets;

/// <summary>A tar file of images and labels, in WebDataset's layout. Labels are numbers, or a field of JSON.</summary>
internal sealed class ShardTarget() : FileTarget(".tar")
{
    private const int Block = 512;
    private const int ChecksumAt = 148;
    private const int ChecksumDigits = 8;
    private const int MagicAt = 257;

    public override string Name => "shard";

    public override IEnumerable<byte[]> Seeds()
    {
        (string, string)[] members =
        [
            ("a/1.jpg", "image"),
            ("a/1.cls", "0"),
            ("a/1.json", """{"label":"cat"}"""),
            ("2.png", ""),
            ("2.cls", "1"),
            ("2.json", "{}"),
        ];
        foreach (TarEntryFormat format in (TarEntryFormat[])[TarEntryFormat.V7, TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu])
        {
            using MemoryStream stream = new();
            using (TarWriter writer = new(stream, format, leaveOpen: true))
            {
                foreach ((string name, string text) in members)
                {
                    // The long names need headers of their own, where the format has them.
                    string folder = format is TarEntryFormat.Pax or TarEntryFormat.Gnu ? new string('f', 120) + "/" : "";
                    TarEntry entry = format switch
                    {
                        TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
                        TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                        TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, folder + name),
                        _ => new GnuTarEntry(TarEntryType.RegularFile, folder + name),
                    };
                    entry.DataStream = new MemoryStream(Utf8(text));
                    writer.WriteEntry(entry);
                }
            }

            yield return stream.ToArray();
        }
    }

    protected override void ReadFile(string path)
    {
        File.WriteAllBytes(path, WithChecksums(File.ReadAllBytes(path)));
        Read(path, new ImageTarFormat(), ["cat", "dog"]);
        Read(path, new ImageTarFormat { JsonField = "label", RequireLabels = false }, classNames: null);
    }

    // A wrong checksum would end most inputs at once.
    private static byte[] WithChecksums(byte[] tar)
    {
        for (int start = 0; start + Block <= tar.Length; start += Block)
        {
            Span<byte> header = tar.AsSpan(start, Block);
            if (start == 0 || header[MagicAt..].StartsWith("ustar"u8))
            {
                header.Slice(ChecksumAt, ChecksumDigits).Fill((byte)' ');
                int sum = 0;
                foreach (byte value in header)
                {
                    sum += value;
                }

                Utf8(Convert.ToString(sum, 8).PadLeft(ChecksumDigits - 1, '0')).CopyTo(header[ChecksumAt..]);
            }
        }

        return tar;
    }

    private static void Read(string path, ImageTarFormat format, string[]? classNames)
    {
        foreach (TarImageRow row in TarShard.Read(path, format, classNames, _ => { }, CancellationToken.None))
        {
            // What the index has is there, and its text can be read back.
            if (ImageTars.ReadImage(row.ImagePath).Length != row.Image.Length)
            {
                throw new InvalidOperationException($"'{row.ImagePath}' is not what the row has.");
            }
        }
    }
}

using System.Formats.Tar;
using System.Text;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>Makes tar files, with the writer of .NET.</summary>
internal static class TarFiles
{
    public static byte[] Of(params (string Name, byte[] Bytes)[] members) => Of(TarEntryFormat.Ustar, members);

    public static byte[] Of(TarEntryFormat format, params (string Name, byte[] Bytes)[] members)
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, format, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in members)
            {
                TarEntry entry = Entry(format, name.EndsWith('/') ? TarEntryType.Directory : RegularOf(format), name);
                if (!name.EndsWith('/'))
                {
                    entry.DataStream = new MemoryStream(bytes);
                }

                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static TarEntryType RegularOf(TarEntryFormat format) => format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile;

    public static TarEntry Entry(TarEntryFormat format, TarEntryType type, string name) =>
        format switch
        {
            TarEntryFormat.V7 => new V7TarEntry(type, name),
            TarEntryFormat.Ustar => new UstarTarEntry(type, name),
            TarEntryFormat.Pax => new PaxTarEntry(type, name, new Dictionary<string, string> { ["comment"] = new string('x', 600) }),
            _ => new GnuTarEntry(type, name),
        };
}

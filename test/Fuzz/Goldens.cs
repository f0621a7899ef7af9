using System.IO.Compression;

namespace Fuzz;

/// <summary>Files of test/Goldens, to start from.</summary>
internal static class Goldens
{
    public static string Folder(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, "test", "Goldens")))
            {
                return Path.Combine(folder.FullName, "test", "Goldens", name);
            }
        }

        throw new DirectoryNotFoundException("The source tree was not found.");
    }

    /// <summary>The entries of that name in the saved models.</summary>
    public static IEnumerable<byte[]> ModelEntries(string name)
    {
        foreach (string file in Directory.EnumerateFiles(Folder("saved-models"), "*.zip"))
        {
            using ZipArchive zip = ZipFile.OpenRead(file);
            yield return Bytes(zip.Entries.Single(entry => entry.Name == name));
        }
    }

    /// <summary>A saved model without its weights, which would make it too large.</summary>
    public static byte[] SmallModelZip()
    {
        using ZipArchive source = ZipFile.OpenRead(Path.Combine(Folder("saved-models"), "masked.zip"));
        using MemoryStream stream = new();
        using (ZipArchive target = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in source.Entries)
            {
                using Stream copy = target.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                copy.Write(entry.Length < 10_000 ? Bytes(entry) : Bytes(entry)[..1000]);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream content = entry.Open();
        byte[] bytes = new byte[entry.Length];
        content.ReadExactly(bytes);
        return bytes;
    }
}

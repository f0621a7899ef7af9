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

    /// <summary>The entries of a saved model; of the weights only the start, because all would be too much.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> SmallModelEntries()
    {
        using ZipArchive zip = ZipFile.OpenRead(Path.Combine(Folder("saved-models"), "masked.zip"));
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            byte[] bytes = Bytes(entry);
            yield return (entry.FullName, bytes.Length < 10_000 ? bytes : bytes[..10_000]);
        }
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream content = entry.Open();
        byte[] bytes = new byte[entry.Length];
        content.ReadExactly(bytes);
        return bytes;
    }
}

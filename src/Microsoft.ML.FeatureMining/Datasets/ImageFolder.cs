namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Finds the images of a folder.</summary>
public static class ImageFolder
{
    private static readonly HashSet<string> Extensions = new(
        [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp"],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Lists <c>root/class/.../image</c>. Hidden files and folders, and files without the extension of an image format, are skipped.</summary>
    /// <param name="root">The folder that contains the class folders.</param>
    /// <returns>The images, ordered by class and then by path, both ordinal: the same list on every machine.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two class folders, or one has no image.</exception>
    internal static IReadOnlyList<ImageFileRow> Read(string root)
    {
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException($"The folder '{root}' does not exist.");
        }

        DirectoryInfo[] classes = [.. Visible(new DirectoryInfo(root)).OfType<DirectoryInfo>().OrderBy(folder => folder.Name, StringComparer.Ordinal)];
        if (classes.Length < 2)
        {
            string found = classes.Length == 0 ? "none" : $"only '{classes[0].Name}'";
            throw new InvalidDataException($"'{root}' must contain at least two folders, one per class; it contains {found}.");
        }
        return [.. classes.SelectMany(folder => FindOfClass(folder.FullName).Select(path => new ImageFileRow { ImagePath = path, Label = folder.Name }))];
    }

    /// <summary>
    /// Lists the images under a folder and its subfolders, in ordinal order: files with the extension of a format that this library reads. Hidden files and
    /// folders are skipped.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The paths; empty if there is no image.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        List<string> paths = [];
        Collect(new DirectoryInfo(folder), Path.GetFullPath(folder), new(StringComparer.Ordinal), paths);
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    /// <summary>The images of a class, as <see cref="Find"/> lists them.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">It has no image.</exception>
    internal static IReadOnlyList<string> FindOfClass(string folder)
    {
        IReadOnlyList<string> paths = Find(folder);
        return paths.Count > 0 ? paths : throw new InvalidDataException($"The class folder '{folder}' has no image. Add images to it, or remove the class.");
    }

    // "seen" contains the targets of links, so that a link to a parent folder does not cause an endless loop.
    private static void Collect(DirectoryInfo folder, string location, HashSet<string> seen, List<string> paths)
    {
        if (!seen.Add(location))
        {
            return;
        }

        foreach (FileSystemInfo entry in Visible(folder))
        {
            if (entry is DirectoryInfo inner)
            {
                Collect(inner, inner.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.Combine(location, inner.Name), seen, paths);
            }
            else if (Extensions.Contains(entry.Extension))
            {
                paths.Add(entry.FullName);
            }
        }
    }

    private static IEnumerable<FileSystemInfo> Visible(DirectoryInfo folder) =>
        folder.EnumerateFileSystemInfos().Where(entry => !entry.Name.StartsWith('.') && !entry.Attributes.HasFlag(FileAttributes.Hidden));
}

/// <summary>A row of an image folder or list: an image file and its class. Each property is a column in ML.NET.</summary>
internal sealed record ImageFileRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

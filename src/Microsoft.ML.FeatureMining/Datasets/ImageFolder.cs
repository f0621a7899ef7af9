namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Finds the images of a folder.</summary>
public static class ImageFolder
{
    private static readonly HashSet<string> Extensions =
        new([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Lists <c>root/class/.../picture</c>; hidden files and folders, and files that are no pictures by their extension, are passed over.</summary>
    /// <param name="root">The folder of the class folders.</param>
    /// <returns>The pictures, ordered by class and then by path, both ordinal: the same list on every machine.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two class folders, or one has no picture.</exception>
    internal static IReadOnlyList<ImageFile> Read(string root)
    {
        if (!Directory.Exists(root))
            throw new DirectoryNotFoundException($"There is no folder '{root}'.");
        DirectoryInfo[] classes = [.. Visible(new DirectoryInfo(root)).OfType<DirectoryInfo>().OrderBy(folder => folder.Name, StringComparer.Ordinal)];
        if (classes.Length < 2)
        {
            string found = classes.Length == 0 ? "none" : $"only '{classes[0].Name}'";
            throw new InvalidDataException($"'{root}' must hold at least two folders, one for each class; it holds {found}.");
        }
        return [.. classes.SelectMany(folder => FindAny(folder).Select(path => new ImageFile(path, folder.Name)))];
    }

    /// <summary>Lists the images under a folder and its subfolders, in ordinal order: files with the extension of a format that this library reads. Hidden files and folders are skipped.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The paths; none where there is no image.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        List<string> paths = [];
        Collect(new DirectoryInfo(folder), Path.GetFullPath(folder), new(StringComparer.Ordinal), paths);
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    private static IReadOnlyList<string> FindAny(DirectoryInfo folder)
    {
        IReadOnlyList<string> paths = Find(folder.FullName);
        return paths.Count > 0 ? paths : throw new InvalidDataException($"The class folder '{folder}' holds no picture.");
    }

    // "seen" holds where links lead, so that a link to a folder above does not send the walk round and round.
    private static void Collect(DirectoryInfo folder, string location, HashSet<string> seen, List<string> paths)
    {
        if (!seen.Add(location))
            return;
        foreach (FileSystemInfo entry in Visible(folder))
        {
            if (entry is DirectoryInfo inner)
                Collect(inner, inner.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.Combine(location, inner.Name), seen, paths);
            else if (Extensions.Contains(entry.Extension))
                paths.Add(entry.FullName);
        }
    }

    private static IEnumerable<FileSystemInfo> Visible(DirectoryInfo folder) =>
        folder.EnumerateFileSystemInfos().Where(entry => !entry.Name.StartsWith('.') && !entry.Attributes.HasFlag(FileAttributes.Hidden));
}

/// <summary>A picture of an <see cref="ImageFolder"/>.</summary>
/// <param name="Path">The file.</param>
/// <param name="ClassName">The name of the class folder that holds it.</param>
internal readonly record struct ImageFile(string Path, string ClassName);

using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Finds the images of a folder.</summary>
public static class ImageFolder
{
    private static readonly string[] TrainNames = ["train", "training"];
    private static readonly string[] ValidationNames = ["val", "valid", "validation"];
    private static readonly string[] TestNames = ["test", "testing"];

    /// <summary>
    /// Lists the images under a folder and its subfolders, in ordinal order: files with the extension of a format that this library reads. Hidden files and
    /// folders, and those that systems leave behind (<c>@eaDir</c>, <c>__MACOSX</c>), are skipped.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The paths; empty if there is no image.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static IReadOnlyList<string> Find(string folder) => Find(folder, warn: null);

    /// <inheritdoc cref="Find(string)"/>
    /// <param name="folder">The folder.</param>
    /// <param name="warn">Receives a sentence for each kind of file that looks like an image but cannot be read; null for none.</param>
    public static IReadOnlyList<string> Find(string folder, Action<string>? warn)
    {
        ArgumentNullException.ThrowIfNull(folder);
        CheckExists(folder);
        FolderScan scan = new();
        IReadOnlyList<string> images = scan.Images(folder);
        Tell(scan, folder, warn);
        return images;
    }

    /// <summary>Lists <c>root/class/.../image</c>.</summary>
    /// <param name="root">The folder that contains the class folders.</param>
    /// <param name="skipEmpty">Whether to skip class folders without images.</param>
    /// <param name="warn">Receives what was not read; null for none.</param>
    /// <returns>The images, ordered by class and then by path, both ordinal in the normalization form C of Unicode: the same list on every machine. A class
    /// name is in this form, because macOS gives names in form D.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two class folders, or one has no image.</exception>
    internal static IReadOnlyList<ImageFileRow> Read(string root, bool skipEmpty = false, Action<string>? warn = null)
    {
        CheckExists(root);
        FolderScan scan = new();
        (string Name, IReadOnlyList<string> Images)[] classes =
        [
            .. scan.Folders(root).Select(folder => (ComposedText.Of(folder.Name), scan.Images(folder.FullName))),
        ];
        string[] empty = [.. classes.Where(entry => entry.Images.Count == 0).Select(entry => entry.Name)];
        Tell(scan, root, warn);
        if (classes.Length < 2)
        {
            string found = classes.Length == 0 ? "none" : $"only '{classes[0].Name}'";
            string flat = classes.Length == 0 && scan.Images(root).Count is > 0 and int images ? FormattableString.Invariant($" and {images} images") : "";
            throw new InvalidDataException($"'{root}' must contain at least two folders, one per class; it contains {found}{flat}.");
        }

        if (empty.Length > 0 && (!skipEmpty || classes.Length - empty.Length < 2))
        {
            throw new InvalidDataException(
                empty.Length == 1
                    ? $"The class folder '{Path.Combine(root, empty[0])}' has no image. Add images to it, remove it, or skip empty classes (skipEmptyClasses, --skip-empty-classes)."
                    : $"{empty.Length} class folders of '{root}' have no image: {string.Join(", ", empty)}. Add images to them, remove them, or skip empty classes (skipEmptyClasses, --skip-empty-classes)."
            );
        }

        if (empty.Length > 0)
        {
            warn?.Invoke($"'{root}': skipped class folders without an image: {string.Join(", ", empty)}.");
        }

        return [.. classes.SelectMany(entry => entry.Images.Select(path => new ImageFileRow { ImagePath = path, Label = entry.Name }))];
    }

    /// <summary>Finds the parts of a folder that is already split: <c>train</c>, and <c>val</c> or <c>test</c> beside it, each with class folders.</summary>
    /// <returns>The folders of the parts; null if the folder is not split.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    internal static FolderParts? Parts(string root)
    {
        CheckExists(root);
        FolderScan scan = new();
        IReadOnlyList<DirectoryInfo> folders = scan.Folders(root);
        return Part(TrainNames) is { } train && (Part(ValidationNames) ?? Part(TestNames)) is not null
            ? new FolderParts(train, Part(ValidationNames), Part(TestNames))
            : null;

        // A class may be called "train"; it has images, not class folders.
        string? Part(string[] names) =>
            folders
                .FirstOrDefault(folder => names.Contains(folder.Name, StringComparer.OrdinalIgnoreCase) && scan.Folders(folder.FullName).Count > 1)
                ?.FullName;
    }

    /// <summary>The images of a class, as <see cref="Find(string)"/> lists them.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">It has no image.</exception>
    internal static IReadOnlyList<string> FindOfClass(string folder)
    {
        IReadOnlyList<string> paths = Find(folder);
        return paths.Count > 0 ? paths : throw new InvalidDataException($"The class folder '{folder}' has no image. Add images to it, or remove the class.");
    }

    private static void CheckExists(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException(File.Exists(folder) ? $"'{folder}' is a file, not a folder." : $"The folder '{folder}' does not exist.");
        }
    }

    private static void Tell(FolderScan scan, string folder, Action<string>? warn)
    {
        foreach (string note in warn is null ? [] : scan.Notes())
        {
            warn!($"'{folder}': {note}");
        }
    }
}

/// <summary>The folders of a set that is already split.</summary>
/// <param name="Train">The training part.</param>
/// <param name="Validation">The validation part; null if there is none.</param>
/// <param name="Test">The test part; null if there is none.</param>
internal sealed record FolderParts(string Train, string? Validation, string? Test);

/// <summary>A row of an image folder or list: an image file and its class. Each property is a column in ML.NET.</summary>
internal sealed record ImageFileRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";
}

using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>Walks through folders of images, and notes what it does not read.</summary>
internal sealed class FolderScan
{
    // Files that people take for images of their set. Others, such as notes and lists, are no loss.
    private static readonly HashSet<string> Convertible = new(
        [
            .. ".tif .tiff .heic .heif .avif .jxl .jp2 .j2k .svg .svgz .ico .psd .tga .pnm .ppm .pgm .pbm .exr .hdr .eps .pdf".Split(' '),
            .. ".raw .cr2 .cr3 .nef .arw .dng .orf .rw2".Split(' '),
        ],
        StringComparer.OrdinalIgnoreCase
    );

    // Folders that operating systems, storage devices and notebooks leave behind.
    private static readonly HashSet<string> Foreign = new(
        ["@eaDir", "#recycle", "__MACOSX", "__pycache__", "$RECYCLE.BIN", "System Volume Information", "lost+found"],
        StringComparer.OrdinalIgnoreCase
    );

    private readonly SortedDictionary<string, int> _unread = new(StringComparer.Ordinal);
    private readonly List<string> _pipes = [];
    private readonly List<string> _undecodable = [];

    /// <summary>Whether files with that extension (without the dot) are images that this library reads.</summary>
    public static bool IsImage(string extension) => ImageExtensions.All.Contains($".{extension}");

    /// <summary>What was not read, one sentence for each kind; without the folders and files that are always passed over.</summary>
    public IEnumerable<string> Notes()
    {
        foreach ((string kind, int count) in _unread)
        {
            yield return kind.Length == 0
                ? $"{Files(count, "without an extension")} not read: give images the extension of their format, such as .jpg."
                : $"{Files(count, kind)} not read: convert them to JPEG or PNG.";
        }

        if (_undecodable.Count > 0)
        {
            yield return $"{Count(_undecodable.Count, "name is", "names are")} not UTF-8 and cannot be opened, such as '{_undecodable[0]}': rename them.";
        }

        if (_pipes.Count > 0)
        {
            yield return $"{Count(_pipes.Count, "file is a pipe and was", "files are pipes and were")} not read, such as '{_pipes[0]}'.";
        }
    }

    /// <summary>The folders in a folder that may be classes or parts, in the ordinal order of their names in the normalization form C of Unicode.</summary>
    public IReadOnlyList<DirectoryInfo> Folders(string folder) => [.. InOrder(Visible(new DirectoryInfo(folder)).OfType<DirectoryInfo>(), inner => inner.Name)];

    /// <summary>The images in a folder and its subfolders, in the ordinal order of their paths in the normalization form C of Unicode.</summary>
    public IReadOnlyList<string> Images(string folder)
    {
        List<string> paths = [];
        Collect(new DirectoryInfo(folder), Path.GetFullPath(folder), [], paths);
        return [.. InOrder(paths, path => path)];
    }

    // macOS gives names in form D, which have another order.
    private static IEnumerable<T> InOrder<T>(IEnumerable<T> entries, Func<T, string> nameOf) =>
        entries.OrderBy(entry => ComposedText.Of(nameOf(entry)), StringComparer.Ordinal).ThenBy(nameOf, StringComparer.Ordinal);

    // Each folder is read once, however many links lead to it: two links to parent folders would make a tree that doubles with each level.
    private void Collect(DirectoryInfo folder, string location, HashSet<object> seen, List<string> paths)
    {
        if (!seen.Add(UnixFile.Of(folder.FullName) is { } file ? file.Identity : location))
        {
            return;
        }

        // Links last: what is in the folder itself keeps its own path.
        foreach (
            FileSystemInfo entry in Visible(folder).OrderBy(entry => entry.Attributes.HasFlag(FileAttributes.ReparsePoint)).ThenBy(Name, StringComparer.Ordinal)
        )
        {
            if (entry is DirectoryInfo inner)
            {
                string target = inner.LinkTarget is { } link ? Path.GetFullPath(link, location) : Path.Combine(location, inner.Name);
                Collect(inner, target, seen, paths);
            }
            else if (!ImageExtensions.All.Contains(entry.Extension))
            {
                Note(entry.Extension);
            }
            else if (IsPipe((FileInfo)entry))
            {
                _pipes.Add(entry.FullName);
            }
            else
            {
                paths.Add(entry.FullName);
            }
        }
    }

    private static string Name(FileSystemInfo entry) => entry.Name;

    private void Note(string extension)
    {
        if (extension.Length == 0 || Convertible.Contains(extension))
        {
            string kind = extension.ToLowerInvariant();
            _unread[kind] = _unread.GetValueOrDefault(kind) + 1;
        }
    }

    private IEnumerable<FileSystemInfo> Visible(DirectoryInfo folder)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            // A name that is not UTF-8 is read as another name, and nothing has that name: all attributes are set.
            if ((int)entry.Attributes == -1)
            {
                _undecodable.Add(entry.FullName);
            }
            else if (
                !entry.Name.StartsWith('.')
                && !entry.Attributes.HasFlag(FileAttributes.Hidden)
                && !(entry is DirectoryInfo && Foreign.Contains(entry.Name))
            )
            {
                yield return entry;
            }
        }
    }

    private static bool IsPipe(FileInfo file)
    {
        try
        {
            if (OperatingSystem.IsWindows() || file.Length > 0)
            {
                return false;
            }

            // Opened for writing too, as opening a pipe for reading alone waits for a writer.
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
            return !stream.CanSeek;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error is reported where the image is decoded.
            return false;
        }
    }

    private static string Files(int count, string kind) => Count(count, $"{Joined(kind, "file")} was", $"{Joined(kind, "files")} were");

    // "5 .heic files", but "5 files without an extension".
    private static string Joined(string kind, string file) => kind.StartsWith('.') ? $"{kind} {file}" : $"{file} {kind}";

    private static string Count(int count, string one, string many) => FormattableString.Invariant($"{count} {(count == 1 ? one : many)}");
}

namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>
/// The cache folder that all programs of the Hugging Face Hub share: <c>models--owner--name</c> with <c>blobs</c> (files named by checksum), <c>refs</c> (the
/// commit of a branch) and <c>snapshots</c> (the files of a commit, links to blobs).
/// </summary>
internal sealed class HubCache(HubName name, HubSettings settings)
{
    /// <summary>The files with weights, in the order of preference.</summary>
    public static readonly string[] WeightFiles = ["model.safetensors", "pytorch_model.bin"];

    public const string ConfigFile = "config.json";

    /// <summary>The folder of the model.</summary>
    public string Folder { get; } = Path.Combine(settings.CacheFolder, $"models--{name.Owner}--{name.Model}");

    /// <summary>The folder of the revision's files; null if the revision was never downloaded.</summary>
    public string? Snapshot
    {
        get
        {
            string reference = Path.Combine(Folder, "refs", name.Revision);
            string commit = File.Exists(reference) ? File.ReadAllText(reference).Trim() : name.Revision;
            string folder = Path.Combine(Folder, "snapshots", commit);
            return IsPlain(commit) && Directory.Exists(folder) ? folder : null;
        }
    }

    /// <summary>The path of the weights; null if they were not downloaded yet.</summary>
    public string? Weights => Snapshot is { } folder ? WeightFiles.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) : null;

    /// <summary>A blob, named by the checksum of its content.</summary>
    public string Blob(string checksum) => Path.Combine(Folder, "blobs", checksum);

    /// <summary>Makes a blob a file of a commit.</summary>
    /// <returns>The path of the file.</returns>
    public string Link(string commit, string file, string checksum)
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "snapshots", commit)).FullName, file);
        string blob = Path.Combine("..", "..", "blobs", checksum);
        if (new FileInfo(path).LinkTarget == blob)
        {
            return path;
        }

        // Another process may read the old file, or make the same link.
        string temporary = Files.AtomicFile.TemporaryPath(path);
        try
        {
            File.CreateSymbolicLink(temporary, blob);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows needs a privilege for links.
            File.Copy(Blob(checksum), temporary);
        }

        Files.AtomicFile.Replace(path, temporary);
        return path;
    }

    /// <summary>Notes the commit of the revision.</summary>
    public void SetCommit(string commit)
    {
        if (commit != name.Revision)
        {
            string reference = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "refs")).FullName, name.Revision);
            Files.AtomicFile.Write(reference, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
        }
    }

    /// <summary>Whether a text from the server can be the name of a file.</summary>
    public static bool IsPlain(string text) =>
        text.Length is > 0 and <= 128 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}

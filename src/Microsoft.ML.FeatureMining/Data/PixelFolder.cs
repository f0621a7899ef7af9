namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// A folder of finished files of pixels, each under the name of what is in it. Processes that make the same file at once each write one of their own; the last one that is finished
/// stays, and whoever reads another one goes on reading that.
/// </summary>
internal sealed class PixelFolder(string path)
{
    /// <summary>How names of files end that are still being written.</summary>
    public const string Unfinished = ".tmp";

    private const string Finished = ".pixels";

    /// <summary>The file of that name; null where there is none, or none that is whole, which is told of.</summary>
    public FilePixels? Open(string name, int imageBytes, Action<string> notice)
    {
        string file = Path.Combine(path, name + Finished);
        try
        {
            return File.Exists(file) ? FilePixels.Open(file, imageBytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            notice($"The file of decoded images '{file}' cannot be used and is made anew. {e.Message}");
            return null;
        }
    }

    /// <exception cref="PixelFileException">The file cannot be made.</exception>
    public PixelFileWriter Create(string name, int imageBytes, long expectedBytes)
    {
        RemoveAbandoned();
        return new PixelFileWriter(path, name + Finished, imageBytes, expectedBytes);
    }

    // A process that was killed left its file; one that still writes holds a lock on it.
    private void RemoveAbandoned()
    {
        if (!Directory.Exists(path))
            return;
        foreach (string file in Directory.EnumerateFiles(path, "*" + Finished + ".*" + Unfinished))
        {
            try
            {
                using FileStream abandoned = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it, or has just removed it.
            }
        }
    }
}

using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;

namespace Samples;

/// <summary>Writes results.</summary>
internal static class OutputFile
{
    /// <inheritdoc cref="AtomicFile"/>
    public static void Write(string path, byte[] content) => AtomicFile.Write(path, stream => stream.Write(content));
}

/// <summary>Tries, before any work is done, whether results can be saved where the command line says.</summary>
internal static class OutputPath
{
    /// <summary>The option whose result is an image.</summary>
    public const string GridOption = "--grid";

    /// <summary>Checks that no result replaces another one, or a file that the verb reads.</summary>
    /// <param name="results">The files to write, by option; null where an option is not given.</param>
    /// <param name="read">The files that are read.</param>
    /// <exception cref="ArgumentException">Two of them are the same file.</exception>
    public static void KeepApart(ReadOnlySpan<(string Option, FileInfo? File)> results, params ReadOnlySpan<(string Option, FileInfo? File)> read)
    {
        Dictionary<string, string> taken = new(StringComparer.Ordinal);
        foreach ((string option, FileInfo? file) in read)
        {
            if (file is not null)
            {
                taken[Identity(file)] = option;
            }
        }

        foreach ((string option, FileInfo? file) in results)
        {
            if (file is not null && !taken.TryAdd(Identity(file), option))
            {
                throw new ArgumentException($"{option} and {taken[Identity(file)]} name the same file, '{file}'. Choose another one for {option}.");
            }
        }
    }

    /// <summary>The same text for all paths of a file, through links too.</summary>
    public static string Identity(FileSystemInfo file) => UnixFile.Of(file.FullName) is { } there ? $"{there.Identity}" : file.FullName;

    /// <summary>Creates the folder of a file, and tries to write there.</summary>
    /// <param name="option">The option that names the file, for errors.</param>
    /// <param name="file">The file; null if the option is not given.</param>
    /// <exception cref="ArgumentException">The path is that of a folder.</exception>
    /// <exception cref="IOException">The folder cannot be created or written, or the file cannot be replaced.</exception>
    public static void TryFile(string option, FileInfo? file)
    {
        if (file is null)
        {
            return;
        }

        if (Directory.Exists(file.FullName) || Path.EndsInDirectorySeparator(file.ToString()))
        {
            throw new ArgumentException($"{option}: '{file}' is a folder. Name a file, such as '{Path.Join(file.ToString(), "NAME")}'.");
        }

        if (file.Exists && option != GridOption && ImageExtensions.All.Contains(file.Extension))
        {
            throw new ArgumentException($"{option}: '{file}' is an image, which is not replaced. Choose another name.");
        }

        TryFolder(option, file.DirectoryName!);
        if (file is { Exists: true, IsReadOnly: true })
        {
            throw new IOException($"{option}: '{file}' cannot be replaced: it is read-only for this user. Choose another name.");
        }
    }

    /// <summary>Creates a folder, and tries to write there.</summary>
    /// <inheritdoc cref="TryFile"/>
    public static void TryFolder(string option, DirectoryInfo? folder)
    {
        if (folder is null)
        {
            return;
        }

        if (File.Exists(folder.FullName))
        {
            throw new ArgumentException($"{option}: '{folder}' is a file. Name a folder.");
        }

        TryFolder(option, folder.FullName);
    }

    private static void TryFolder(string option, string folder)
    {
        string probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(folder);
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{option}: nothing can be saved in '{folder}'. This user may not write there.", e);
        }
        catch (IOException e)
        {
            throw new IOException($"{option}: nothing can be saved in '{folder}'. {e.Message.Replace(probe, folder, StringComparison.Ordinal)}", e);
        }
    }
}

using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>Images in tar files that are given instead of image files.</summary>
internal static class TarImages
{
    private const string Prefix = "tar:";

    /// <summary>Whether a word of the command line is a tar file, an address of one or a pattern of several.</summary>
    public static bool IsTar(string word) => (word.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(word)) || IsAddress(word);

    /// <summary>Whether a word of the command line is an address, not a path.</summary>
    public static bool IsAddress(string word) => word.Contains("://", StringComparison.Ordinal);

    /// <summary>The images, with or without a label; a tar file that cannot be read is one entry, with the reason.</summary>
    public static IEnumerable<(string Path, string? Problem)> Find(MLContext ml, string word)
    {
        try
        {
            IDataView images = ml.Data.LoadImageTars(word, new ImageTarFormat { RequireLabels = false });
            return images.GetColumn<string>("ImagePath").Select(path => (path, (string?)null));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            return [(word, e.Message)];
        }
    }

    /// <summary>Whether a path is that of an image in a tar file.</summary>
    public static bool IsInTar(string path) => path.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The full path; of an image in a tar file, the path itself.</summary>
    public static string FullPath(string path) => IsInTar(path) ? path : Path.GetFullPath(path);

    /// <summary>The path as people know it: of an image in a tar file, the tar file and the name in it.</summary>
    public static string NameOf(string path) => IsInTar(path) && path.LastIndexOf('@') is > 0 and var end ? path[Prefix.Length..end] : path;

    /// <summary>The bytes of an image file, in a tar file or not; empty if it cannot be read, as LoadRawImageBytes gives it.</summary>
    public static byte[] ReadAny(string path)
    {
        try
        {
            return IsInTar(path) ? ImageTars.ReadImage(path) : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>A zip archive being read. Entries are unpacked into temporary files, so that loaders can seek in them.</summary>
internal sealed class RepositoryReader : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly string _temporaryFolder;

    private RepositoryReader(ZipArchive archive, string temporaryFolder)
    {
        _archive = archive;
        _temporaryFolder = temporaryFolder;
    }

    public static RepositoryReader Open(Stream stream, IHostEnvironment env)
        => new(new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true), (env as IHostEnvironmentInternal)?.TempFilePath ?? Path.GetTempPath());

    public Stream OpenEntryOrNull(string directory, string name)
    {
        ZipArchiveEntry entry = _archive.GetEntry(Path.Combine(directory ?? "", name));
        if (entry is null)
            return null;
        string path = Path.Combine(_temporaryFolder, Path.GetRandomFileName());
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);
        try
        {
            using (Stream packed = entry.Open())
                packed.CopyTo(file);
            file.Position = 0;
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _archive.Dispose();
}

using System.IO.Compression;

namespace Microsoft.ML;

/// <summary>A zip archive being written; the stream stays open.</summary>
internal sealed class RepositoryWriter : IDisposable
{
    private readonly ZipArchive _archive;

    private RepositoryWriter(ZipArchive archive) => _archive = archive;

    public static RepositoryWriter CreateNew(Stream stream) => new(new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true));

    public Stream CreateEntry(string directory, string name) => _archive.CreateEntry(Path.Combine(directory ?? "", name), CompressionLevel.Optimal).Open();

    public void Dispose() => _archive.Dispose();
}

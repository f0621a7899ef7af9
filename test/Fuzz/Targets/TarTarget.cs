using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.FeatureMining.Datasets;

namespace Fuzz.Targets;

/// <summary>The archive of CIFAR-10. The input is the tar inside the gzip.</summary>
internal sealed class TarTarget : FuzzTarget
{
    private const int RecordBytes = 3073;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"mlnetfm-fuzz-{Environment.ProcessId}.tar.gz");

    public override string Name => "tar";

    public override IEnumerable<byte[]> Seeds()
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            writer.WriteEntry(new GnuTarEntry(TarEntryType.Directory, "cifar-10-batches-bin/"));
            Add("batches.meta.txt", Utf8(string.Join('\n', Enumerable.Range(0, 10).Select(i => $"class {i}"))));
            Add("test_batch.bin", new byte[RecordBytes]);

            void Add(string name, byte[] bytes) =>
                writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, $"cifar-10-batches-bin/{name}") { DataStream = new MemoryStream(bytes) });
        }

        yield return stream.ToArray();
    }

    protected override void Read(byte[] input)
    {
        try
        {
            using (FileStream file = File.Create(_path))
            using (GZipStream zip = new(file, CompressionLevel.NoCompression))
            {
                zip.Write(input);
            }

            CifarArchive archive = new(CifarBinary.Cifar10, _path);
            archive.ReadLabelNames();
            foreach (CifarRecord record in archive.Read(DataPart.Test))
            {
                GC.KeepAlive(record);
            }
        }
        finally
        {
            File.Delete(_path);
        }
    }
}

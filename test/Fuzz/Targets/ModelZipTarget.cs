using System.IO.Compression;
using Microsoft.ML.FeatureMining.Models;

namespace Fuzz.Targets;

/// <summary>
/// A model that ML.NET saved, read without the other steps of its pipeline. The input is the number of an entry, then its content: damage to the zip itself
/// would be found before our code runs.
/// </summary>
internal sealed class ModelZipTarget() : FileTarget(".zip")
{
    public override string Name => "model-zip";

    private readonly (string Name, byte[] Bytes)[] _entries = [.. Goldens.SmallModelEntries()];

    public override IEnumerable<byte[]> Seeds() => _entries.Select((entry, i) => (byte[])[(byte)i, .. entry.Bytes]);

    protected override void ReadFile(string path)
    {
        byte[] input = File.ReadAllBytes(path);
        using (FileStream stream = File.Create(path))
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create))
        {
            for (int i = 0; i < _entries.Length; i++)
            {
                using Stream entry = zip.CreateEntry(_entries[i].Name, CompressionLevel.NoCompression).Open();
                entry.Write(input.Length > 0 && input[0] == i ? input.AsSpan(1) : _entries[i].Bytes);
            }
        }

        ModelZip.Read(path);
    }
}

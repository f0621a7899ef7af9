using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>A model whose weights are small in the zip, and far too large outside.</summary>
internal static class ZipBomb
{
    /// <summary>Replaces the weights of a saved model by one tensor of zeros.</summary>
    /// <param name="file">The zip of the model.</param>
    /// <param name="bytes">The length of the tensor that the header declares.</param>
    public static void Make(string file, long bytes)
    {
        using ZipArchive zip = ZipFile.Open(file, ZipArchiveMode.Update);
        ZipArchiveEntry entry = zip.Entries.Single(entry => entry.FullName.EndsWith("weights.safetensors", StringComparison.Ordinal));
        (string name, byte[] header) = (
            entry.FullName,
            Encoding.UTF8.GetBytes($$$"""{"a":{"dtype":"F32","shape":[{{{bytes / 4}}}],"data_offsets":[0,{{{bytes}}}]}}""")
        );
        entry.Delete();
        using Stream weights = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
        weights.Write(BitConverter.GetBytes((long)header.Length));
        weights.Write(header);
        // Only smaller files are as long as the header declares, to save time; the file is rejected before the length matters.
        byte[] zeros = new byte[1 << 20];
        for (long written = 0; written < Math.Min(bytes, 300_000_000); written += zeros.Length)
        {
            weights.Write(zeros);
        }
    }
}

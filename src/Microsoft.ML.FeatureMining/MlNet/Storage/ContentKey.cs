using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>A name for the decoded images of a data view that only the same rows, decoded in the same way, have. Nothing is decoded for it.</summary>
internal static class ContentKey
{
    private const int NameBytes = 16;

    public static string Of(LabeledRowReader reader, IDataView rows)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Another build of the library may decode otherwise.
        hash.AppendData(Encoding.UTF8.GetBytes($"{reader.Image.Description} {ImageCodec.Name} {typeof(ContentKey).Module.ModuleVersionId}"));
        byte[] label = new byte[sizeof(int)];
        foreach (LabeledRow[] chunk in reader.ReadChunks(rows))
        {
            var contents = new byte[chunk.Length][];
            Parallel.For(0, chunk.Length, i => contents[i] = chunk[i].Image.ContentHash());
            foreach ((LabeledRow row, byte[] content) in chunk.Zip(contents))
            {
                BinaryPrimitives.WriteInt32LittleEndian(label, row.Label);
                hash.AppendData(label);
                hash.AppendData(content);
            }
        }
        return "images-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }
}

using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>Pixels that are decoded from files, each time and in any order.</summary>
internal sealed class StreamedFiles(StreamedImages images, RowImage[] files) : PixelStore
{
    public override int Count => images.Count;

    public override ulong Checksum(int row) => images.Checksum(row);

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) =>
        batches.Select(rows => images.Decode(rows, Array.ConvertAll(rows, row => files[row]), Memory));
}

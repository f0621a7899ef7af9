using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>The rows of a data view as the engine takes them.</summary>
/// <param name="Images">The rows that can be used.</param>
/// <param name="HeldOut">The rows held out for validation; null where none were to be.</param>
/// <param name="Ledger">What became of all rows.</param>
/// <param name="Stores">Where the pixels lie, to be disposed of when nobody reads them any more.</param>
internal sealed record LabeledImages(ImageSet Images, ImageSet? HeldOut, RowLedger Ledger, IReadOnlyList<PixelStore> Stores) : IDisposable
{
    /// <summary>The bytes that it keeps in memory.</summary>
    public long MemoryBytes => Stores.OfType<MemoryPixels>().Sum(pixels => pixels.Bytes);

    public void Dispose()
    {
        foreach (PixelStore store in Stores)
            store.Dispose();
    }
}

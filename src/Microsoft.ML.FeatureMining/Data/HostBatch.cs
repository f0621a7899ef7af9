namespace Microsoft.ML.FeatureMining.Data;

/// <summary>One batch in managed memory, as the loader made it: raw pixels of Count images, one after another, and their classes.</summary>
internal sealed record HostBatch(byte[] Pixels, long[] Labels)
{
    public int Count => Labels.Length;
}

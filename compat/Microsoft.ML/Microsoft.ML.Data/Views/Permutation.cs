namespace Microsoft.ML.Data;

/// <summary>Random orders.</summary>
internal static class Permutation
{
    public static int[] Of(int count, Random rand)
    {
        int[] places = [.. Enumerable.Range(0, count)];
        rand.Shuffle(places);
        return places;
    }
}

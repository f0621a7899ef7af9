using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>A box on a map of features or pixels; right and bottom are exclusive, and the box may be empty.</summary>
internal readonly record struct BoundingBox(int Left, int Top, int Right, int Bottom)
{
    /// <summary>
    /// The box of CutMix and of equation 1 of Feature Mining: lambda ~ U(0,1), w = W sqrt(1 - lambda), h = H sqrt(1 - lambda), centre uniform, clipped to the map.
    /// Half sizes are rounded down, as the CutMix authors' code does, so small boxes on small maps can be empty.
    /// </summary>
    public static BoundingBox Draw(int width, int height, RandomStream random) => Draw(width, height, random.NextDouble(), random);

    /// <summary>The same for a given lambda.</summary>
    public static BoundingBox Draw(int width, int height, double lambda, RandomStream random)
    {
        double side = Math.Sqrt(1 - lambda);
        int halfWidth = (int)(width * side) / 2;
        int halfHeight = (int)(height * side) / 2;
        int centreX = random.NextInt(width);
        int centreY = random.NextInt(height);
        return new BoundingBox(
            Math.Max(centreX - halfWidth, 0), Math.Max(centreY - halfHeight, 0),
            Math.Min(centreX + halfWidth, width), Math.Min(centreY + halfHeight, height));
    }

    public int Area => (Right - Left) * (Bottom - Top);

    public bool Contains(int x, int y) => x >= Left && x < Right && y >= Top && y < Bottom;
}

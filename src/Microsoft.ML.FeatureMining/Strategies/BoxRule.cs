using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// How Feature Mining rounds and clips the box of equation 1 to a feature map of width W and height H. The equation gives the sides W sqrt(1 - lambda) and
/// H sqrt(1 - lambda) with lambda ~ U(0,1), so that the box covers a fraction 1 - lambda of the map, 0.5 on average, and draws the box "as CutMix". It does
/// not state how the box is rounded, nor what happens at the border.
/// </summary>
public enum BoxRule
{
    /// <summary>
    /// As in the CutMix authors' code: half of each side is rounded down, the center is a whole position, and the box is clipped to the map. Boxes are smaller
    /// than in the equation, most of all on small maps: on average they cover 0.28 of a 16x16 map, 0.23 of 8x8, 0.14 of 4x4 and nothing of 2x2. 6 % of the
    /// boxes on 8x8 and 25 % of those on 4x4 are empty.
    /// </summary>
    CutMix,

    /// <summary>
    /// The center is any point of the map, not only a whole position. The edges are clipped to the map and rounded to the nearest position. After clipping,
    /// boxes cover 0.32 of the map on average; 1 % of the boxes on 8x8 are empty, 3 % of those on 4x4.
    /// </summary>
    Rounded,

    /// <summary>
    /// The whole box is on the map. Each side is rounded up or down at random, with probabilities that keep its mean, so that the box covers a fraction
    /// 1 - lambda on average for each lambda, and 0.5 of every map. Some boxes are empty or fill the map: 9 % on 8x8, 19 % on 4x4, 42 % on 2x2.
    /// </summary>
    Inside,

    /// <summary>
    /// As <see cref="Inside"/>, but neither part is empty: each side has at least one position, and a box that fills the map loses its last row or column.
    /// Needs a map of at least two positions.
    /// </summary>
    InsideProper,
}

/// <summary>Draws the boxes of the rules.</summary>
internal static class RandomBox
{
    /// <summary>A box on a map of that size.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="width">W.</param>
    /// <param name="height">H.</param>
    /// <param name="lambda">The fraction of the map outside the box in equation 1, in [0, 1].</param>
    /// <param name="random">Draws the position, and how sides are rounded.</param>
    public static PixelBox Draw(BoxRule rule, int width, int height, double lambda, RandomStream random)
    {
        double side = Math.Sqrt(1 - lambda);
        switch (rule)
        {
            case BoxRule.CutMix:
                return CutMix.DrawBox(width, height, lambda, random);
            case BoxRule.Rounded:
                (int left, int right) = ClippedEdges(width, side, random);
                (int top, int bottom) = ClippedEdges(height, side, random);
                return new PixelBox(top, left, bottom - top, right - left);
            default:
                (int columns, int rows) = (RoundAtRandom(width * side, random), RoundAtRandom(height * side, random));
                if (rule == BoxRule.InsideProper)
                {
                    (columns, rows) = NeitherEmptyNorFull(columns, rows, width, height, random);
                }

                return new PixelBox(random.NextInt(height - rows + 1), random.NextInt(width - columns + 1), rows, columns);
        }
    }

    private static (int From, int To) ClippedEdges(int size, double side, RandomStream random)
    {
        double center = size * random.NextDouble();
        return (Round(center - size * side / 2), Round(center + size * side / 2));

        int Round(double edge) => (int)Math.Round(Math.Clamp(edge, 0, size), MidpointRounding.AwayFromZero);
    }

    private static int RoundAtRandom(double length, RandomStream random) => (int)(length + random.NextDouble());

    // A map of one row can only lose a column, and the other way round.
    private static (int Columns, int Rows) NeitherEmptyNorFull(int columns, int rows, int width, int height, RandomStream random)
    {
        (columns, rows) = (Math.Max(columns, 1), Math.Max(rows, 1));
        if (columns < width || rows < height)
        {
            return (columns, rows);
        }

        bool loseColumn = width > 1 && (height == 1 || random.NextDouble() < 0.5);
        return (loseColumn ? width - 1 : width, loseColumn || height == 1 ? height : height - 1);
    }
}
